import { assert } from '../base/assert.ts'
import type { QuorumLog } from './quorumLog.ts'
import { type CommittedBatch, committedBatches, endOfBatches } from './records.ts'

const READ_BYTES = 1_048_576

/** Reads what is committed, from the first record on or from where a snapshot ends, and hands it over in order and once. */
export class CommittedLog {
  /** All below was handed over. */
  deliveredOffset = 0
  readonly #log: Pick<QuorumLog, 'read'>
  readonly #deliver: (batch: CommittedBatch, sizeInBytes: number) => void
  readonly #onDelivered: (offset: number) => void
  readonly #onFailure: (cause: unknown) => void
  #highWatermark = 0
  #reading: Promise<void> | undefined
  #isStopped = false
  #isReplacing = false

  constructor(
    log: Pick<QuorumLog, 'read'>,
    {
      deliver,
      onDelivered,
      onFailure,
    }: {
      readonly deliver: (batch: CommittedBatch, sizeInBytes: number) => void
      /** All below the offset was delivered, control records counted. */
      readonly onDelivered: (offset: number) => void
      readonly onFailure: (cause: unknown) => void
    },
  ) {
    this.#log = log
    this.#deliver = deliver
    this.#onDelivered = onDelivered
    this.#onFailure = onFailure
  }

  advance(highWatermark: number): void {
    this.#highWatermark = Math.max(highWatermark, this.#highWatermark)
    if (this.#isReplacing) return
    this.#reading ??= this.#read()
      .catch(this.#onFailure)
      .finally(() => {
        this.#reading = undefined
      })
  }

  /** All below `endOffset` is handed over in another form, by `replace`, while which nothing is read. What comes behind it comes as ever. */
  async skipTo(endOffset: number, replace: () => Promise<void> | void): Promise<void> {
    this.#isReplacing = true
    try {
      await this.#reading
      await replace()
      this.deliveredOffset = endOffset
    } finally {
      this.#isReplacing = false
    }
    this.advance(endOffset)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#reading
  }

  async #read(): Promise<void> {
    while (!this.#isStopped && !this.#isReplacing && this.deliveredOffset < this.#highWatermark) {
      const upTo = this.#highWatermark
      const read = await this.#log.read(this.deliveredOffset, { maxBytes: READ_BYTES, upTo, atLeastOneBatch: true })
      if (this.#isStopped) return
      if (read.error !== 'NONE') throw new Error(`the metadata log cannot be read at offset ${this.deliveredOffset}: ${read.error}`)
      const end = endOfBatches(read.records)
      assert(end !== undefined && end <= upTo, () => `committed batches end at the high watermark or below: ${end} of ${upTo}`)
      for (const batch of committedBatches(read.records)) {
        if (batch.baseOffset >= this.deliveredOffset) this.#deliver(batch, batch.sizeInBytes)
      }
      this.deliveredOffset = end
      this.#onDelivered(end)
    }
  }
}
