import type { BatchDetail, BatchRow, FieldBytes, Finding, LogRow } from '../../contract/segments.ts'
import { BATCH_FIELDS } from '../../contract/segments.ts'
import { MalformedMessage } from '../../protocol/byteReader.ts'
import {
  BATCH_HEADER_BYTES,
  BATCH_PREFIX_BYTES,
  batchLength,
  compressionCode,
  compressionNames,
  crc,
  recordCount,
} from '../../protocol/records/batch.ts'
import { crc32c } from '../../protocol/records/crc32c.ts'
import { endThatFits, wrongByte } from '../../protocol/records/damage.ts'
import { walkRecords } from '../../protocol/records/record.ts'
import { batchPage, CRC_FROM, hex, noteSum } from './batchPage.ts'
import type { Surroundings } from './judgeBatches.ts'
import type { IndexedLog } from './logWalk.ts'
import { unfolded } from './unfolded.ts'

/** Where each field begins, and where the last one ends. */
const PLACES = [0, 8, 12, 16, 17, 21, 23, 27, 35, 43, 51, 53, 57, 61] as const
/** Larger ones are checked, not searched for what is wrong with them: that takes a while. */
const SEARCHED_BYTES = 8 * 1024 * 1024

/** The batch at that very place, looked at thoroughly: what it says, and where it is damaged, what has to be changed to make it whole. */
export async function batchDetail(log: IndexedLog, surroundings: Surroundings, position: number): Promise<BatchDetail | undefined> {
  const page = await batchPage(log, surroundings, { place: { position }, before: 1, after: 0 })
  const row = page.at === null ? undefined : page.rows[page.at]
  if (row === undefined) return undefined
  const bytes = Buffer.from(await log.window.read(row.position, Math.min(row.sizeBytes, log.window.size - row.position)))
  const fields = bytes.length < BATCH_HEADER_BYTES ? [] : fieldsOf(bytes)
  const common = { position: row.position, sizeBytes: row.sizeBytes, row, fields }
  if (row.kind === 'broken') {
    const found = bytes.length < BATCH_HEADER_BYTES ? undefined : lengthThatFits(bytes)
    return { ...common, crc: null, findings: [row.finding, ...(found ? [found] : [])], unfoldedBytes: null }
  }
  const computed = crc32c(bytes, CRC_FROM)
  if (row.isCrcValid === null) noteSum(row, { stored: crc(bytes), computed })
  const records = lookAtRecords(bytes, row)
  const findings = [...row.findings, ...(row.isCrcValid === false ? await whatIsWrong(log, bytes, row, computed) : []), ...records.findings]
  return { ...common, crc: { stored: crc(bytes), computed }, findings, unfoldedBytes: records.unfoldedBytes }
}

function fieldsOf(bytes: Buffer): FieldBytes[] {
  return BATCH_FIELDS.map((name, index) => {
    const at = PLACES[index]!
    const size = (PLACES[index + 1] ?? bytes.length) - at
    return { name, at, size, value: valueOf(bytes, name, { at, size }) }
  })
}

function valueOf(bytes: Buffer, name: FieldBytes['name'], { at, size }: { readonly at: number; readonly size: number }): string {
  if (name === 'records') return `${size}`
  if (name === 'crc') return hex(bytes.readUInt32BE(at))
  return size === 8 ? `${bytes.readBigInt64BE(at)}` : `${bytes.readIntBE(at, size)}`
}

/** Which field the byte belongs to. */
const fieldAt = (byte: number): FieldBytes['name'] => BATCH_FIELDS[PLACES.findLastIndex(at => at <= byte)] ?? 'records'

/** A batch that fails its checksum: one byte of it may be wrong, or its length. */
async function whatIsWrong({ window }: IndexedLog, bytes: Buffer, row: BatchRow, computed: number): Promise<Finding[]> {
  if (bytes.length > SEARCHED_BYTES) return []
  const stored = crc(bytes)
  const inSum = [0, 8, 16, 24].filter(shift => (((stored ^ computed) >>> shift) & 0xff) !== 0)
  if (inSum.length === 1) {
    const byte = 17 + 3 - inSum[0]! / 8
    return [oneByte(byte, { found: bytes[byte]!, expected: (computed >>> inSum[0]!) & 0xff })]
  }
  const wrong = wrongByte(bytes, { from: CRC_FROM, to: bytes.length, stored, computed })
  if (wrong !== undefined) return [oneByte(wrong.at, wrong)]
  const behind = Math.min(SEARCHED_BYTES, window.size - row.position)
  const found = lengthThatFits(Buffer.from(await window.read(row.position, behind)))
  return found ? [found] : []
}

const oneByte = (byte: number, { found, expected }: { readonly found: number; readonly expected: number }): Finding => ({
  code: 'oneByteWrong',
  field: fieldAt(byte),
  found: hex(found, 2),
  expected: hex(expected, 2),
  byte,
})

function lengthThatFits(bytes: Buffer): Finding | undefined {
  const end = endThatFits(bytes.subarray(0, SEARCHED_BYTES), { from: CRC_FROM, least: BATCH_HEADER_BYTES, stored: crc(bytes) })
  const found = batchLength(bytes)
  if (end === undefined || end - BATCH_PREFIX_BYTES === found) return undefined
  return { code: 'lengthWrong', field: 'batchLength', found: `${found}`, expected: `${end - BATCH_PREFIX_BYTES}`, byte: null }
}

function lookAtRecords(bytes: Buffer, row: LogRow): { readonly findings: Finding[]; readonly unfoldedBytes: number | null } {
  // What there is no codec for is a finding already.
  if (row.kind === 'broken' || compressionCode(bytes) >= compressionNames.length) return { findings: [], unfoldedBytes: null }
  try {
    const records = unfolded(bytes)
    walkRecords(records, recordCount(bytes), () => undefined)
    return { findings: [], unfoldedBytes: records.length }
  } catch (problem) {
    if (!(problem instanceof MalformedMessage)) throw problem
    const finding: Finding = { code: 'recordsUnreadable', field: 'records', found: problem.reason, expected: null, byte: null }
    return { findings: [finding], unfoldedBytes: null }
  }
}
