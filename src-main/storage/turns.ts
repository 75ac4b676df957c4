import { isOutOfSpace } from './outOfSpace.ts'

/**
 * Who may change a log's files, one after the other in the order they asked, and what goes on beside them. The first failure is the last thing that
 * happens: whoever waits hears of it, and nobody gets a turn any more. Only a full disk is no failure: who meets it leaves things as they were.
 */
export class Turns {
  #queue: Promise<unknown> = Promise.resolve()
  /** Made for the first. */
  #beside: Set<Promise<void>> | undefined
  #failure: Error | undefined
  readonly #failed: (failure: Error) => void

  /** `failed` is called once. */
  constructor(failed: (failure: Error) => void) {
    this.#failed = failed
  }

  get failure(): Error | undefined {
    return this.#failure
  }

  /** Resolves with what `act` came to, once all turns before it are over. */
  take<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(async () => {
      if (this.#failure !== undefined) throw this.#failure
      try {
        return await act()
      } catch (problem) {
        throw isOutOfSpace(problem) ? problem : this.fail(problem as Error)
      }
    })
    this.#queue = turn.catch(() => undefined) // the caller hears of it; the next turn is another's
    return turn
  }

  /** Begins something at once that goes on beside the turns, and must not wait for one. On a full disk it is left undone. */
  beside(act: () => Promise<void>): void {
    this.alongside(act).catch(() => undefined) // told as the failure, if it is one
  }

  /** As `beside`, for whoever has to know what came of it. */
  async alongside(act: () => Promise<void>): Promise<void> {
    const running = act().catch((problem: unknown) => {
      throw isOutOfSpace(problem) ? problem : this.fail(problem as Error)
    })
    const over = running.catch(() => undefined).finally(() => this.#beside?.delete(over))
    ;(this.#beside ??= new Set()).add(over)
    return running
  }

  /** In a turn: waits until nothing goes on beside it. */
  async alone(): Promise<void> {
    await Promise.all([...(this.#beside ?? [])])
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Waits for what goes on, whatever comes of it. */
  async idle(): Promise<void> {
    await this.#queue
    await Promise.all([...(this.#beside ?? [])])
  }

  /** Answers the failure that counts: the first. */
  fail(problem: Error): Error {
    if (this.#failure !== undefined) return this.#failure
    this.#failure = problem
    this.#failed(problem)
    return problem
  }
}
