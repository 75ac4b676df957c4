import { basename, join } from 'node:path'
import type { PartitionReplicas } from '../../contract/cluster.ts'
import type { EpochStart, ReplicaFiles, SegmentFile } from '../../contract/segments.ts'
import { DiskError } from '../../env/env.ts'
import { MalformedMessage } from '../../protocol/byteReader.ts'
import { decodeLeaderEpochCheckpoint, decodeOffsetCheckpoint, type PartitionOffset } from '../../protocol/files/checkpoints.ts'
import { partitionDirectoryName } from '../../protocol/files/partitionDirectory.ts'
import { decodePartitionMetadata, PARTITION_METADATA_FILE } from '../../protocol/files/partitionMetadata.ts'
import { fileKindOf } from '../dump/fileKind.ts'
import type { ReadableFiles } from '../dump/items.ts'
import type { BrokerDirectories } from '../replicaLogs.ts'
import { logEnd } from './logEnd.ts'

/** A checkpoint of a hundred thousand partitions fits in; what is larger is no such file. */
const MAX_SMALL_BYTES = 64 * 1024 * 1024

/** Whose disks are looked at. */
export interface BrokerDisks extends BrokerDirectories {
  readonly isRunning: boolean
}

export interface PartitionName {
  readonly topic: string
  readonly partition: number
}

/** The partition's folder on a broker's disks; undefined where there is none. */
export async function replicaFolder(
  files: ReadableFiles,
  { directories }: BrokerDirectories,
  { topic, partition }: PartitionName,
): Promise<string | undefined> {
  for (const directory of directories) {
    const folder = join(directory, partitionDirectoryName(topic, partition))
    if ((await files.stat(folder))?.isDirectory === true) return folder
  }
  return undefined
}

/** All that can be told of a replica without reading its log. */
export async function replicaFiles(
  files: ReadableFiles,
  broker: BrokerDisks,
  of: PartitionName,
  living: PartitionReplicas | undefined,
): Promise<ReplicaFiles> {
  const nothing: ReplicaFiles = {
    brokerId: broker.brokerId,
    folder: null,
    problem: null,
    isRunning: broker.isRunning,
    isLeader: living?.leader === broker.brokerId,
    isAssigned: living === undefined ? null : living.replicas.some(each => each.brokerId === broker.brokerId),
    topicId: null,
    isOfOtherTopic: false,
    logStartOffset: null,
    highWatermark: null,
    logEndOffset: null,
    tornBytes: 0,
    epochs: [],
    files: [],
  }
  let folder: string | undefined
  try {
    folder = await replicaFolder(files, broker, of)
    if (folder === undefined) return nothing
    return { ...nothing, folder, ...(await lookInto(files, folder, of, nothing.isLeader ? (living?.highWatermark ?? null) : null)) }
  } catch (problem) {
    if (!(problem instanceof DiskError)) throw problem
    return { ...nothing, folder: folder ?? null, problem: problem.message }
  }
}

async function lookInto(files: ReadableFiles, folder: string, of: PartitionName, ledWatermark: number | null) {
  const directory = join(folder, '..')
  const [found, topicId, epochs, watermark, start] = await Promise.all([
    filesIn(files, folder),
    readSmall(files, join(folder, PARTITION_METADATA_FILE), bytes => decodePartitionMetadata(bytes).topicId),
    epochsOf(files, folder),
    offsetIn(files, join(directory, 'replication-offset-checkpoint'), of),
    offsetIn(files, join(directory, 'log-start-offset-checkpoint'), of),
  ])
  const logs = found.filter(({ kind, suffix }) => kind === 'log' && suffix === '')
  const end = await logEnd(files, folder, logs)
  const watermarks = [watermark, ledWatermark].filter(each => each !== null && each !== undefined)
  return {
    files: found,
    topicId: topicId ?? null,
    epochs: [...epochs],
    highWatermark: watermarks.length === 0 ? null : Math.max(...watermarks),
    logStartOffset: logs.length === 0 ? null : Math.max(start ?? 0, logs[0]?.offset ?? 0),
    ...end,
  }
}

/** In the order of a folder's listing by name: what belongs to one segment stands together. */
async function filesIn(files: ReadableFiles, folder: string): Promise<SegmentFile[]> {
  const names = (await listed(files, folder)).filter(({ isDirectory }) => !isDirectory)
  const found = await Promise.all(
    names.map(async ({ name }): Promise<SegmentFile | undefined> => {
      const stat = await files.stat(join(folder, name))
      return stat && { name, ...kindOf(join(folder, name)), sizeBytes: stat.size }
    }),
  )
  // One that was removed while the others were looked at is no file any more.
  return found.filter(each => each !== undefined).sort((one, other) => (one.name < other.name ? -1 : 1))
}

/** What a file of a partition's folder is, by its name. */
export function kindOf(path: string): Pick<SegmentFile, 'kind' | 'offset' | 'suffix'> {
  const kind = fileKindOf(path)
  if (kind === undefined) return { kind: 'other', offset: null, suffix: '' }
  if ('contents' in kind) return { kind: kind.kind, offset: kind.offset, suffix: kind.suffix as SegmentFile['suffix'] }
  const small = kind.kind === 'leaderEpochs' || kind.kind === 'partitionMetadata'
  return { kind: small ? kind.kind : 'other', offset: null, suffix: '' }
}

/** None where the file is missing or damaged: its own entries tell. */
export async function epochsOf(files: ReadableFiles, folder: string): Promise<readonly EpochStart[]> {
  return (await readSmall(files, join(folder, 'leader-epoch-checkpoint'), decodeLeaderEpochCheckpoint)) ?? []
}

async function offsetIn(files: ReadableFiles, path: string, { topic, partition }: PartitionName): Promise<number | undefined> {
  const entries: readonly PartitionOffset[] = (await readSmall(files, path, decodeOffsetCheckpoint)) ?? []
  return entries.find(each => each.topic === topic && each.partition === partition)?.offset
}

async function readSmall<T>(files: ReadableFiles, path: string, decode: (bytes: Buffer) => T): Promise<T | undefined> {
  try {
    await using opened = await openFile(files, path)
    const { file } = opened
    return file.size === 0 || file.size > MAX_SMALL_BYTES ? undefined : decode(await file.read(0, file.size))
  } catch (problem) {
    if (problem instanceof MalformedMessage || isMissing(problem)) return undefined
    throw problem
  }
}

/** To be closed by `await using`. */
export async function openFile(files: ReadableFiles, path: string) {
  const file = await files.open(path)
  return { file, [Symbol.asyncDispose]: () => file.close() }
}

async function listed(files: ReadableFiles, path: string) {
  try {
    return await files.list(path)
  } catch (problem) {
    if (isMissing(problem)) return []
    throw problem
  }
}

export const isMissing = (problem: unknown): boolean =>
  problem instanceof DiskError && (problem.code === 'ENOENT' || problem.code === 'ENOTDIR')

/** Whether what was asked for is the name of a file and not a way to another one. */
export const isPlainName = (name: string): boolean => basename(name) === name && name !== '.' && name !== '..'
