import { MalformedMessage } from '../protocol/byteReader.ts'
import { baseOffset, batchesIn, type BatchHeader, isControl, isIntact, nextOffset, readBatchHeader } from '../protocol/records/batch.ts'
import { decodeRecords, type LogRecord } from '../protocol/records/record.ts'
import { KafkaError } from './kafkaError.ts'

/** What a batch may unfold to. Brokers take batches of about a megabyte unless told otherwise. */
const MAX_BATCH_BYTES = 128 * 1024 * 1024
/** What an object takes beside its bytes, roughly. */
const RECORD_OVERHEAD_BYTES = 160

/** A batch that was fetched, and the offsets for which it is the answer: those it spans, and those missing right before it. */
export class FetchedBatch {
  readonly from: number
  /** The offset behind it. */
  readonly next: number
  readonly #bytes: Buffer
  readonly #at: number
  #header: BatchHeader | undefined
  #records: readonly LogRecord[] | undefined
  #decodedBytes = 0

  constructor(bytes: Buffer, at: number, from: number) {
    this.#bytes = bytes
    this.#at = at
    this.from = Math.min(from, baseOffset(bytes, at))
    this.next = nextOffset(bytes, at)
  }

  get header(): BatchHeader {
    return (this.#header ??= readBatchHeader(this.#bytes, this.#at))
  }

  /** In offset order; transaction markers and other control records are no messages. Throws CORRUPT_MESSAGE. */
  get records(): readonly LogRecord[] {
    return (this.#records ??= isControl(this.#bytes, this.#at) ? [] : orCorrupt(() => this.#decode()))
  }

  /** What decoding it took. */
  get decodedBytes(): number {
    return this.#decodedBytes
  }

  #decode(): readonly LogRecord[] {
    if (!isIntact(this.#bytes, this.#at)) throw new KafkaError('CORRUPT_MESSAGE', undefined, { isFinal: true })
    const records = decodeRecords(this.#bytes, this.#at, MAX_BATCH_BYTES)
    for (const { key, value } of records) this.#decodedBytes += (key?.length ?? 0) + (value?.length ?? 0) + RECORD_OVERHEAD_BYTES
    return records
  }
}

/** What one fetch brought of one partition, in memory of its own: whole batches that answer for [from, next). */
export class FetchedRecords {
  readonly from: number
  readonly next: number
  readonly batches: readonly FetchedBatch[]
  readonly #bytes: number

  /** `offset` is what was asked for; a batch that is cut off at the end is left out. Throws CORRUPT_MESSAGE. */
  constructor(records: Buffer, offset: number) {
    this.batches = orCorrupt(() => wholeBatches(Buffer.from(records), offset))
    this.from = this.batches[0]?.from ?? offset
    this.next = this.batches.at(-1)?.next ?? offset
    this.#bytes = records.length
  }

  /** Bytes it keeps in memory. Grows when its batches are decoded. */
  get weight(): number {
    let weight = this.#bytes
    for (const { decodedBytes } of this.batches) weight += decodedBytes
    return weight
  }
}

function wholeBatches(bytes: Buffer, offset: number): FetchedBatch[] {
  const batches: FetchedBatch[] = []
  let from = offset
  for (const at of batchesIn(bytes)) {
    if (nextOffset(bytes, at) <= from) continue
    const batch = new FetchedBatch(bytes, at, from)
    batches.push(batch)
    from = batch.next
  }
  return batches
}

function orCorrupt<T>(read: () => T): T {
  try {
    return read()
  } catch (problem) {
    if (!(problem instanceof MalformedMessage)) throw problem
    throw new KafkaError('CORRUPT_MESSAGE', problem.message, { cause: problem, isFinal: true })
  }
}

const CAPACITY_BYTES = 32 * 1024 * 1024
/** Records below the high watermark do not change, except when they are lost: which is what somebody here may be looking for. */
const MAX_AGE_MS = 10_000

interface Cached {
  readonly log: string
  readonly fetched: FetchedRecords
  readonly untilElapsed: number
}

/** What was fetched last, so that scrolling inside a batch, or opening one of its records, asks nobody. */
export class FetchedRecordsCache {
  readonly #elapsed: () => number
  /** From the stalest to the freshest: some dozens. */
  readonly #used = new Set<Cached>()

  constructor(elapsed: () => number) {
    this.#elapsed = elapsed
  }

  /** What answers for this offset of a log. */
  find(log: string, offset: number): FetchedRecords | undefined {
    for (const cached of this.#used) {
      const { fetched } = cached
      if (cached.log !== log || offset < fetched.from || offset >= fetched.next || this.#elapsed() >= cached.untilElapsed) continue
      this.#used.delete(cached)
      this.#used.add(cached)
      return fetched
    }
    return undefined
  }

  add(log: string, fetched: FetchedRecords): void {
    this.#used.add({ log, fetched, untilElapsed: this.#elapsed() + MAX_AGE_MS })
    let weight = 0
    for (const cached of this.#used) {
      if (this.#elapsed() >= cached.untilElapsed) this.#used.delete(cached)
      else weight += cached.fetched.weight
    }
    for (const cached of this.#used) {
      if (weight <= CAPACITY_BYTES) return
      weight -= cached.fetched.weight
      this.#used.delete(cached)
    }
  }
}
