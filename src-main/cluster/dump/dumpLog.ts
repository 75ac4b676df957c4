import { MalformedMessage } from '../../protocol/byteReader.ts'
import {
  attributes,
  baseOffset,
  baseSequence,
  baseTimestamp,
  batchSize,
  compressionCode,
  compressionNames,
  crc,
  hasDeleteHorizon,
  isControl,
  isIntact,
  isLogAppendTime,
  isTransactional,
  lastOffset,
  lastOffsetDelta,
  lastSequence,
  magic,
  maxTimestamp,
  partitionLeaderEpoch,
  producerEpoch,
  producerId,
  recordCount,
} from '../../protocol/records/batch.ts'
import { iterateRecords, type LogRecord } from '../../protocol/records/record.ts'
import { scanBatches, type ScannedBatch, type ScanProblem } from './batchScan.ts'
import { decodeContents, HIDDEN, isSecret } from './decodeContents.ts'
import type { Contents } from './fileKind.ts'
import {
  type BatchItem,
  type Complain,
  type DumpItem,
  type DumpOptions,
  type Int64,
  type Items,
  type ReadableFile,
  wrong,
  type Wrong,
} from './items.ts'

/** What the records of one batch may unfold to. */
const MAX_UNFOLDED_BYTES = 256 * 1024 * 1024
const KNOWN_ATTRIBUTES = 0x7f

/** A file of batches. */
export interface BatchFile {
  readonly path: string
  readonly file: ReadableFile
  readonly contents: Contents
  /** No offset is below it. */
  readonly baseOffset: number
  /** A snapshot of the metadata log: begins and ends with a control record of its own. */
  readonly isSnapshot: boolean
  readonly complain: Complain
}

/** All batches and records of a log or of a metadata snapshot. */
export async function* dumpBatches(source: BatchFile, options: DumpOptions): AsyncGenerator<Items> {
  const reading = new BatchReading(source, options)
  const scan = scanBatches(source.file)
  for (;;) {
    const { done, value } = await scan.next()
    if (!done) for (const batch of value) yield reading.itemsOf(batch)
    else {
      yield reading.end(value)
      return
    }
  }
}

/** What is known from the batches before the one that is looked at. */
class BatchReading {
  readonly #source: BatchFile
  readonly #verify: boolean
  #nextOffset: number
  #leaderEpoch = -1
  #first: string | undefined
  #last: string | undefined

  constructor(source: BatchFile, { verify }: DumpOptions) {
    this.#source = source
    this.#verify = verify
    this.#nextOffset = source.baseOffset
  }

