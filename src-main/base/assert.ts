/**
 * Thrown when our own code broke a promise. Nobody catches it to go on: the process dies and recovery does what it does after any crash.
 */
export class AssertionFailed extends Error {
  override readonly name = 'AssertionFailed'
}

/** Names an invariant. `message` says what must hold; give a function when building the sentence would cost on a hot path. */
export function assert(condition: unknown, message: string | (() => string)): asserts condition {
  if (!condition) throw new AssertionFailed(typeof message === 'string' ? message : message())
}

/** For the end of a `switch` over a union: the compiler objects when a case is missing, and so does the running program. */
export function unreachable(value: never): never {
  throw new AssertionFailed(`there is no case for ${JSON.stringify(value)}`)
}
