import { loggerTo, type Logger, type LogLevel } from '../base/logger.ts'

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

/**
 * One line of JSON for each message: `level`, `time` (ms since 1970), `msg`, and the fields beside them, of which none may take the place of those
 * three. What is less urgent than `least` is not written.
 * Forty lines instead of a logging library, which would cost each broker more memory than its metadata.
 */
export function jsonLogger(now: () => number, least: LogLevel, write: (line: string) => void): Logger {
  return loggerTo((level, msg, fields) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return
    const head = { level, time: now(), msg }
    write(`${textOf({ ...head, ...fields, ...head })}\n`)
  })
}

/** A logger never throws: what cannot be written, such as a circle, is left out and named. */
function textOf({ level, time, msg, ...fields }: Record<string, unknown>): string {
  try {
    return JSON.stringify({ level, time, msg, ...fields }, readable)
  } catch (error) {
    return JSON.stringify({ level, time, msg, unwritable: `${Object.keys(fields).join(', ')}: ${String(error)}` })
  }
}

/** Errors have no enumerable properties, and would be written as `{}`. */
function readable(_key: string, value: unknown): unknown {
  if (value instanceof Error) return describeError(value)
  return typeof value === 'bigint' ? String(value) : value
}

/** An error and what caused it, as one text; with the stack where it is a bug of ours rather than the world's doing. */
export function describeError(error: Error): string {
  const isBug =
    error.name === 'AssertionFailed' || error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError
  const own = isBug && error.stack !== undefined ? error.stack : `${error.name}: ${error.message}`
  const causes: unknown[] = error instanceof AggregateError ? error.errors : [error.cause]
  const because = causes.filter(cause => cause instanceof Error).map(describeError)
  return because.length > 0 ? `${own}; because of ${because.join(' and ')}` : own
}
