import { decodeControlRecord } from '../../protocol/messages/controlRecords.ts'
import { decodeMetadataRecord, type MetadataRecord } from '../../protocol/messages/metadataRecords.ts'
import { MalformedMessage } from '../../protocol/byteReader.ts'
import { baseOffset, isControl, isIntact, partitionLeaderEpoch } from '../../protocol/records/batch.ts'
import { iterateRecords } from '../../protocol/records/record.ts'
import { scanBatches } from '../dump/batchScan.ts'
import { type ReadableFile, type Wrong, wrongText } from '../dump/items.ts'
import type { LoggedRecord } from './sayings.ts'
import type { Position } from './timeline.ts'

/** What the records of one batch may unfold to. */
const MAX_UNFOLDED_BYTES = 64 * 1024 * 1024

/** What a batch looks like that is being written. */
const TORN: ReadonlySet<Wrong['code']> = new Set(['tornHeader', 'tornBatch'])

export interface ReadTo {
  /** Where the first batch lies that was not read. */
  readonly position: number
  /** Why nothing more can be read, if that is not the end of the file. */
  readonly problem: string | null
  /** Whether the problem may be nothing but a batch that is being written. */
  readonly isTorn: boolean
}

/** The records of a file of the metadata log from a byte on, batch by batch and each batch as a whole. */
export async function readRecords(
  file: ReadableFile,
  from: number,
  take: (position: Position, record: LoggedRecord) => void,
): Promise<ReadTo> {
  const rest: ReadableFile = { size: file.size - from, read: (at, length) => file.read(at + from, length), close: () => file.close() }
  const scan = scanBatches(rest)
  let position = from
  for (;;) {
    const { done, value } = await scan.next()
    if (done) {
      if (value === undefined) return { position, problem: null, isTorn: false }
      return { position, problem: wrongText(value.problem), isTorn: TORN.has(value.problem.code) }
    }
    for (const { bytes } of value) {
      const problem = takeBatch(bytes, take)
      if (problem !== null) {
        await scan.return(undefined)
        return { position, problem, isTorn: false }
      }
      position += bytes.length
    }
  }
}

function takeBatch(batch: Buffer, take: (position: Position, record: LoggedRecord) => void): string | null {
  if (!isIntact(batch)) return `the batch at offset ${baseOffset(batch)} is damaged: its checksum does not fit`
  const epoch = partitionLeaderEpoch(batch)
  const taken: [Position, LoggedRecord][] = []
  try {
    for (const { offset, timestamp, key, value } of iterateRecords(batch, 0, MAX_UNFOLDED_BYTES)) {
      const record: LoggedRecord = isControl(batch)
        ? { kind: 'control', record: decodeControlRecord(key ?? Buffer.alloc(0), value) }
        : { kind: 'metadata', record: decodeMetadataRecord(value ?? Buffer.alloc(0)) }
      taken.push([{ offset, epoch, atMs: timestamp }, record])
    }
  } catch (problem) {
    if (!(problem instanceof MalformedMessage)) throw problem
    return `the batch at offset ${baseOffset(batch)} cannot be read: ${problem.message}`
  }
  for (const each of taken) take(...each)
  return null
}

/** What a snapshot says. Throws `MalformedMessage` when it is none. */
export async function readSnapshot(file: ReadableFile): Promise<MetadataRecord[]> {
  const records: MetadataRecord[] = []
  const { problem, position } = await readRecords(file, 0, (_, { kind, record }) => {
    if (kind === 'metadata' && record.type !== 'UnknownRecord') records.push(record)
  })
  if (problem !== null) throw new MalformedMessage(problem, position)
  return records
}
