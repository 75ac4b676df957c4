import type { Env } from '../env/env.ts'
import type { Logger } from '../base/logger.ts'
import {
  BATCH_HEADER_BYTES,
  MAGIC,
  baseOffset,
  batchSize,
  lastOffset,
  lastOffsetDelta,
  magic,
  maxTimestamp,
  partitionLeaderEpoch,
} from '../protocol/records/batch.ts'
import { type LogFileKind, logFileName, parseLogFileName } from '../protocol/files/fileNames.ts'
import { type SegmentLimits, checkEnd, checkSegment } from './checkSegment.ts'
import { CorruptLog } from './corruptLog.ts'
import type { EpochFile } from './epochFile.ts'
import type { FilePool } from './filePool.ts'
import { fitEpochs, readEpochs } from './loadEpochs.ts'
import { type LogConfig, isCompacted } from './logConfig.ts'
import { producerBatchOf, replayInto } from './producerBatches.ts'
import { ProducerSnapshots } from './producerSnapshots.ts'
import { type ProducerBatch, ProducerState } from './producerState.ts'
import { type ScanRange, type ScanResult, scanBatches } from './scanBatches.ts'
import { Segment, type SegmentClaims } from './segment.ts'
import { tidyFolder } from './tidyFolder.ts'

/** How far back producers are looked for behind a snapshot: as many offsets as come to no more than so many bytes. */
const RECALLED_OFFSETS = [1000, 100, 10]
const RECALLED_BYTES = 1024 * 1024
const SYNCED = 'recovery-point-offset-checkpoint says that'

export { CorruptLog }

export interface LoadOptions {
  readonly directory: string
  readonly config: LogConfig
  readonly cleanShutdown: boolean
  readonly recoveryPoint: number
  readonly logStartOffset: number
  /** Below, compaction may have taken the end of a segment. */
  readonly firstDirtyOffset?: number
  readonly log: Logger
  /** Whether `rest` may be left for later. */
  readonly lazily?: boolean
}

export interface LoadedLog {
  /** At least one; the last is the active one. */
  readonly segments: Segment[]
  readonly logStartOffset: number
  readonly logEndOffset: number
  readonly epochs: EpochFile
  readonly producers: ProducerState
  readonly snapshots: ProducerSnapshots
  /** Whether its first segment was just made: a power failure may still take its name. */
  readonly isNew: boolean
  /** What is left to do before anything is appended: until then nobody has looked into the active segment, and no producer is known. */
  readonly rest?: () => Promise<void>
}

/**
 * Brings a log's folder into memory. After a clean shutdown it is trusted; otherwise every batch of the segments from the recovery point on
 * is read, what is torn is cut off together with all behind it, and indexes, epochs and producers are made anew from what is left.
 * May be interrupted anywhere and begun again: it only removes what a finished run would remove too.
 */
