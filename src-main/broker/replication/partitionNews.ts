import type { LogFields, Logger } from '../../base/logger.ts'
import type { Clock } from '../../env/env.ts'

const IN_FULL = 10
const WITHIN_MS = 1_000

/**
 * Logs what happens to partitions. What happens to thousands of them at once, such as when a broker dies, is told of the first ones, and of the others
 * how many there were: a line for each would cost more than what it tells of.
 */
export class PartitionNews {
  readonly #clock: Pick<Clock, 'after'>
  readonly #logger: Logger
  /** How often each thing happened lately. */
  readonly #counts = new Map<string, number>()

  constructor(clock: Pick<Clock, 'after'>, logger: Logger) {
    this.#clock = clock
    this.#logger = logger
  }

  tell(what: string, partition: string, fields: LogFields): void {
    const count = (this.#counts.get(what) ?? 0) + 1
    this.#counts.set(what, count)
    if (count <= IN_FULL) this.#logger.info(`${what} ${partition}`, fields)
    if (count === 1) this.#clock.after(WITHIN_MS, () => this.#sum(what))
  }

  #sum(what: string): void {
    const more = (this.#counts.get(what) ?? 0) - IN_FULL
    this.#counts.delete(what)
    if (more > 0) this.#logger.info(`${what} ${more} more partitions`)
  }
}