  *itemsOf({ bytes, position }: ScannedBatch): Generator<DumpItem> {
    const { path, complain } = this.#source
    const header = batchItem(path, bytes, position)
    yield header
    const at = { position, offset: header.baseOffset }
    if (!header.isCrcValid) yield complain(wrong('wrongChecksum'), at)
    for (const problem of this.#problemsOfHeader(bytes, header)) yield complain(problem, at)
    this.#last = undefined
    if (!isReadable(header)) return
    try {
      yield* this.#records(bytes, header)
    } catch (problem) {
      if (!(problem instanceof MalformedMessage)) throw problem
      yield complain(wrong('unreadableRecords', { why: problem.reason, at: problem.position }), at)
    }
  }

  /** Also remembers what the next batch is compared with. */
  *#problemsOfHeader(bytes: Buffer, header: BatchItem): Generator<Wrong> {
    for (const name of ['baseOffset', 'lastOffset', 'baseTimestamp', 'maxTimestamp', 'producerId'] as const) {
      if (typeof header[name] === 'string') yield wrong('outOfRange', { name, value: header[name] })
    }
    if (compressionCode(bytes) >= compressionNames.length) yield wrong('unknownCompression', { code: compressionCode(bytes) })
    if ((attributes(bytes) & ~KNOWN_ATTRIBUTES) !== 0) yield wrong('unknownAttributes', { attributes: attributes(bytes) })
    if (lastOffsetDelta(bytes) < 0) yield wrong('endsBefore', { offsets: -lastOffsetDelta(bytes) })
    if (header.recordCount < 0) yield wrong('negativeCount', { count: header.recordCount })
    if (typeof header.baseOffset === 'number' && header.baseOffset >= 0) {
      if (header.baseOffset < this.#nextOffset) {
        yield this.#nextOffset === this.#source.baseOffset
          ? wrong('belowBase', { offset: header.baseOffset, base: this.#nextOffset })
          : wrong('afterOffset', { offset: header.baseOffset, last: this.#nextOffset - 1 })
      }
      if (typeof header.lastOffset === 'number') this.#nextOffset = Math.max(this.#nextOffset, header.lastOffset + 1)
    } else if (typeof header.baseOffset === 'number') yield wrong('negativeOffset', { offset: header.baseOffset })
    if (!this.#verify) return
    if (header.partitionLeaderEpoch < this.#leaderEpoch) {
      yield wrong('afterEpoch', { epoch: header.partitionLeaderEpoch, last: this.#leaderEpoch })
    }
    this.#leaderEpoch = Math.max(this.#leaderEpoch, header.partitionLeaderEpoch)
    if (header.recordCount > lastOffsetDelta(bytes) + 1) {
      yield wrong('tooManyRecords', { count: header.recordCount, offsets: lastOffsetDelta(bytes) + 1 })
    }
  }

  *#records(bytes: Buffer, header: BatchItem): Generator<DumpItem> {
    const { path, complain, contents } = this.#source
    let previous = -Infinity
    for (const record of iterateRecords(bytes, 0, MAX_UNFOLDED_BYTES)) {
      const at = { position: header.position, offset: record.offset }
      if (!Number.isSafeInteger(record.offset) || !Number.isSafeInteger(record.timestamp)) {
        yield complain(wrong('recordOutOfRange'), { ...at, offset: header.baseOffset })
        return
      }
      let decoded: Readonly<Record<string, unknown>> | undefined
      let unreadable: Wrong | undefined
      try {
        decoded = decodeContents(contents, header.isControl, record)
      } catch (problem) {
        if (!(problem instanceof MalformedMessage)) throw problem
        unreadable = wrong('meaningless', { why: problem.message })
      }
      const shown = isSecret(decoded) ? { ...record, value: Buffer.from(HIDDEN) } : record
      yield { type: 'record', file: path, batchPosition: header.position, ...shown, decoded }
      if (unreadable !== undefined) yield complain(unreadable, at)
      if (header.isControl) this.#remember(decoded)
      if (!this.#verify) continue
      yield* this.#problemsOfRecord(header, record, previous)
      previous = Math.max(previous, record.offset)
    }
  }

  *#problemsOfRecord(header: BatchItem, { offset, timestamp }: LogRecord, previous: number): Generator<DumpItem> {
    const { complain } = this.#source
    const at = { position: header.position, offset }
    if (offset <= previous) yield complain(wrong('afterInBatch', { offset, last: previous }), at)
    if (offset < (header.baseOffset as number) || offset > (header.lastOffset as number)) {
      yield complain(wrong('outsideOfBatch', { offset, from: header.baseOffset, to: header.lastOffset }), at)
    }
    if (timestamp > (header.maxTimestamp as number)) {
      yield complain(wrong('aboveMaxTimestamp', { timestamp, most: header.maxTimestamp }), at)
    }
  }

  #remember(decoded: Readonly<Record<string, unknown>> | undefined): void {
    const type = decoded?.['type']
    this.#last = typeof type === 'string' ? type : undefined
    this.#first ??= this.#last
  }

  *end(scan: ScanProblem | undefined): Generator<DumpItem> {
    const { complain, isSnapshot, file } = this.#source
    if (scan !== undefined) yield complain(scan.problem, { position: scan.position, offset: this.#nextOffset })
    if (!isSnapshot) return
    if (this.#first !== 'snapshotHeader') yield complain(wrong('noSnapshotHeader'), { position: 0 })
    if (scan === undefined && this.#last !== 'snapshotFooter') {
      yield complain(wrong('noSnapshotFooter'), { position: file.size })
    }
  }
}

/** Whether offsets and timestamps can be told of the batch's records. */
function isReadable(header: BatchItem): boolean {
  return typeof header.baseOffset === 'number' && typeof header.baseTimestamp === 'number' && typeof header.maxTimestamp === 'number'
}

function batchItem(path: string, bytes: Buffer, position: number): BatchItem {
  const code = compressionCode(bytes)
  return {
    type: 'batch',
    file: path,
    position,
    sizeInBytes: batchSize(bytes),
    baseOffset: exact(baseOffset(bytes), bytes, 0),
    lastOffset: lastOffsetOf(bytes),
    recordCount: recordCount(bytes),
    partitionLeaderEpoch: partitionLeaderEpoch(bytes),
    magic: magic(bytes),
    crc: crc(bytes),
    isCrcValid: isIntact(bytes),
    compression: compressionNames[code] ?? `codec ${code}`,
    timestampType: isLogAppendTime(bytes) ? 'LogAppendTime' : 'CreateTime',
    baseTimestamp: exact(baseTimestamp(bytes), bytes, 27),
    maxTimestamp: exact(maxTimestamp(bytes), bytes, 35),
    producerId: exact(producerId(bytes), bytes, 43),
    producerEpoch: producerEpoch(bytes),
    baseSequence: baseSequence(bytes),
    lastSequence: lastSequence(bytes),
    isTransactional: isTransactional(bytes),
    isControl: isControl(bytes),
    deleteHorizonMs: hasDeleteHorizon(bytes) ? exact(baseTimestamp(bytes), bytes, 27) : null,
  }
}

function exact(value: number, bytes: Buffer, at: number): Int64 {
  return Number.isSafeInteger(value) ? value : `${bytes.readBigInt64BE(at)}`
}

function lastOffsetOf(bytes: Buffer): Int64 {
  const last = lastOffset(bytes)
  return Number.isSafeInteger(last) ? last : `${bytes.readBigInt64BE(0) + BigInt(lastOffsetDelta(bytes))}`
}
