import { type ErrorName, errorCode } from '../../protocol/errors.ts'
import { OffsetDelete } from '../../protocol/messages/offsetDelete.ts'
import { handle } from './handle.ts'

export const offsetDelete = handle(OffsetDelete, async (request, { groups, allowed, metadata }, call) => {
  const { groupId } = request
  if (!allowed(call, 'delete', { type: 'group', name: groupId })) {
    return { errorCode: errorCode('GROUP_AUTHORIZATION_FAILED'), throttleTimeMs: 0, topics: [] }
  }
  const image = metadata()
  const check = (name: string): ErrorName =>
    !allowed(call, 'read', { type: 'topic', name })
      ? 'TOPIC_AUTHORIZATION_FAILED'
      : image.topicsByName.has(name)
        ? 'NONE'
        : 'UNKNOWN_TOPIC_OR_PARTITION'
  const asked = request.topics.map(({ name, partitions }) => ({
    topic: name,
    partitions: partitions.map(({ partitionIndex }) => partitionIndex),
    error: check(name),
  }))
  const { error, topics } = await groups.deleteOffsets(
    groupId,
    asked.filter(topic => topic.error === 'NONE'),
  )
  if (error !== 'NONE') return { errorCode: errorCode(error), throttleTimeMs: 0, topics: [] }
  const refused = asked
    .filter(topic => topic.error !== 'NONE')
    .map(topic => ({ topic: topic.topic, partitions: topic.partitions.map(partition => ({ partition, error: topic.error })) }))
  return {
    errorCode: 0,
    throttleTimeMs: 0,
    topics: [...topics, ...refused].map(({ topic, partitions }) => ({
      name: topic,
      partitions: partitions.map(each => ({ partitionIndex: each.partition, errorCode: errorCode(each.error) })),
    })),
  }
})
