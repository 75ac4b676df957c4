import { errorCode, errorMessage, type ErrorName } from '../../protocol/errors.ts'
import { CreatePartitions } from '../../protocol/messages/createPartitions.ts'
import { forward, OWN_METADATA_PATIENCE_MS } from './forward.ts'
import { handle } from './handle.ts'

export const createPartitions = handle(CreatePartitions, async (request, parts, call) => {
  const isAllowed = ({ name }: { name: string }) => parts.allowed(call, 'alter', { type: 'topic', name })
  const topics = request.topics.filter(isAllowed)
  const { timeoutMs, validateOnly } = request
  const response = await forward(
    parts,
    CreatePartitions,
    { topics, timeoutMs, validateOnly },
    { timeoutMs, unreachable: () => ({ throttleTimeMs: 0, results: topics.map(({ name }) => failed(name, 'REQUEST_TIMED_OUT')) }) },
  )
  const grown = new Set(response.results.filter(each => each.errorCode === 0).map(({ name }) => name))
  const awaited = validateOnly ? [] : topics.filter(({ name }) => grown.has(name))
  await parts.metadataReaches(
    image => awaited.every(({ name, count }) => (image.topicsByName.get(name)?.partitions.length ?? 0) >= count),
    OWN_METADATA_PATIENCE_MS,
  )
  const denied = request.topics.filter(topic => !isAllowed(topic)).map(({ name }) => failed(name, 'TOPIC_AUTHORIZATION_FAILED'))
  return { throttleTimeMs: 0, results: [...response.results, ...denied] }
})

function failed(name: string, error: ErrorName) {
  return { name, errorCode: errorCode(error), errorMessage: errorMessage(error) }
}
