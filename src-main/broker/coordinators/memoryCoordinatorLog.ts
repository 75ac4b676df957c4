/** For tests: a partition in memory whose replication, failures and change of leader a test decides. */
import type { Clock } from '../../env/env.ts'
import type { ErrorName } from '../../protocol/errors.ts'
import { recordCount, setBaseOffset } from '../../protocol/records/batch.ts'
import type { CoordinatorLog } from './coordinatorLog.ts'

interface Stored {
  readonly batch: Buffer
  readonly endOffset: number
}

interface Waiting {
  readonly upTo: number
  readonly resolve: (outcome: { readonly error: ErrorName }) => void
}

export class MemoryCoordinatorLog implements CoordinatorLog {
  readonly leaderEpoch: number
  /** From append to commit. */
  commitDelayMs = 2
  /** While false, followers do not answer: the high watermark stays. */
  isReplicating = true
  /** Why the next appends are refused; `refusal` says so beforehand unless `isSudden`. */
  refuses: ErrorName = 'NONE'
  isSudden = false
  reads = 0
  highWatermark = 0
  readonly #clock: Clock
  readonly #stored: Stored[]
  #waiting: Waiting[] = []
  #isOver = false

  constructor(clock: Clock, leaderEpoch = 0, stored: readonly Stored[] = []) {
    this.#clock = clock
    this.leaderEpoch = leaderEpoch
    this.#stored = [...stored]
  }

  get logEndOffset(): number {
    return this.#stored.at(-1)?.endOffset ?? 0
  }

  get batches(): readonly Buffer[] {
    return this.#stored.map(({ batch }) => batch)
  }

  append(batch: Buffer): Promise<{ readonly error: ErrorName }> {
    if (this.#isOver) return Promise.resolve({ error: 'NOT_LEADER_OR_FOLLOWER' })
    if (this.refuses !== 'NONE') return Promise.resolve({ error: this.refuses })
    const copy = Buffer.from(batch)
    setBaseOffset(copy, 0, this.logEndOffset)
    this.#stored.push({ batch: copy, endOffset: this.logEndOffset + recordCount(copy) })
    return this.committed()
  }

  committed(): Promise<{ readonly error: ErrorName }> {
    if (this.#isOver) return Promise.resolve({ error: 'NOT_LEADER_OR_FOLLOWER' })
    const upTo = this.logEndOffset
    if (this.highWatermark >= upTo) return Promise.resolve({ error: 'NONE' })
    return new Promise(resolve => {
      this.#waiting.push({ upTo, resolve })
      this.#clock.after(this.commitDelayMs, () => this.#replicated(upTo))
    })
  }

  refusal(): ErrorName {
    if (this.#isOver) return 'NOT_LEADER_OR_FOLLOWER'
    return this.isSudden ? 'NONE' : this.refuses
  }

  async readAll(visit: (batch: Buffer) => void): Promise<void> {
    this.reads++
    const stored = [...this.#stored]
    await new Promise<void>(resolve => {
      this.#clock.after(1, resolve)
    })
    for (const { batch } of stored) visit(batch)
  }

  /** Followers are back. */
  replicate(): void {
    this.isReplicating = true
    this.#replicated(this.logEndOffset)
  }

  /** The same partition under its next leader, who may lack the newest batches that were never committed. */
  successor({ lost = 0 }: { readonly lost?: number } = {}): MemoryCoordinatorLog {
    this.#isOver = true
    for (const { resolve } of this.#waiting.splice(0)) resolve({ error: 'NOT_LEADER_OR_FOLLOWER' })
    const committed = this.#stored.filter(({ endOffset }) => endOffset <= this.highWatermark).length
    const kept = this.#stored.slice(0, Math.max(committed, this.#stored.length - lost))
    const next = new MemoryCoordinatorLog(this.#clock, this.leaderEpoch + 1, kept)
    next.highWatermark = this.highWatermark
    next.commitDelayMs = this.commitDelayMs
    return next
  }

  #replicated(upTo: number): void {
    if (this.#isOver || !this.isReplicating) return
    this.highWatermark = Math.max(this.highWatermark, upTo)
    const isDone = (each: Waiting) => each.upTo <= this.highWatermark
    const done = this.#waiting.filter(isDone)
    this.#waiting = this.#waiting.filter(each => !isDone(each))
    for (const { resolve } of done) resolve({ error: 'NONE' })
  }
}
