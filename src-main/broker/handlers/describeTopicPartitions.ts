import { ZERO_UUID } from '../../base/uuid.ts'
import type { MetadataImage, PartitionImage, TopicImage } from '../../metadata/image.ts'
import { errorCode, type ErrorName } from '../../protocol/errors.ts'
import { DescribeTopicPartitions, type DescribeTopicPartitionsRequest } from '../../protocol/messages/describeTopicPartitions.ts'
import type { ResponseInput } from '../../protocol/schema.ts'
import { isInternalTopic, isLegalTopicName } from '../internalTopics.ts'
import { everyTopicOperation } from './authorizedOperations.ts'
import { handle } from './handle.ts'
import { endpointOf } from './whereabouts.ts'

type Answer = ResponseInput<typeof DescribeTopicPartitions>
type AnsweredTopic = Answer['topics'][number]

export const describeTopicPartitions = handle(DescribeTopicPartitions, (request, { metadata, config, allowed }, call) =>
  topicPartitions(request, {
    image: metadata(),
    listener: call.listener,
    limit: Math.min(request.responsePartitionLimit, config.maxRequestPartitionSizeLimit),
    mayDescribe: name => allowed(call, 'describe', { type: 'topic', name }),
  }),
)

export interface Described {
  readonly image: MetadataImage
  /** Whose endpoints the leaders shall have. */
  readonly listener: string
  /** Most partitions in one answer. */
  readonly limit: number
  readonly mayDescribe: (topic: string) => boolean
}

/**
 * Topics in the order of their names, from the cursor on, until there are enough partitions: then the next cursor says where to go on. Asked for all,
 * what one may not see is left out; asked by name, it is refused, whether it exists or not.
 */
export function topicPartitions(request: DescribeTopicPartitionsRequest, { image, listener, limit, mayDescribe }: Described): Answer {
  const { cursor } = request
  const asksForAll = request.topics.length === 0
  const asked = asksForAll ? [...image.topicsByName.keys()] : [...new Set(request.topics.map(({ name }) => name))]
  if (cursor !== null && !asksForAll && !asked.includes(cursor.topicName)) {
    return { throttleTimeMs: 0, topics: asked.map(name => withoutPartitions(name, 'INVALID_REQUEST')), nextCursor: null }
  }
  const from = cursor?.topicName ?? ''
  const names = asked.filter(name => name >= from).toSorted()
  const denied = asksForAll
    ? []
    : names.filter(name => !mayDescribe(name)).map(name => withoutPartitions(name, 'TOPIC_AUTHORIZATION_FAILED'))
  const topics: AnsweredTopic[] = []
  let nextCursor: Answer['nextCursor'] = null
  let room = Math.max(0, limit)
  for (const topicName of names.filter(mayDescribe)) {
    if (room === 0) {
      nextCursor = { topicName, partitionIndex: 0 }
      break
    }
    const topic = image.topicsByName.get(topicName)
    if (topic === undefined) {
      if (!asksForAll)
        topics.push(withoutPartitions(topicName, isLegalTopicName(topicName) ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'INVALID_TOPIC_EXCEPTION'))
      continue
    }
    const first = topicName === cursor?.topicName ? Math.max(0, cursor.partitionIndex) : 0
    const end = Math.min(topic.partitions.length, first + room)
    const partitions = topic.partitions.slice(first, end)
    topics.push(describedTopic(topic, partitions, { image, listener }))
    room -= partitions.length
    if (end < topic.partitions.length) {
      nextCursor = { topicName, partitionIndex: end }
      break
    }
  }
  return { throttleTimeMs: 0, topics: [...topics, ...denied], nextCursor }
}

function withoutPartitions(name: string, error: ErrorName): AnsweredTopic {
  return { errorCode: errorCode(error), name, topicId: ZERO_UUID, isInternal: isInternalTopic(name), partitions: [] }
}

function describedTopic(
  { name, topicId }: TopicImage,
  partitions: readonly PartitionImage[],
  { image, listener }: Pick<Described, 'image' | 'listener'>,
): AnsweredTopic {
  const isAlive = (id: number) => image.brokers.get(id)?.fenced === false
  const isReached = (id: number) => isAlive(id) && endpointOf(image.brokers.get(id), listener) !== undefined
  return {
    errorCode: 0,
    name,
    topicId,
    isInternal: isInternalTopic(name),
    partitions: partitions.map(each => ({
      errorCode: 0,
      partitionIndex: each.partition,
      leaderId: isReached(each.leader) ? each.leader : -1,
      leaderEpoch: each.leaderEpoch,
      replicaNodes: each.replicas,
      isrNodes: each.isr,
      eligibleLeaderReplicas: each.elr,
      lastKnownElr: each.lastKnownElr,
      offlineReplicas: each.replicas.filter(id => !isAlive(id) || !image.hasOnlineDirectory(each, id)),
    })),
    topicAuthorizedOperations: everyTopicOperation,
  }
}
