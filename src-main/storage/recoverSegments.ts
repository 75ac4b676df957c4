import {
  BATCH_HEADER_BYTES,
  MAGIC,
  baseOffset,
  lastOffset,
  lastOffsetDelta,
  magic,
  partitionLeaderEpoch,
} from '../protocol/records/batch.ts'
import { CorruptLog, SYNCED } from './corruptLog.ts'
import type { EpochFile } from './epochFile.ts'
import type { LoadOptions } from './loadOptions.ts'
import { replayInto } from './producerBatches.ts'
import type { ProducerSnapshots } from './producerSnapshots.ts'
import type { ProducerState } from './producerState.ts'
import { resumeSegment } from './resumeSegment.ts'
import { type ScanRange, type ScanResult, scanBatches } from './scanBatches.ts'
import { type Segment, placed } from './segment.ts'

/** Reads every batch and keeps what is good. Answers how many segments are left and where the log ends now. */
export async function recoverSegments(
  segments: readonly Segment[],
  {
    directory,
    config,
    recoveryPoint,
    logStartOffset,
    firstDirtyOffset = 0,
    log,
    epochs,
    producers,
    snapshots,
  }: LoadOptions & { readonly epochs: EpochFile; readonly producers: ProducerState; readonly snapshots: ProducerSnapshots },
): Promise<{ readonly kept: number; readonly logEndOffset: number }> {
  let logEndOffset = segments[0]!.baseOffset
  const mayEndIn = (segment: Segment, position: number, problem = 'batches are missing') => {
    if (Math.max(logEndOffset, logStartOffset) >= recoveryPoint) return
    const place = { path: segment.path, position, offset: logEndOffset }
    throw new CorruptLog(`${problem}, and ${SYNCED} offsets below ${recoveryPoint} were synced`, { place })
  }
  // The file may lag behind the batches or be ahead of them; what the batches say of themselves is what counts.
  epochs.changed(epochs.cache.truncateFrom(logEndOffset))
  for (const [index, segment] of segments.entries()) {
    const { baseOffset: base } = segment
    if (base !== logEndOffset) {
      // Segments follow each other without a gap unless compaction took the end of one, and it never works above the recovery point.
      if (base > Math.max(recoveryPoint, firstDirtyOffset)) {
        const last = segments[index - 1]!
        mayEndIn(last, last.size)
        await resumeSegment(last, logEndOffset)
        return { kept: index, logEndOffset }
      }
      if (base < logEndOffset)
        throw new CorruptLog('the segment before ends behind it', { place: { path: segment.path, position: 0, offset: logEndOffset } })
      logEndOffset = base
    }
    if (index > 0) await snapshots.write(base, producers.snapshot())
    await segment.beginRebuild({ keepAborted: false })
    const fromEpoch = epochs.cache.latestEpoch ?? NO_EPOCH
    const range = { from: 0, to: segment.size, fromOffset: base, nextBase: segments[index + 1]?.baseOffset, fromEpoch }
    const { end, problem } = await scanToRecover(segment, range, batch => {
      segment.place(placed(batch), config.indexIntervalBytes)
      const epoch = partitionLeaderEpoch(batch)
      if (epoch >= 0) epochs.changed(epochs.cache.assign(epoch, baseOffset(batch)))
      const aborted = replayInto(producers, batch)
      if (aborted !== undefined) segment.addAborted(aborted)
      logEndOffset = lastOffset(batch) + 1
    })
    const isLast = problem !== undefined || index === segments.length - 1
    if (isLast) mayEndIn(segment, end, problem)
    if (problem !== undefined) {
      log.warn('cut a torn tail off a segment', {
        directory,
        baseOffset: base,
        fromByte: end,
        bytes: segment.size - end,
        logEndOffset,
        problem,
      })
    }
    if (!isLast) segment.planSeal()
    await segment.finishRebuild()
    if (isLast) return { kept: index + 1, logEndOffset }
    await segment.seal()
  }
  return { kept: segments.length, logEndOffset }
}

/** Of batches that no leader of ours has written. */
const NO_EPOCH = -1

/**
 * As `scanBatches` with checksums, which cover neither a batch's base offset nor its leader epoch. An offset that lies too far ahead looks like a gap until
 * the next batch, or the next segment, begins before it: only then a batch is visited. A leader epoch never falls: where it does, the disk has lost it.
 */
async function scanToRecover(
  segment: Segment,
  { nextBase = Infinity, fromEpoch, ...range }: ScanRange & { readonly nextBase: number | undefined; readonly fromEpoch: number },
  visit: (batch: Buffer) => void,
): Promise<ScanResult> {
  let nextOffset = range.fromOffset
  let latestEpoch = fromEpoch
  let fallen: string | undefined
  let held: { readonly batch: Buffer; readonly position: number } | undefined
  const letGo = (batch: Buffer) => {
    visit(batch)
    nextOffset = lastOffset(batch) + 1
  }
  const scanned = await scanBatches(segment, { ...range, checksums: true }, (batch, position) => {
    const epoch = partitionLeaderEpoch(batch)
    if (epoch !== NO_EPOCH && epoch < latestEpoch) {
      fallen = `leader epoch ${epoch} at offset ${baseOffset(batch)} comes after ${latestEpoch}`
      return false
    }
    latestEpoch = Math.max(latestEpoch, epoch)
    if (held !== undefined) letGo(held.batch)
    held = { batch, position }
    return true
  })
  const { end, problem } = { ...scanned, problem: fallen ?? scanned.problem }
  if (held === undefined) return { end, problem }
  const { batch, position } = held
  if (problem === undefined && lastOffset(batch) >= nextBase) {
    return { end: position, problem: `offset ${lastOffset(batch)} belongs to the next segment` }
  }
  if (problem !== undefined && baseOffset(batch) > nextOffset) {
    const header = await segment.read(end, BATCH_HEADER_BYTES)
    const follows = header.length === BATCH_HEADER_BYTES && magic(header) === MAGIC ? baseOffset(header) : -1
    if (follows > nextOffset + lastOffsetDelta(batch) && follows <= lastOffset(batch)) {
      return { end: position, problem: `offset ${baseOffset(batch)} comes before ${follows}` }
    }
  }
  letGo(batch)
  return { end, problem }
}
