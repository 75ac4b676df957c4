import { type ErrorName, errorCode } from '../../protocol/errors.ts'
import { OffsetCommit } from '../../protocol/messages/offsetCommit.ts'
import type { CommitTopic } from '../coordinators/group/commitOffsets.ts'
import { handle } from './handle.ts'

export const offsetCommit = handle(OffsetCommit, async (request, { groups, allowed, metadata }, call) => {
  const { groupId, memberId, groupInstanceId, retentionTimeMs, generationIdOrMemberEpoch: generationId } = request
  const image = metadata()
  /** The error of each partition asked for, by topic and partition; `NONE` until something is found to be wrong. */
  const errors = new Map<string, Map<number, ErrorName>>()
  const known: CommitTopic[] = []
  for (const { name, partitions } of request.topics) {
    const topic = image.topicsByName.get(name)
    const ofTopic: ErrorName = allowed(call, 'read', { type: 'topic', name }) ? 'NONE' : 'TOPIC_AUTHORIZATION_FAILED'
    const found = errors.get(name) ?? new Map<number, ErrorName>()
    errors.set(name, found)
    const exists = (partition: number) => topic?.partitions[partition] !== undefined
    for (const { partitionIndex } of partitions) {
      found.set(partitionIndex, ofTopic === 'NONE' && !exists(partitionIndex) ? 'UNKNOWN_TOPIC_OR_PARTITION' : ofTopic)
    }
    known.push({
      topic: name,
      topicId: topic?.topicId,
      partitions: partitions
        .filter(({ partitionIndex }) => found.get(partitionIndex) === 'NONE')
        .map(each => ({
          partition: each.partitionIndex,
          offset: each.committedOffset,
          leaderEpoch: each.committedLeaderEpoch,
          metadata: each.committedMetadata,
        })),
    })
  }

  const isAllowed = allowed(call, 'read', { type: 'group', name: groupId })
  const { error, topics } = isAllowed
    ? await groups.commitOffsets(groupId, { memberId, groupInstanceId, generationId, retentionTimeMs, topics: known })
    : { error: 'GROUP_AUTHORIZATION_FAILED' as const, topics: [] }
  // From version 9 on (KIP-848) a member of a group that is gone is told so.
  const ofGroup = error === 'GROUP_ID_NOT_FOUND' && call.apiVersion < 9 ? 'ILLEGAL_GENERATION' : error
  for (const { topic, partitions } of topics) for (const each of partitions) errors.get(topic)?.set(each.partition, each.error)
  return {
    throttleTimeMs: 0,
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => {
        const own = errors.get(name)?.get(partitionIndex) ?? 'NONE'
        return { partitionIndex, errorCode: errorCode(own === 'NONE' ? ofGroup : own) }
      }),
    })),
  }
})
