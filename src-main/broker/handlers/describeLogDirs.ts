import { DiskError } from '../../env/env.ts'
import { errorCode } from '../../protocol/errors.ts'
import { DescribeLogDirs } from '../../protocol/messages/describeLogDirs.ts'
import type { ResponseInput } from '../../protocol/schema.ts'
import type { PartitionLog } from '../../storage/partitionLog.ts'
import { handle, type LogFolder } from './handle.ts'

type Result = ResponseInput<typeof DescribeLogDirs>['results'][number]

export const describeLogDirs = handle(DescribeLogDirs, async (request, { replicas, logFolders, allowed }, call) => {
  if (!allowed(call, 'describe', { type: 'cluster', name: 'kafka-cluster' })) {
    return { throttleTimeMs: 0, errorCode: errorCode('CLUSTER_AUTHORIZATION_FAILED'), results: [] }
  }
  const asked = request.topics === null ? undefined : new Map(request.topics.map(({ topic, partitions }) => [topic, new Set(partitions)]))
  // The metadata log is nobody's replica, and what is about to be deleted is none any more.
  const served = new Set([...replicas.partitions()].map(each => each.log))
  const isAsked = (log: PartitionLog) => served.has(log) && (asked?.get(log.topic)?.has(log.partition) ?? asked === undefined)
  return { throttleTimeMs: 0, errorCode: 0, results: await Promise.all(logFolders().map(folder => describeFolder(folder, isAsked))) }
})

async function describeFolder(folder: LogFolder, isAsked: (log: PartitionLog) => boolean): Promise<Result> {
  if (folder.logs === undefined) return { errorCode: errorCode('KAFKA_STORAGE_ERROR'), logDir: folder.path, topics: [] }
  const byTopic = Map.groupBy(folder.logs.filter(isAsked), ({ topic }) => topic)
  try {
    const { totalBytes, freeBytes } = await folder.space()
    const topics = [...byTopic].map(([name, logs]) => ({ name, partitions: logs.map(describe) }))
    return { errorCode: 0, logDir: folder.path, topics, totalBytes, usableBytes: freeBytes }
  } catch (problem) {
    if (!(problem instanceof DiskError)) throw problem
    return { errorCode: errorCode('KAFKA_STORAGE_ERROR'), logDir: folder.path, topics: [] }
  }
}

function describe({ partition, sizeInBytes, highWatermark, logEndOffset }: PartitionLog) {
  const lag = Math.max(0, highWatermark - logEndOffset)
  return { partitionIndex: partition, partitionSize: sizeInBytes, offsetLag: lag, isFutureKey: false }
}
