import { errorCode, errorMessage } from '../../protocol/errors.ts'
import { CreateTopics } from '../../protocol/messages/createTopics.ts'
import { forward, OWN_METADATA_PATIENCE_MS } from './forward.ts'
import { handle } from './handle.ts'

export const createTopics = handle(CreateTopics, async (request, parts, call) => {
  const mayCreate = (name: string) =>
    parts.allowed(call, 'create', { type: 'cluster', name: 'kafka-cluster' }) || parts.allowed(call, 'create', { type: 'topic', name })
  const refused = request.topics.filter(({ name }) => !mayCreate(name))
  const wanted = request.topics.filter(({ name }) => mayCreate(name))
  const { timeoutMs, validateOnly } = request
  const response = await forward(
    parts,
    CreateTopics,
    { topics: wanted, timeoutMs, validateOnly },
    { timeoutMs, unreachable: () => ({ throttleTimeMs: 0, topics: wanted.map(({ name }) => failed(name, 'REQUEST_TIMED_OUT')) }) },
  )
  const created = response.topics.filter(topic => topic.errorCode === 0).map(({ name }) => name)
  if (!validateOnly && created.length > 0) {
    await parts.metadataReaches(image => created.every(name => image.topicsByName.has(name)), OWN_METADATA_PATIENCE_MS)
  }
  return { throttleTimeMs: 0, topics: [...response.topics, ...refused.map(({ name }) => failed(name, 'TOPIC_AUTHORIZATION_FAILED'))] }
})

function failed(name: string, error: 'REQUEST_TIMED_OUT' | 'TOPIC_AUTHORIZATION_FAILED') {
  return { name, errorCode: errorCode(error), errorMessage: errorMessage(error) }
}
