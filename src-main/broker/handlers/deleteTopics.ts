import { ZERO_UUID } from '../../base/uuid.ts'
import { errorCode, errorMessage, type ErrorName } from '../../protocol/errors.ts'
import { DeleteTopics } from '../../protocol/messages/deleteTopics.ts'
import { forward, OWN_METADATA_PATIENCE_MS } from './forward.ts'
import { handle } from './handle.ts'

export const deleteTopics = handle(DeleteTopics, async (request, parts, call) => {
  const { timeoutMs } = request
  // Up to version 5 topics have names only, in a list of their own.
  const named = [...request.topics, ...request.topicNames.map(name => ({ name, topicId: ZERO_UUID }))]
  const nameOf = ({ name, topicId }: { name: string | null; topicId: string }) => name ?? parts.metadata().topicsById.get(topicId)?.name
  const isAllowed = (topic: { name: string | null; topicId: string }) => {
    const name = nameOf(topic)
    return name === undefined || parts.allowed(call, 'delete', { type: 'topic', name })
  }
  const topics = named.filter(isAllowed)
  const response = await forward(
    parts,
    DeleteTopics,
    { topics, timeoutMs },
    { timeoutMs, unreachable: () => ({ throttleTimeMs: 0, responses: topics.map(topic => failed(topic, 'REQUEST_TIMED_OUT')) }) },
  )
  const gone = response.responses.filter(each => each.errorCode === 0).flatMap(({ topicId }) => topicId ?? [])
  await parts.metadataReaches(image => gone.every(topicId => !image.topicsById.has(topicId)), OWN_METADATA_PATIENCE_MS)
  const denied = named.filter(topic => !isAllowed(topic)).map(topic => failed(topic, 'TOPIC_AUTHORIZATION_FAILED'))
  return { throttleTimeMs: 0, responses: [...response.responses, ...denied] }
})

function failed({ name, topicId }: { name: string | null; topicId: string }, error: ErrorName) {
  return { name, topicId, errorCode: errorCode(error), errorMessage: errorMessage(error) }
}
