import type { Env } from '../env/env.ts'
import { type LogFileKind, logFileName, parseLogFileName } from '../protocol/files/fileNames.ts'
import { CorruptLog, SYNCED } from './corruptLog.ts'
import type { EpochFile } from './epochFile.ts'
import type { FilePool } from './filePool.ts'
import { fitEpochs, readEpochs } from './loadEpochs.ts'
import type { LoadOptions } from './loadOptions.ts'
import { ProducerSnapshots } from './producerSnapshots.ts'
import { ProducerState } from './producerState.ts'
import { recoverSegments } from './recoverSegments.ts'
import { restoreProducers } from './restoreProducers.ts'
import { rewriteLogFiles } from './rewriteLogFiles.ts'
import { Segment } from './segment.ts'
import { tidyFolder } from './tidyFolder.ts'
import { type FolderParts, goOnWithLast, trustSegment } from './trustSegments.ts'

export interface LoadedLog {
  /** At least one; the last is the active one. */
  readonly segments: Segment[]
  readonly logStartOffset: number
  readonly logEndOffset: number
  readonly epochs: EpochFile
  readonly producers: ProducerState
  readonly snapshots: ProducerSnapshots
  /** Whether its first segment was just made, or is still to be: a power failure may take its name. */
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
  const names = options.isNew === true ? new Set<string>() : await tidyFolder(disk, directory)
  const bases = offsetsOf(names, 'log')
  const snapshots = new ProducerSnapshots(disk, directory, offsetsOf(names, 'snapshot'))
  // A recovery takes whole segments: with the one that holds the recovery point begins what has to be read.
  const firstUnsure = Math.max(
    0,
    bases.findLastIndex(base => base <= options.recoveryPoint),
  )
  if (options.mayBeUnstored === true && !options.cleanShutdown) await rewriteLogFiles(disk, directory, bases.slice(firstUnsure))

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
    segments = [await firstSegment(env, pool, { directory, baseOffset: options.logStartOffset, isLater: options.logStartOffset === 0 })]
  }

  const producers = new ProducerState()
  const trusted = options.cleanShutdown ? segments.slice(0, -1) : segments.slice(0, firstUnsure)
  const folder: FolderParts = { options, segments, snapshots }
  for (const [index, segment] of trusted.entries()) await trustSegment(segment, { ...folder, names, end: segments[index + 1]?.baseOffset })
  const { epochs, isRead: areEpochsRead } = await readEpochs(disk, names, options)
  const batches = { directory, log, segments, sureUpTo: options.cleanShutdown ? Infinity : segments[firstUnsure]!.baseOffset }

  let logEndOffset: number
  let rest: (() => Promise<void>) | undefined
  if (isNew) {
    logEndOffset = options.logStartOffset
    await snapshots.removeAbove(logEndOffset)
  } else if (options.lazily === true && areEpochsRead && endsWhereItSays(segments.at(-1)!, snapshots, options)) {
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
    const recovered = await recoverSegments(unsure, { ...options, epochs, producers, snapshots })
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

/** The segment of an empty log. Its name tells where the log begins, so that only at offset 0 its files may be made later, with the first batch. */
export async function firstSegment(
  { clock }: Pick<Env, 'clock'>,
  pool: FilePool,
  { directory, baseOffset, isLater = false }: { readonly directory: string; readonly baseOffset: number; readonly isLater?: boolean },
): Promise<Segment> {
  const segment = Segment.begin(pool, directory, { baseOffset, createdMs: clock.now() })
  if (!isLater) await segment.create()
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
