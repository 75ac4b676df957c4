import { join } from 'node:path'
import type { ReplicaFiles, SegmentFile } from '../../contract/segments.ts'
import { baseOffset, lastOffset, partitionLeaderEpoch } from '../../protocol/records/batch.ts'
import type { ReadableFiles } from '../dump/items.ts'
import { batchBefore, walkLog } from './logWalk.ts'
import { openLog } from './openLog.ts'

/** A batch of one replica, with its place. */
export interface PlacedBatch {
  readonly file: string
  readonly position: number
  readonly sizeBytes: number
  readonly baseOffset: number
  readonly lastOffset: number
  readonly leaderEpoch: number
  readonly bytes: Buffer
}

/** Goes through the batches of a replica from an offset on, over all its segments. What is no batch is stepped over. */
export class ReplicaCursor {
  readonly brokerId: number
  readonly logStartOffset: number
  /** All that it will read, about. */
  readonly totalBytes: number
  readBytes = 0
  /** Undefined behind the last. */
  batch: PlacedBatch | undefined
  readonly #batches: AsyncGenerator<PlacedBatch, void, undefined>

  constructor(files: ReadableFiles, replica: ReplicaFiles, from: number) {
    const logs = replica.files.filter(({ kind, suffix }) => kind === 'log' && suffix === '')
    const first = Math.max(
      0,
      logs.findLastIndex(({ offset }) => offset !== null && offset <= from),
    )
    const wanted = logs.slice(first)
    this.brokerId = replica.brokerId
    this.logStartOffset = replica.logStartOffset ?? 0
    this.totalBytes = wanted.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    this.#batches = this.#walk(files, { folder: replica.folder ?? '', logs: wanted, from: Math.max(from, this.logStartOffset) })
  }

  async next(): Promise<void> {
    const { value } = await this.#batches.next()
    this.batch = value ?? undefined
  }

  async close(): Promise<void> {
    await this.#batches.return()
  }

  async *#walk(files: ReadableFiles, { folder, logs, from }: { folder: string; logs: readonly SegmentFile[]; from: number }) {
    for (const { name, offset } of logs) {
      await using log = await openLog(files, join(folder, name), offset ?? 0)
      const begin = await batchBefore(log, { offset: from })
      this.readBytes += begin
      for await (const each of walkLog(log, begin)) {
        this.readBytes += each.sizeBytes
        if (each.kind === 'broken' || lastOffset(each.header) < from) continue
        const bytes = await log.window.read(each.position, each.sizeBytes)
        if (bytes.length < each.sizeBytes) return // cut off meanwhile
        yield {
          file: name,
          position: each.position,
          sizeBytes: each.sizeBytes,
          baseOffset: baseOffset(bytes),
          lastOffset: lastOffset(bytes),
          leaderEpoch: partitionLeaderEpoch(bytes),
          bytes,
        }
      }
    }
  }
}