export async function loadLog(env: Pick<Env, 'clock' | 'disk'>, pool: FilePool, options: LoadOptions): Promise<LoadedLog> {
  const { directory, log } = options
  const { disk } = env
  const names = await tidyFolder(disk, directory)
  const bases = offsetsOf(names, 'log')
  const snapshots = new ProducerSnapshots(disk, directory, offsetsOf(names, 'snapshot'))

  let segments: Segment[] = []
  for (const base of bases) {
    const { size, modifiedMs } = (await disk.stat(`${directory}/${logFileName(base, 'log')}`))!
    segments.push(
      new Segment(pool, directory, {
        baseOffset: base,
        createdMs: modifiedMs,
        size,
        hasTxnIndex: names.has(logFileName(base, 'txnindex')),
        isUnsynced: !options.cleanShutdown,
      }),
    )
  }
  let isNew = segments.length === 0
  if (isNew) {
    if (options.recoveryPoint > options.logStartOffset) {
      throw new CorruptLog(`${directory} holds no segment, and ${SYNCED} offsets below ${options.recoveryPoint} were synced`)
    }
    segments = [await firstSegment(env, pool, { directory, baseOffset: options.logStartOffset })]
  }

  const producers = new ProducerState()
  // A recovery takes whole segments: with the one that holds the recovery point begins what has to be read.
  const firstUnsure = Math.max(
    0,
    segments.findLastIndex(segment => segment.baseOffset <= options.recoveryPoint),
  )
  const trusted = options.cleanShutdown ? segments.slice(0, -1) : segments.slice(0, firstUnsure)
  const folder: FolderParts = { options, segments, snapshots }
  for (const [index, segment] of trusted.entries()) await trust(segment, { ...folder, names, end: segments[index + 1]?.baseOffset })
  const { epochs, isRead: areEpochsRead } = await readEpochs(disk, names, options)
  const batches = { directory, log, segments, sureUpTo: options.cleanShutdown ? Infinity : segments[firstUnsure]!.baseOffset }

  let logEndOffset: number
  let rest: (() => Promise<void>) | undefined
  if (options.lazily === true && areEpochsRead && endsWhereItSays(segments.at(-1)!, snapshots, options)) {
    logEndOffset = options.recoveryPoint
    rest = async () => {
      await fitEpochs(epochs, batches)
      await epochs.persist()
      const end = await goOnWithLast(folder)
      if (end !== options.recoveryPoint)
        throw new CorruptLog(`${directory} ends at offset ${end}, and ${SYNCED} it ended at ${options.recoveryPoint}`)
      await restoreProducers(producers, snapshots, segments, end)
    }
  } else if (options.cleanShutdown) {
    await fitEpochs(epochs, batches)
    logEndOffset = await goOnWithLast(folder)
    await restoreProducers(producers, snapshots, segments, logEndOffset)
  } else {
    await fitEpochs(epochs, batches)
    const unsure = segments.slice(firstUnsure)
    await snapshots.removeAbove(unsure[0]!.baseOffset)
    await restoreProducers(producers, snapshots, segments, unsure[0]!.baseOffset)
    const recovered = await recover(unsure, { ...options, epochs, producers, snapshots })
    logEndOffset = recovered.logEndOffset
    const dropped = unsure.slice(recovered.kept)
    for (const segment of dropped.toReversed()) {
      log.warn('dropped a segment behind the end of the recovered log', {
        directory,
        baseOffset: segment.baseOffset,
        sizeInBytes: segment.size,
      })
      await segment.remove(pool)
    }
    if (dropped.length > 0) await disk.syncDirectory(directory)
    segments = segments.slice(0, segments.length - dropped.length)
  }

  if (logEndOffset < options.logStartOffset) {
    // Everything that is left was deleted. To go on behind it would give offsets away a second time.
    log.warn('the log ended before its start and begins anew there', { directory, logEndOffset, logStartOffset: options.logStartOffset })
    await snapshots.removeAbove(-1)
    for (const segment of segments.toReversed()) await segment.remove(pool)
    epochs.changed(epochs.cache.clear())
    await epochs.persist()
    producers.load([])
    segments = [await firstSegment(env, pool, { directory, baseOffset: options.logStartOffset })]
    isNew = true
    logEndOffset = options.logStartOffset
  }
  const logStartOffset = Math.max(options.logStartOffset, segments[0]!.baseOffset)
  // An epoch whose leader never wrote anything here says nothing about this log, and would contradict the epochs of others.
  epochs.changed(epochs.cache.truncateFrom(logEndOffset))
  epochs.changed(epochs.cache.raiseStart(segments[0]!.baseOffset))
  await epochs.persist()
  return { segments, logStartOffset, logEndOffset, epochs, producers, snapshots, isNew, ...(rest === undefined ? {} : { rest }) }
}

/**
 * Whether a log that was closed well need not be looked into to know where it ends. A checkpoint is a line among ten thousand; the snapshot that was written
 * at the end, with its offset for a name, or an empty file has to say the same.
 */
function endsWhereItSays(
  active: Segment,
  snapshots: ProducerSnapshots,
  { cleanShutdown, recoveryPoint, logStartOffset }: LoadOptions,
): boolean {
  if (!cleanShutdown || recoveryPoint < logStartOffset) return false
  if (active.size === 0) return recoveryPoint === active.baseOffset
  return recoveryPoint > active.baseOffset && snapshots.newest === recoveryPoint
}

/** Makes the segment of an empty log. */
export async function firstSegment(
  { clock }: Pick<Env, 'clock'>,
  pool: FilePool,
  { directory, baseOffset }: { readonly directory: string; readonly baseOffset: number },
): Promise<Segment> {
  const segment = Segment.begin(pool, directory, { baseOffset, createdMs: clock.now() })
  await segment.create()
  return segment
}

function offsetsOf(names: ReadonlySet<string>, kind: LogFileKind): number[] {
  const offsets: number[] = []
  for (const name of names) {
    const parsed = parseLogFileName(name)
    if (parsed?.kind === kind) offsets.push(parsed.offset)
  }
  return offsets.sort((one, other) => one - other)
}

interface FolderParts {
  readonly options: LoadOptions
  readonly segments: readonly Segment[]
  readonly snapshots: ProducerSnapshots
}

function limitsOf({ config, firstDirtyOffset = 0 }: LoadOptions, end: number | undefined): SegmentLimits {
  const isBelowDirty = end !== undefined && end <= firstDirtyOffset
  return { end, isCompacted: isCompacted(config) || isBelowDirty, indexIntervalBytes: config.indexIntervalBytes }
}

