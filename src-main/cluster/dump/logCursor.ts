import { baseOffset, isControl, isTransactional, lastOffset, maxTimestamp, producerId, recordCount } from '../../protocol/records/batch.ts'
import { decodeControlRecord } from '../../protocol/messages/controlRecords.ts'
import { MalformedMessage } from '../../protocol/byteReader.ts'
import { iterateRecords } from '../../protocol/records/record.ts'
import { scanBatches, type ScannedBatch } from './batchScan.ts'
import type { ReadableFile } from './items.ts'

/** A marker is a record of a few bytes. */
const MARKER_BYTES = 1024

/** Walks a log beside an index of it, batch by batch and never back, so that both are read once whatever their size. */
export class LogCursor {
  readonly #scan: ReturnType<typeof scanBatches>
  #batches: readonly ScannedBatch[] = []
  #index = -1
  /** Of the batches before the current one; -1 before the first. */
  largestTimestamp = -1

  constructor(log: ReadableFile) {
    this.#scan = scanBatches(log)
  }

  /** The current batch; undefined before the first and behind the last. */
  get batch(): ScannedBatch | undefined {
    return this.#batches[this.#index]
  }

  get position(): number {
    return this.batch?.position ?? -1
  }

  get baseOffset(): number {
    return this.batch === undefined ? NaN : baseOffset(this.batch.bytes)
  }

  get lastOffset(): number {
    return this.batch === undefined ? NaN : lastOffset(this.batch.bytes)
  }

  get maxTimestamp(): number {
    return this.batch === undefined ? NaN : maxTimestamp(this.batch.bytes)
  }

  /** Moves on as long as there is a batch of which `isBefore` is true. */
  async skip(isBefore: (cursor: LogCursor) => boolean, visit?: (batch: Buffer) => void): Promise<void> {
    if (this.#index === -1) await this.#next()
    while (this.batch !== undefined && isBefore(this)) {
      visit?.(this.batch.bytes)
      if (this.maxTimestamp > this.largestTimestamp) this.largestTimestamp = this.maxTimestamp
      if (this.#index + 1 < this.#batches.length) this.#index += 1
      else await this.#next()
    }
  }

  async #next(): Promise<void> {
    const { done, value } = await this.#scan.next()
    this.#batches = done ? [] : value
    this.#index = 0
  }

  async close(): Promise<void> {
    await this.#scan.return(undefined)
  }
}

/** What a batch does to the transaction of its producer. */
export function transactionStepOf(
  batch: Buffer,
):
  | { readonly type: 'data' | 'abort' | 'commit'; readonly producerId: number; readonly firstOffset: number; readonly lastOffset: number }
  | undefined {
  if (!isTransactional(batch)) return undefined
  const step = { producerId: producerId(batch), firstOffset: baseOffset(batch), lastOffset: lastOffset(batch) }
  // What compaction has emptied no longer tells of data.
  if (!isControl(batch)) return recordCount(batch) > 0 ? { type: 'data', ...step } : undefined
  const type = markerOf(batch)
  return type && { type, ...step }
}

function markerOf(batch: Buffer): 'abort' | 'commit' | undefined {
  try {
    for (const { key, value } of iterateRecords(batch, 0, MARKER_BYTES)) {
      const type = key === null ? undefined : decodeControlRecord(key, value).type
      if (type === 'abort' || type === 'commit') return type
    }
  } catch (problem) {
    if (!(problem instanceof MalformedMessage)) throw problem // the dump of the log itself tells
  }
  return undefined
}
