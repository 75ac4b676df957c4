import type { TopicSurvey } from '../contract/topics.ts'
import { errorName } from '../protocol/errors.ts'
import { DescribeTopicPartitions, type DescribeTopicPartitionsResponse } from '../protocol/messages/describeTopicPartitions.ts'
import { ListGroups } from '../protocol/messages/listGroups.ts'
import type { BrokerNode, TopicMetadata } from './clusterMetadata.ts'
import { oneConfigOf } from './configs.ts'
import type { CommittedOffset } from './groupLag.ts'
import { committedOffsets } from './committedOffsets.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { isTransient, KafkaError } from './kafkaError.ts'
import { LATEST, listOffsets, type OffsetTable } from './offsets.ts'

const PATIENCE_MS = 2_500
/** A cursor that stands still, or a cluster that grows faster than it is read, ends here. */
const MAX_PAGES = 100

/** What a list of topics shows beside each, on any cluster: what nobody says in time stays unknown. */
export async function surveyTopics(client: KafkaClient): Promise<TopicSurvey[]> {
  const { topics, brokers } = await client.cluster()
  const known = topics.filter(({ error }) => error === 'NONE')
  const [policies, eligible, committed, ends] = await Promise.all([
    unlessUnknown(
      oneConfigOf(
        client,
        known.map(({ name }) => name),
        'cleanup.policy',
      ),
    ),
    unlessUnknown(eligibleLeaders(client, null)),
    committedBy(client, brokers),
    listOffsets(client, known, LATEST, client.deadline(PATIENCE_MS)),
  ])
  const byTopic = Map.groupBy(committed, ({ topic }) => topic)
  return known.map(({ name }) => ({
    name,
    isCompacted: policies?.get(name)?.split(',').includes('compact') ?? null,
    withEligibleLeaders:
      eligible === undefined ? null : [...(eligible.get(name)?.values() ?? [])].filter(({ length }) => length > 0).length,
    ...consumptionOf(byTopic.get(name), ends),
  }))
}

function consumptionOf(committed: readonly CommittedOffset[] | undefined, ends: OffsetTable) {
  if (committed === undefined) return { lag: null, committedOffsets: null }
  let lag: number | null = 0
  let sum = 0
  for (const { topic, partition, offset } of committed) {
    const end = ends.get(topic, partition)
    sum += offset
    lag = lag === null || end === undefined ? null : lag + Math.max(0, end - offset)
  }
  return { lag, committedOffsets: sum }
}

/** What all groups have committed, as far as their coordinators say. */
async function committedBy(client: KafkaClient, brokers: readonly BrokerNode[]): Promise<CommittedOffset[]> {
  const found = await Promise.all(
    brokers.map(({ brokerId }) =>
      unlessUnknown(
        (async () => {
          const { groups } = await client.broker(brokerId, 'query', ListGroups, () => ({}), { timeoutMs: PATIENCE_MS })
          if (groups.length === 0) return []
          const committed = await committedOffsets(
            client,
            brokerId,
            groups.map(({ groupId }) => groupId),
          )
          return [...committed.values()].flat()
        })(),
      ),
    ),
  )
  return found.flatMap(each => each ?? [])
}

/** By topic and partition, who may lead beside the in-sync replicas (KIP-966). Throws UNSUPPORTED_VERSION where the cluster does not tell. */
export async function eligibleLeaders(
  client: KafkaClient,
  topics: readonly TopicMetadata[] | null,
): Promise<ReadonlyMap<string, ReadonlyMap<number, readonly number[]>>> {
  const found = new Map<string, Map<number, readonly number[]>>()
  let cursor: DescribeTopicPartitionsResponse['nextCursor'] = null
  for (let page = 0; page < MAX_PAGES; page++) {
    const request = { topics: (topics ?? []).map(({ name }) => ({ name })), responsePartitionLimit: 2_000, cursor }
    const answer: DescribeTopicPartitionsResponse = await client.any(DescribeTopicPartitions, () => request)
    for (const { errorCode, name, partitions } of answer.topics) {
      if (errorName(errorCode) !== 'NONE' || name === null) continue
      const ofTopic = found.get(name) ?? new Map<number, readonly number[]>()
      found.set(name, ofTopic)
      for (const { partitionIndex, eligibleLeaderReplicas } of partitions) ofTopic.set(partitionIndex, eligibleLeaderReplicas ?? [])
    }
    cursor = answer.nextCursor
    if (cursor === null) return found
  }
  return found
}

/** Undefined for what the cluster does not say, or not to us. */
export async function unlessUnknown<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (problem) {
    if (isTransient(problem) || problem instanceof KafkaError) return undefined
    throw problem
  }
}
