import { errorCode } from '../../protocol/errors.ts'
import { DescribeLogDirs } from '../../protocol/messages/describeLogDirs.ts'
import type { Partition } from '../replication/partition.ts'
import { handle } from './handle.ts'

export const describeLogDirs = handle(DescribeLogDirs, async (request, { replicas, logFolder, allowed }, call) => {
  if (!allowed(call, 'describe', { type: 'cluster', name: 'kafka-cluster' })) {
    return { throttleTimeMs: 0, errorCode: errorCode('CLUSTER_AUTHORIZATION_FAILED'), results: [] }
  }
  const asked = request.topics === null ? undefined : new Map(request.topics.map(({ topic, partitions }) => [topic, new Set(partitions)]))
  const described = [...replicas.partitions()].filter(
    ({ topic, index, log }) => log !== undefined && (asked?.get(topic)?.has(index) ?? asked === undefined),
  )
  const byTopic = Map.groupBy(described, ({ topic }) => topic)
  const { totalBytes, freeBytes } = await logFolder.space()
  return {
    throttleTimeMs: 0,
    errorCode: 0,
    results: [
      {
        errorCode: 0,
        logDir: logFolder.path,
        topics: [...byTopic].map(([name, partitions]) => ({ name, partitions: partitions.map(describe) })),
        totalBytes,
        usableBytes: freeBytes,
      },
    ],
  }
})

function describe({ index, log }: Partition) {
  const lag = log === undefined ? 0 : Math.max(0, log.highWatermark - log.logEndOffset)
  return { partitionIndex: index, partitionSize: log?.sizeInBytes ?? 0, offsetLag: lag, isFutureKey: false }
}
