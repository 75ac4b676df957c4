import type { BatchField, BatchRow, EpochStart, Finding, FindingCode, LogRow } from '../../contract/segments.ts'
import {
  attributes,
  baseOffset,
  baseSequence,
  baseTimestamp,
  compressionCode,
  compressionNames,
  hasDeleteHorizon,
  isControl,
  isLogAppendTime,
  isTransactional,
  lastOffset,
  lastOffsetDelta,
  MAGIC,
  magic,
  maxTimestamp,
  partitionLeaderEpoch,
  producerEpoch,
  producerId,
  recordCount,
} from '../../protocol/records/batch.ts'
import type { Walked } from './logWalk.ts'

const KNOWN_ATTRIBUTES = 0x7f
/** Indexes tell offsets from their segment's first in 31 bits, so a segment reaches no further. */
const REACH = 0x7fff_ffff

/** What a log is judged by besides itself. */
export interface Surroundings {
  /** In the name of the file. */
  readonly fileOffset: number
  readonly epochs: readonly EpochStart[]
}

/** The rows of some neighbours in a log, each with what its header and its neighbours say against it. Checksums are for others to check. */
export function judged(walked: readonly Walked[], surroundings: Surroundings): LogRow[] {
  /** Where the next batch has to begin, or later; unknown before the first. */
  let end: number | undefined
  let epoch = -1
  return walked.map((each, index) => {
    if (each.kind === 'broken') {
      end = undefined
      return each
    }
    const row = rowOf(each)
    const following = walked[index + 1]
    const next = following?.kind === 'batch' ? following.header : undefined
    const place = findPlace(row, { end, next, fileOffset: surroundings.fileOffset })
    row.findings.push(...findingsOfHeader(each.header, row), ...place.findings)
    end = place.end
    const wrongEpoch = findEpoch(row, { epoch, next, epochs: surroundings.epochs })
    if (wrongEpoch !== undefined) row.findings.push(wrongEpoch)
    else epoch = Math.max(epoch, row.leaderEpoch)
    return row
  })
}

const finding = (code: FindingCode, field: BatchField, found: number | string, expected: number | string | null = null): Finding => ({
  code,
  field,
  found: String(found),
  expected: expected === null ? null : String(expected),
  byte: null,
})

function rowOf({ position, sizeBytes, header }: Walked & { readonly kind: 'batch' }): BatchRow {
  const code = compressionCode(header)
  return {
    kind: 'batch',
    position,
    sizeBytes,
    baseOffset: baseOffset(header),
    lastOffset: lastOffset(header),
    recordCount: recordCount(header),
    leaderEpoch: partitionLeaderEpoch(header),
    producerId: producerId(header),
    producerEpoch: producerEpoch(header),
    baseSequence: baseSequence(header),
    codec: compressionNames[code] ?? `codec ${code}`,
    timestampType: isLogAppendTime(header) ? 'LogAppendTime' : 'CreateTime',
    maxTimestampMs: maxTimestamp(header),
    isTransactional: isTransactional(header),
    isControl: isControl(header),
    isCrcValid: null,
    findings: [],
  }
}

function findingsOfHeader(header: Buffer, row: BatchRow): Finding[] {
  const found: Finding[] = []
  const [delta, count] = [lastOffsetDelta(header), row.recordCount]
  if (magic(header) !== MAGIC) found.push(finding('magicUnknown', 'magic', magic(header), MAGIC))
  if (compressionCode(header) >= compressionNames.length) found.push(finding('codecUnknown', 'attributes', compressionCode(header)))
  if ((attributes(header) & ~KNOWN_ATTRIBUTES) !== 0) found.push(finding('attributesUnknown', 'attributes', attributes(header)))
  if (row.baseOffset < 0) found.push(finding('offsetNegative', 'baseOffset', row.baseOffset))
  if (delta < 0) found.push(finding('deltaNegative', 'lastOffsetDelta', delta))
  if (count < 0) found.push(finding('countNegative', 'recordCount', count))
  else if (delta >= 0 && count > delta + 1) found.push(finding('countAboveOffsets', 'recordCount', count, delta + 1))
  for (const [field, value] of [
    ['baseTimestamp', baseTimestamp(header)],
    ['maxTimestamp', maxTimestamp(header)],
    ['producerId', row.producerId],
  ] as const) {
    if (!Number.isSafeInteger(value)) found.push(finding('outOfRange', field, value))
  }
  const isCreateTime = !isLogAppendTime(header) && !hasDeleteHorizon(header) && count > 0
  if (isCreateTime && baseTimestamp(header) > maxTimestamp(header))
    found.push(finding('timestampAboveMax', 'baseTimestamp', baseTimestamp(header), maxTimestamp(header)))
  return found
}

/** What the offsets of its neighbours say against a batch, and where the next one has to begin. */
function findPlace(
  row: BatchRow,
  { end, next, fileOffset }: { readonly end: number | undefined; readonly next: Buffer | undefined; readonly fileOffset: number },
): { findings: Finding[]; end: number | undefined } {
  const { baseOffset: base, lastOffset: last, recordCount: count } = row
  const delta = last - base
  const nextBase = next === undefined ? undefined : baseOffset(next)
  const wrong = (code: FindingCode, expected: number | null) => [finding(code, 'baseOffset', base, expected)]
  // The neighbours leave room for exactly this many offsets, elsewhere.
  if (end !== undefined && base !== end && delta >= 0 && nextBase === end + delta + 1)
    return { findings: wrong('offsetOutOfPlace', end), end: nextBase }
  if (base >= 0 && base < fileOffset) return { findings: wrong('offsetBelowFile', fileOffset), end }
  if (end !== undefined && base >= 0 && base < end) return { findings: wrong('offsetBelowPrevious', end), end: Math.max(end, last + 1) }
  if (base - fileOffset > REACH) return { findings: wrong('offsetOutOfPlace', end ?? null), end }
  if (nextBase !== undefined && last >= nextBase && count <= nextBase - base && count !== delta + 1)
    return { findings: [finding('deltaBeyondNext', 'lastOffsetDelta', delta, nextBase - base - 1)], end: nextBase }
  return { findings: [], end: Number.isSafeInteger(last) && delta >= 0 ? last + 1 : undefined }
}

function findEpoch(
  row: BatchRow,
  { epoch, next, epochs }: { readonly epoch: number; readonly next: Buffer | undefined; readonly epochs: readonly EpochStart[] },
): Finding | undefined {
  const known = epochs.findLast(each => each.startOffset <= row.baseOffset)
  if (known !== undefined && known.epoch !== row.leaderEpoch) {
    // An epoch that has just begun may not be written down yet; nothing older follows it then.
    const isNewer = known === epochs.at(-1) && row.leaderEpoch > known.epoch
    if (!isNewer || (next !== undefined && partitionLeaderEpoch(next) < row.leaderEpoch))
      return finding('epochNotOfOffset', 'leaderEpoch', row.leaderEpoch, known.epoch)
  }
  return row.leaderEpoch < epoch ? finding('epochBelowPrevious', 'leaderEpoch', row.leaderEpoch, epoch) : undefined
}