/** A sealed segment of which the batches are sure, and its indexes too unless they do not fit: that shows when somebody first relies on them. */
async function trust(
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
async function goOnWithLast({ options, segments, snapshots }: FolderParts): Promise<number> {
  const segment = segments.at(-1)!
  const limits = limitsOf(options, undefined)
  const claims = await segment.claims()
  let logEndOffset: number
  if (await checkSegment(segment, claims, { limits, earlier: segments.slice(0, -1) }))
    logEndOffset = await resume(segment, segment.baseOffset, { isFinished: true })
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

/** Goes on with a segment whose batches and indexes are sure. Its end is found from the last index entry on; an empty one ends at `emptyEnd`. */
export async function resume(segment: Segment, emptyEnd: number, { isFinished = false } = {}): Promise<number> {
  const { position } = await segment.load({ isFinished })
  let logEndOffset = emptyEnd
  const { end, problem } = await scanBatches(
    segment,
    { from: position, to: segment.size, fromOffset: segment.baseOffset, checksums: false },
    batch => {
      segment.resume(placed(batch))
      logEndOffset = lastOffset(batch) + 1
    },
  )
  if (problem !== undefined) throw new CorruptLog(problem, { place: { path: segment.path, position: end, offset: logEndOffset } })
  return logEndOffset
}

/** Brings the producers to where they were at `offset`: from the newest snapshot, and the batches between. */
export async function restoreProducers(
  producers: ProducerState,
  snapshots: ProducerSnapshots,
  segments: readonly Segment[],
  offset: number,
): Promise<void> {
  const snapshot = await snapshots.loadNewest(offset)
  producers.load(snapshot?.entries ?? [])
  if (snapshot !== undefined && snapshot.entries.length > 0) producers.recall(await producerBatchesBefore(segments, snapshot.offset))
  const from = snapshot?.offset ?? segments[0]!.baseOffset
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1]?.baseOffset
    if (from >= offset || segment.baseOffset >= offset || (next !== undefined && next <= from)) continue
    const position = from > segment.baseOffset ? await segment.positionBefore(from) : 0
    let nextOffset = segment.baseOffset
    const { end, problem } = await scanBatches(
      segment,
      { from: position, to: segment.size, fromOffset: segment.baseOffset, checksums: false },
      batch => {
        nextOffset = lastOffset(batch) + 1
        if (baseOffset(batch) >= offset) return false
        if (baseOffset(batch) >= from) replayInto(producers, batch)
        return true
      },
    )
    if (problem !== undefined) throw new CorruptLog(problem, { place: { path: segment.path, position: end, offset: nextOffset } })
  }
}

/**
 * The latest batches of producers before an offset. Differs from Kafka, which knows only the newest batch of each producer after a restart, and so
 * refuses the retry of an earlier one that was in flight.
 */
async function producerBatchesBefore(segments: readonly Segment[], offset: number): Promise<ProducerBatch[]> {
  for (const span of RECALLED_OFFSETS) {
    const parts: { segment: Segment; from: number; to: number }[] = []
    for (const [index, segment] of segments.entries()) {
      const next = segments[index + 1]?.baseOffset ?? Infinity
      if (segment.baseOffset >= offset || next <= offset - span) continue
      const from = segment.baseOffset < offset - span ? await segment.positionBefore(offset - span) : 0
      parts.push({ segment, from, to: next <= offset ? segment.size : await segment.positionBefore(offset) })
    }
    if (parts.reduce((bytes, { from, to }) => bytes + to - from, 0) > RECALLED_BYTES) continue
    const found: ProducerBatch[] = []
    for (const { segment, from } of parts) {
      // Damage is not looked for here: whoever needs what is damaged finds it.
      await scanBatches(segment, { from, to: segment.size, fromOffset: segment.baseOffset, checksums: false }, batch => {
        if (baseOffset(batch) >= offset) return false
        const data = producerBatchOf(batch)
        if (data !== undefined) found.push(data)
        return true
      })
    }
    return found
  }
  return []
}

/** Reads every batch and keeps what is good. Answers how many segments are left and where the log ends now. */
async function recover(
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
        await resume(last, logEndOffset)
        return { kept: index, logEndOffset }
      }
      if (base < logEndOffset)
        throw new CorruptLog('the segment before ends behind it', { place: { path: segment.path, position: 0, offset: logEndOffset } })
      logEndOffset = base
    }
    if (index > 0) await snapshots.write(base, producers.snapshot())
    await segment.beginRebuild({ keepAborted: false })
    const range = { from: 0, to: segment.size, fromOffset: base, nextBase: segments[index + 1]?.baseOffset }
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

/**
 * As `scanBatches` with checksums, which do not cover a batch's base offset. One that lies too far ahead looks like a gap until the next batch, or the
 * next segment, begins before it: only then a batch is visited.
 */
async function scanToRecover(
  segment: Segment,
  { nextBase = Infinity, ...range }: ScanRange & { readonly nextBase: number | undefined },
  visit: (batch: Buffer) => void,
): Promise<ScanResult> {
  let nextOffset = range.fromOffset
  let held: { readonly batch: Buffer; readonly position: number } | undefined
  const letGo = (batch: Buffer) => {
    visit(batch)
    nextOffset = lastOffset(batch) + 1
  }
  const { end, problem } = await scanBatches(segment, { ...range, checksums: true }, (batch, position) => {
    if (held !== undefined) letGo(held.batch)
    held = { batch, position }
  })
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

export function placed(batch: Buffer): { readonly lastOffset: number; readonly maxTimestamp: number; readonly sizeInBytes: number } {
  return { lastOffset: lastOffset(batch), maxTimestamp: maxTimestamp(batch), sizeInBytes: batchSize(batch) }
}
