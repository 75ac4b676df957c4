import type { MetadataImage } from '../../metadata/image.ts'
import { type ErrorName, errorCode } from '../../protocol/errors.ts'
import type { FetchedTopic } from '../coordinators/group/fetchOffsets.ts'
import { OffsetFetch } from '../../protocol/messages/offsetFetch.ts'
import type { Call } from '../../wire/handler.ts'
import { type BrokerParts, handle } from './handle.ts'

interface AskedTopic {
  readonly name: string
  readonly partitionIndexes: readonly number[]
}

interface AnsweredPartition {
  readonly partitionIndex: number
  readonly committedOffset: number
  readonly committedLeaderEpoch: number
  readonly metadata: string | null
  readonly errorCode: number
}

interface AnsweredTopic {
  readonly name: string
  readonly partitions: readonly AnsweredPartition[]
}

/**
 * `requireStable` (KIP-447) asks to hide offsets that an open transaction is about to replace; without transactions every offset is stable.
 */
export const offsetFetch = handle(OffsetFetch, async (request, parts, call) => {
  if (call.apiVersion >= 8) {
    const groups = request.groups.map(async ({ groupId, topics }) => {
      const { error, answered } = await fetchGroup(groupId, topics, parts, call)
      return { groupId, topics: error === 'NONE' ? answered : [], errorCode: errorCode(error) }
    })
    return { throttleTimeMs: 0, groups: await Promise.all(groups) }
  }
  const { error, answered } = await fetchGroup(request.groupId, request.topics, parts, call)
  // Version 1 has no error of its own: each partition carries it. Later ones carry both.
  const topics = error === 'NONE' ? answered : (request.topics ?? []).map(topic => withError(topic, error))
  return { throttleTimeMs: 0, topics, errorCode: errorCode(error) }
})

async function fetchGroup(
  groupId: string,
  asked: readonly AskedTopic[] | null,
  { groups, allowed, metadata }: BrokerParts,
  call: Call,
): Promise<{ readonly error: ErrorName; readonly answered: readonly AnsweredTopic[] }> {
  if (!allowed(call, 'describe', { type: 'group', name: groupId })) return { error: 'GROUP_AUTHORIZATION_FAILED', answered: [] }
  const mayDescribe = ({ name }: { readonly name: string }) => allowed(call, 'describe', { type: 'topic', name })
  const { error, topics: found } = await groups.fetchOffsets(
    groupId,
    asked === null ? null : asked.filter(mayDescribe).map(({ name, partitionIndexes }) => ({ topic: name, partitions: partitionIndexes })),
  )
  if (error !== 'NONE') return { error, answered: [] }
  const known = found.map(topic => withoutDeleted(topic, metadata()))
  // Whoever asks for all hears of those that have an offset.
  const topics = asked === null ? known.filter(({ partitions }) => partitions.some(each => each.committed !== undefined)) : known
  const answered = topics.map(({ topic, partitions }) => ({
    name: topic,
    partitions: partitions.map(({ partition, committed }) => ({
      partitionIndex: partition,
      committedOffset: committed?.offset ?? -1,
      committedLeaderEpoch: committed?.leaderEpoch ?? -1,
      metadata: committed?.metadata ?? '',
      errorCode: 0,
    })),
  }))
  // Of all topics a client is shown those it may see; of the ones it names it hears that it may not.
  if (asked === null) return { error, answered: answered.filter(mayDescribe) }
  const denied = asked.filter(topic => !mayDescribe(topic)).map(topic => withError(topic, 'TOPIC_AUTHORIZATION_FAILED'))
  return { error, answered: [...answered, ...denied] }
}

/**
 * Differs from Kafka: what was read of a topic that is gone is never taken for a newer one's of the same name, also when there was no coordinator to
 * forget it while the topic was deleted. Who committed knew no newer metadata than who coordinates now.
 */
function withoutDeleted({ topic, partitions }: FetchedTopic, image: MetadataImage): FetchedTopic {
  const isDeleted = (topicId: string | undefined) => topicId !== undefined && !image.topicsById.has(topicId)
  return {
    topic,
    partitions: partitions.map(each => (isDeleted(each.committed?.topicId) ? { ...each, committed: undefined } : each)),
  }
}

function withError({ name, partitionIndexes }: AskedTopic, error: ErrorName): AnsweredTopic {
  return {
    name,
    partitions: partitionIndexes.map(partitionIndex => ({
      partitionIndex,
      committedOffset: -1,
      committedLeaderEpoch: -1,
      metadata: '',
      errorCode: errorCode(error),
    })),
  }
}
