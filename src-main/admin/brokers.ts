import type { BrokerDetail, BrokerLogDir, BrokerShare, brokers } from '../contract/brokers.ts'
import type { Served } from '../contract/operations.ts'
import { errorName } from '../protocol/errors.ts'
import { ApiVersions } from '../protocol/messages/apiVersions.ts'
import { DescribeLogDirs } from '../protocol/messages/describeLogDirs.ts'
import { allApis } from '../protocol/messages/index.ts'
import type { ClusterMetadata } from './clusterMetadata.ts'
import { brokerConfigs } from './configs.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { unlessUnknown } from './topicSurvey.ts'

const TIMEOUT_MS = 2_500

/** What a person learns of brokers, on any cluster. */
export function brokerServices(clientOf: (clusterId: string) => KafkaClient): Served<typeof brokers> {
  return {
    describe: async ({ clusterId, brokerId }) => describe(clientOf(clusterId), brokerId),
    offered: async ({ clusterId }) => offered(clientOf(clusterId)),
  }
}

async function describe(client: KafkaClient, brokerId: number): Promise<BrokerDetail> {
  const cluster = await client.cluster()
  const node = cluster.brokers.find(each => each.brokerId === brokerId)
  const isAlive = node !== undefined
  const [configs, logDirs] = await Promise.all([
    isAlive ? unlessUnknown(brokerConfigs(client, brokerId)) : undefined,
    isAlive ? unlessUnknown(logDirsOf(client, brokerId)) : undefined,
  ])
  return {
    brokerId,
    host: node?.host ?? null,
    port: node?.port ?? null,
    isController: cluster.controllerId === brokerId,
    configs: configs ?? null,
    logDirs: logDirs ?? null,
    shares: sharesOf(cluster),
  }
}

function sharesOf({ brokers: alive, topics }: ClusterMetadata): BrokerShare[] {
  const shares = new Map<number, { brokerId: number; replicas: number; leaders: number; preferred: number }>()
  const shareOf = (brokerId: number) => {
    let share = shares.get(brokerId)
    if (share === undefined) shares.set(brokerId, (share = { brokerId, replicas: 0, leaders: 0, preferred: 0 }))
    return share
  }
  for (const { brokerId } of alive) shareOf(brokerId)
  for (const { partitions } of topics) {
    for (const { leader, replicas } of partitions) {
      for (const brokerId of replicas) shareOf(brokerId).replicas += 1
      const [preferred] = replicas
      if (preferred !== undefined) shareOf(preferred).preferred += 1
      if (leader !== null) shareOf(leader).leaders += 1
    }
  }
  return [...shares.values()].sort((one, other) => one.brokerId - other.brokerId)
}

async function logDirsOf(client: KafkaClient, brokerId: number): Promise<BrokerLogDir[]> {
  const { results } = await client.broker(brokerId, 'disk', DescribeLogDirs, () => ({ topics: null }), { timeoutMs: TIMEOUT_MS })
  return results.map(({ errorCode, logDir, topics, totalBytes, usableBytes }) => {
    const error = errorName(errorCode)
    return {
      path: logDir,
      problem: error === 'NONE' ? null : error,
      totalBytes: totalBytes < 0 ? null : totalBytes,
      usableBytes: usableBytes < 0 ? null : usableBytes,
      topics: topics
        .map(({ name, partitions }) => ({
          topic: name,
          partitions: partitions.length,
          sizeBytes: partitions.reduce((sum, { partitionSize }) => sum + partitionSize, 0),
        }))
        .sort((one, other) => other.sizeBytes - one.sizeBytes || (one.topic < other.topic ? -1 : 1)),
    }
  })
}

async function offered(client: KafkaClient): Promise<string[]> {
  const { apiKeys } = await client.retrying(() =>
    client.any(ApiVersions, () => ({ clientSoftwareName: 'trilog', clientSoftwareVersion: '1' })),
  )
  return allApis
    .filter(({ key, versions: [first, last] }) =>
      apiKeys.some(({ apiKey, minVersion, maxVersion }) => apiKey === key && minVersion <= last && maxVersion >= first),
    )
    .map(({ name }) => name)
}
