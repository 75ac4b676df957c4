import { join } from 'node:path'
import { DiskError } from '../../env/env.ts'
import { MalformedMessage } from '../../protocol/byteReader.ts'
import { decodeLeaderEpochCheckpoint } from '../../protocol/files/checkpoints.ts'
import { parseLogFileName, parseSnapshotFileName } from '../../protocol/files/fileNames.ts'
import type { ReadableFiles } from '../dump/items.ts'

/** Where a broker keeps its copy of the metadata log. */
export interface LogPlace {
  readonly brokerId: number
  readonly directory: string
}

export interface SegmentFile {
  readonly baseOffset: number
  readonly path: string
  readonly size: number
}

export interface SnapshotFile {
  readonly endOffset: number
  readonly path: string
}

/** A broker's copy of the metadata log, as it lies on its disk. */
export interface LogFiles extends LogPlace {
  /** From the oldest on; there is at least one. */
  readonly segments: readonly SegmentFile[]
  /** Whole ones, from the oldest on. */
  readonly snapshots: readonly SnapshotFile[]
  readonly lastEpoch: number
}

/**
 * The leader's copy, which has everything; without a leader the one that voters would elect: of the latest epoch, and the longest of those. Logs of one
 * epoch are beginnings of each other, so that of two last segments with the same base the larger one is the longer one.
 */
export async function findLog(files: ReadableFiles, places: readonly LogPlace[], leaderId: number | null): Promise<LogFiles | undefined> {
  const found = (await Promise.all(places.map(place => logFilesIn(files, place)))).filter(each => each !== undefined)
  return found.find(({ brokerId }) => brokerId === leaderId) ?? found.toSorted(byLength)[0]
}

function byLength(one: LogFiles, other: LogFiles): number {
  const [last, otherLast] = [one.segments.at(-1)!, other.segments.at(-1)!]
  return other.lastEpoch - one.lastEpoch || otherLast.baseOffset - last.baseOffset || otherLast.size - last.size
}

async function logFilesIn(files: ReadableFiles, place: LogPlace): Promise<LogFiles | undefined> {
  const names = await namesIn(files, place.directory)
  const segments = await Promise.all(
    names.map(async (name): Promise<SegmentFile | undefined> => {
      const parsed = parseLogFileName(name)
      if (parsed?.kind !== 'log' || parsed.suffix !== '') return undefined
      const path = join(place.directory, name)
      const stat = await files.stat(path)
      return stat === undefined ? undefined : { baseOffset: parsed.offset, path, size: stat.size }
    }),
  )
  const there = segments.filter(each => each !== undefined).sort((one, other) => one.baseOffset - other.baseOffset)
  if (there.length === 0) return undefined
  const snapshots = names.flatMap(name => {
    const parsed = parseSnapshotFileName(name)
    // One that covers nothing has Kafka's first records, which are in the log as well.
    return parsed?.suffix === '' && parsed.endOffset > 0 ? [{ endOffset: parsed.endOffset, path: join(place.directory, name) }] : []
  })
  return {
    ...place,
    segments: there,
    snapshots: snapshots.sort((one, other) => one.endOffset - other.endOffset),
    lastEpoch: await lastEpochIn(files, place.directory),
  }
}

async function lastEpochIn(files: ReadableFiles, directory: string): Promise<number> {
  try {
    const bytes = await readWhole(files, join(directory, 'leader-epoch-checkpoint'))
    return decodeLeaderEpochCheckpoint(bytes).at(-1)?.epoch ?? -1
  } catch (problem) {
    if (isMissing(problem) || problem instanceof MalformedMessage) return -1
    throw problem
  }
}

export async function readWhole(files: ReadableFiles, path: string): Promise<Buffer> {
  const file = await files.open(path)
  try {
    return await file.read(0, file.size)
  } finally {
    await file.close()
  }
}

async function namesIn(files: ReadableFiles, directory: string): Promise<string[]> {
  try {
    return (await files.list(directory)).filter(({ isDirectory }) => !isDirectory).map(({ name }) => name)
  } catch (problem) {
    if (isMissing(problem)) return []
    throw problem
  }
}

/** Whether a file or folder is gone: brokers delete old ones while we read. */
export const isMissing = (problem: unknown): boolean =>
  problem instanceof DiskError && (problem.code === 'ENOENT' || problem.code === 'ENOTDIR')
