import { join } from 'node:path'
import type { PartitionReplicas } from '../contract/cluster.ts'
import { type Disk, DiskError } from '../env/env.ts'
import { MalformedMessage } from '../protocol/byteReader.ts'
import { decodeOffsetCheckpoint } from '../protocol/files/checkpoints.ts'
import { parseLogFileName } from '../protocol/files/fileNames.ts'
import { parsePartitionDirectory } from '../protocol/files/partitionDirectory.ts'
import { decodePartitionMetadata, PARTITION_METADATA_FILE } from '../protocol/files/partitionMetadata.ts'

export interface SegmentFile {
  readonly baseOffset: number
  /** Of the `.log` file; its indexes are beside it. */
  readonly path: string
  readonly size: number
}

/** The committed records of a partition as they lie on a disk of this machine. */
export interface ReplicaLog {
  readonly partition: number
  readonly brokerId: number
  readonly logStartOffset: number
  /** Nothing from here on is known to be committed. */
  readonly highWatermark: number
  /** From the oldest on. */
  readonly segments: readonly SegmentFile[]
}

interface Replica extends ReplicaLog {
  readonly topicId: string
  readonly madeAtMs: number
}

type Living = Pick<PartitionReplicas, 'topic' | 'partition' | 'leader' | 'highWatermark'>

export interface BrokerDirectories {
  readonly brokerId: number
  readonly directories: readonly string[]
}

/**
 * Of each partition of a topic the replica with the longest committed log, whether its broker runs or not. What a replica has checkpointed as its high
 * watermark is committed, and so is what the living leader says of its own; another replica's high watermark proves nothing of this one's records.
 */
export async function replicaLogs(
  disk: Disk,
  brokers: readonly BrokerDirectories[],
  topic: string,
  living: readonly Living[],
): Promise<ReplicaLog[]> {
  const found = await Promise.all(
    brokers.flatMap(({ brokerId, directories }) => directories.map(directory => replicasIn(disk, { brokerId, directory }, topic, living))),
  )
  const replicas = theTopic(found.flat())
  const best = new Map<number, Replica>()
  for (const replica of replicas) {
    const known = best.get(replica.partition)
    if (known === undefined || replica.highWatermark > known.highWatermark) best.set(replica.partition, replica)
  }
  return [...best.values()].sort((one, other) => one.partition - other.partition)
}

/** A broker that slept while the topic was deleted and made anew still has the old one: the one with more replicas counts, then the younger one. */
function theTopic(replicas: readonly Replica[]): readonly Replica[] {
  const topics = [...Map.groupBy(replicas, ({ topicId }) => topicId).values()]
  const age = (of: readonly Replica[]) => Math.max(...of.map(({ madeAtMs }) => madeAtMs))
  return topics.sort((one, other) => other.length - one.length || age(other) - age(one))[0] ?? []
}

async function replicasIn(
  disk: Disk,
  { brokerId, directory }: { readonly brokerId: number; readonly directory: string },
  topic: string,
  living: readonly Living[],
): Promise<Replica[]> {
  const names = (await listed(disk, directory)).filter(name => parsePartitionDirectory(name)?.topic === topic)
  if (names.length === 0) return []
  const [highWatermarks, logStarts] = await Promise.all(
    ['replication-offset-checkpoint', 'log-start-offset-checkpoint'].map(name => checkpoint(disk, join(directory, name), topic)),
  )
  const replicas = await Promise.all(
    names.map(async (name): Promise<Replica | undefined> => {
      const { partition, state } = parsePartitionDirectory(name)!
      if (state !== 'current') return undefined
      const folder = join(directory, name)
      const segments = await segmentsIn(disk, folder)
      const made = await topicOf(disk, folder)
      if (segments.length === 0 || made === undefined) return undefined
      const led = living.find(each => each.topic === topic && each.partition === partition && each.leader === brokerId)
      return {
        partition,
        brokerId,
        logStartOffset: Math.max(logStarts?.get(partition) ?? 0, segments[0]?.baseOffset ?? 0),
        highWatermark: Math.max(highWatermarks?.get(partition) ?? 0, led?.highWatermark ?? 0),
        segments,
        ...made,
      }
    }),
  )
  return replicas.filter(each => each !== undefined)
}

async function segmentsIn(disk: Disk, folder: string): Promise<SegmentFile[]> {
  const segments = await Promise.all(
    (await listed(disk, folder)).map(async name => {
      const file = parseLogFileName(name)
      if (file?.kind !== 'log' || file.suffix !== '') return undefined
      const path = join(folder, name)
      const stat = await disk.stat(path)
      return stat === undefined ? undefined : { baseOffset: file.offset, path, size: stat.size }
    }),
  )
  return segments.filter(each => each !== undefined).sort((one, other) => one.baseOffset - other.baseOffset)
}

async function topicOf(disk: Disk, folder: string): Promise<{ topicId: string; madeAtMs: number } | undefined> {
  const path = join(folder, PARTITION_METADATA_FILE)
  const stat = await disk.stat(path)
  const bytes = await readIfThere(disk, path)
  if (stat === undefined || bytes === undefined) return undefined
  try {
    return { topicId: decodePartitionMetadata(bytes).topicId, madeAtMs: stat.modifiedMs }
  } catch (problem) {
    if (problem instanceof MalformedMessage) return undefined
    throw problem
  }
}

/** Nothing is known to be committed where the file is missing or damaged. */
async function checkpoint(disk: Disk, path: string, topic: string): Promise<ReadonlyMap<number, number>> {
  const bytes = await readIfThere(disk, path)
  try {
    const entries = bytes === undefined ? [] : decodeOffsetCheckpoint(bytes)
    return new Map(entries.filter(entry => entry.topic === topic).map(({ partition, offset }) => [partition, offset]))
  } catch (problem) {
    if (problem instanceof MalformedMessage) return new Map()
    throw problem
  }
}

async function readIfThere(disk: Disk, path: string): Promise<Buffer | undefined> {
  try {
    return await disk.readFile(path)
  } catch (problem) {
    if (isMissing(problem)) return undefined
    throw problem
  }
}

async function listed(disk: Disk, path: string): Promise<string[]> {
  try {
    return (await disk.list(path)).map(({ name }) => name)
  } catch (problem) {
    if (isMissing(problem)) return []
    throw problem
  }
}

const isMissing = (problem: unknown) => problem instanceof DiskError && (problem.code === 'ENOENT' || problem.code === 'ENOTDIR')
