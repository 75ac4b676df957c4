import type { ErrorName } from '../../protocol/errors.ts'
import type { CoordinatorLog } from '../coordinators/coordinatorLog.ts'
import type { Partition } from './partition.ts'

const READ_BYTES = 1024 * 1024
/** Base offset and batch length: what stands before the bytes that the length counts. */
const BATCH_OVERHEAD = 12

/** A partition that this broker leads in one epoch, as the coordinator that keeps its state in it sees it. */
export class PartitionCoordinatorLog implements CoordinatorLog {
  readonly leaderEpoch: number
  readonly #partition: Partition

  constructor(partition: Partition, leaderEpoch: number) {
    this.#partition = partition
    this.leaderEpoch = leaderEpoch
  }

  append(batch: Buffer): Promise<{ readonly error: ErrorName }> {
    const appended = this.#partition.append(batch, { acks: -1, origin: 'coordinator', leaderEpoch: this.leaderEpoch })
    if (appended.error !== 'NONE') return Promise.resolve({ error: appended.error })
    return this.#committedUpTo(appended.lastOffset + 1)
  }

  committed(): Promise<{ readonly error: ErrorName }> {
    const error = this.refusal()
    if (error !== 'NONE' && error !== 'NOT_ENOUGH_REPLICAS') return Promise.resolve({ error })
    // Appended and not yet written records count too: they were decided before.
    return this.#committedUpTo(this.#partition.appendedEndOffset)
  }

  #committedUpTo(offset: number): Promise<{ readonly error: ErrorName }> {
    return new Promise(resolve => {
      this.#partition.whenCommitted(offset, error => resolve({ error }))
    })
  }

  refusal(): ErrorName {
    if (this.#partition.leaderEpoch !== this.leaderEpoch)
      return this.#partition.isOffline ? 'KAFKA_STORAGE_ERROR' : 'NOT_LEADER_OR_FOLLOWER'
    return this.#partition.appendRefusal()
  }

  async readAll(visit: (batch: Buffer) => void): Promise<void> {
    const { log } = this.#partition
    if (log === undefined) throw new Error(`${this.#partition.name} has no log`)
    const end = log.logEndOffset
    for (let from = log.logStartOffset; from < end;) {
      const read = await log.read(from, { maxBytes: READ_BYTES, upTo: end, atLeastOneBatch: true })
      if (read.error !== 'NONE') throw new Error(`reading ${this.#partition.name} from ${from} failed: ${read.error}`)
      if (read.records.length === 0) return // nothing but gaps up to the end
      for (const { batch, nextOffset } of wholeBatches(read.records)) {
        if (nextOffset > from) visit(batch)
        from = Math.max(from, nextOffset)
      }
    }
  }
}

function* wholeBatches(records: Buffer): Generator<{ batch: Buffer; nextOffset: number }> {
  for (let at = 0; at + BATCH_OVERHEAD <= records.length;) {
    const end = at + BATCH_OVERHEAD + records.readInt32BE(at + 8)
    if (end > records.length) return
    const lastOffsetDelta = records.readInt32BE(at + 23)
    yield { batch: records.subarray(at, end), nextOffset: Number(records.readBigInt64BE(at)) + lastOffsetDelta + 1 }
    at = end
  }
}
