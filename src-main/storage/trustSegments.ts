import { lastOffset } from '../protocol/records/batch.ts'
import { logFileName } from '../protocol/files/fileNames.ts'
import { type SegmentLimits, checkEnd, checkSegment } from './checkSegment.ts'
import { CorruptLog, SYNCED } from './corruptLog.ts'
import type { LoadOptions } from './loadOptions.ts'
import { isCompacted } from './logConfig.ts'
import { replayInto } from './producerBatches.ts'
import type { ProducerSnapshots } from './producerSnapshots.ts'
import { ProducerState } from './producerState.ts'
import { restoreProducers } from './restoreProducers.ts'
import { resumeSegment } from './resumeSegment.ts'
import { scanBatches } from './scanBatches.ts'
import { type Segment, type SegmentClaims, placed } from './segment.ts'

/** What a start has found of a log. */
export interface FolderParts {
  readonly options: LoadOptions
  readonly segments: readonly Segment[]
  readonly snapshots: ProducerSnapshots
}

function limitsOf({ config, firstDirtyOffset = 0 }: LoadOptions, end: number | undefined): SegmentLimits {
  const isBelowDirty = end !== undefined && end <= firstDirtyOffset
  return { end, isCompacted: isCompacted(config) || isBelowDirty, indexIntervalBytes: config.indexIntervalBytes }
}

/** A sealed segment of which the batches are sure, and its indexes too unless they do not fit: that shows when somebody first relies on them. */
export async function trustSegment(
  segment: Segment,
  { names, end, ...folder }: FolderParts & { readonly names: ReadonlySet<string>; readonly end: number | undefined },
): Promise<void> {
  const limits = limitsOf(folder.options, end)
  const { baseOffset: base } = segment
  const hasIndexes = names.has(logFileName(base, 'index')) && names.has(logFileName(base, 'timeindex'))
  segment.sealLoaded(async () => {
    const claims = await segment.claims()
    const earlier = folder.segments.filter(each => each.baseOffset < base)
    if (hasIndexes && (await checkSegment(segment, claims, { limits, earlier }))) return
    await rebuildIndexes(segment, { ...folder, claims, limits })
    segment.planSeal()
    await segment.finishRebuild()
    await segment.seal()
    await segment.sync() // nothing below the recovery point is looked at again
  })
  if (!hasIndexes) await segment.checked()
}

/** Places every batch of a segment again, which it does not change; the caller seals it, or goes on with it. Answers where it ends. */
async function rebuildIndexes(
  segment: Segment,
  { claims, limits, segments, snapshots, options }: FolderParts & { readonly claims: SegmentClaims; readonly limits: SegmentLimits },
): Promise<number> {
  const { directory, config, log } = options
  const { baseOffset: base } = segment
  log.warn('made the indexes of a segment anew, which did not fit its batches', { directory, baseOffset: base })
  // To tell which transactions were aborted takes to know which were open before.
  const producers = new ProducerState()
  const isReplayable = segments[0]!.baseOffset === 0 || (await snapshots.loadNewest(base)) !== undefined
  if (isReplayable) await restoreProducers(producers, snapshots, segments, base)
  else if (claims.aborted === undefined) {
    const place = { path: segment.path, position: 0, offset: base }
    throw new CorruptLog('nobody knows which of its transactions were aborted', { place })
  }
  await segment.beginRebuild({ keepAborted: !isReplayable })
  let nextOffset = base
  const range = { from: 0, to: segment.size, fromOffset: base, checksums: false }
  const { end, problem } = await scanBatches(segment, range, batch => {
    segment.place(placed(batch), config.indexIntervalBytes)
    const aborted = isReplayable ? replayInto(producers, batch) : undefined
    if (aborted !== undefined) segment.addAborted(aborted)
    nextOffset = lastOffset(batch) + 1
  })
  checkEnd(segment, { end, problem, nextOffset }, limits, claims)
  return nextOffset
}

/** Goes on with the last segment after a clean shutdown. Answers where the log ends. */
export async function goOnWithLast({ options, segments, snapshots }: FolderParts): Promise<number> {
  const segment = segments.at(-1)!
  const limits = limitsOf(options, undefined)
  const claims = await segment.claims()
  let logEndOffset: number
  if (await checkSegment(segment, claims, { limits, earlier: segments.slice(0, -1) }))
    logEndOffset = await resumeSegment(segment, segment.baseOffset, { isFinished: true })
  else {
    logEndOffset = await rebuildIndexes(segment, { options, segments, snapshots, claims, limits })
    await segment.finishRebuild()
  }
  const { recoveryPoint, logStartOffset } = options
  const place = { path: segment.path, position: segment.size, offset: logEndOffset }
  // A batch of which the first records were deleted may be cut off as a whole; the log start stays in the middle of it.
  if (Math.max(logEndOffset, logStartOffset) < recoveryPoint) {
    throw new CorruptLog(`${SYNCED} batches up to offset ${recoveryPoint - 1} were synced`, { place })
  }
  if (logEndOffset < logStartOffset && recoveryPoint < logStartOffset) {
    throw new CorruptLog(`log-start-offset-checkpoint says that the log begins at ${logStartOffset}`, { place })
  }
  if (logStartOffset > 0 && logStartOffset < segments[0]!.baseOffset) {
    const first = { path: segments[0]!.path, position: 0, offset: logStartOffset }
    throw new CorruptLog('log-start-offset-checkpoint says that the log begins before its first segment', { place: first })
  }
  return logEndOffset
}
