import type { CreatePartitions, CreatePartitionsRequest } from '../protocol/messages/createPartitions.ts'
import type { MetadataRecord } from '../protocol/messages/metadataRecords.ts'
import type { ResponseInput } from '../protocol/schema.ts'
import { newAssignmentProblem, placementProblem } from './assignments.ts'
import {
  accepted,
  type ControllerState,
  type Decision,
  isRefusal,
  MAX_PARTITIONS_PER_REQUEST,
  type Refusal,
  refusal,
  refused,
  repeated,
} from './decision.ts'
import { placeReplicas } from './placement.ts'
import { newPartition, placeable } from './topics.ts'

type AskedGrowth = CreatePartitionsRequest['topics'][number]

/** Adds partitions to topics, each for itself. A topic never shrinks. */
export function decidePartitionCreation(
  state: ControllerState,
  request: CreatePartitionsRequest,
): Decision<ResponseInput<typeof CreatePartitions>> {
  const twice = repeated(request.topics.map(topic => topic.name))
  const records: MetadataRecord[] = []
  const results = request.topics.map(asked => {
    const grown = twice.has(asked.name) ? refusal('INVALID_REQUEST', 'The topic is named twice in the request.') : grow(state, asked)
    if (isRefusal(grown)) return { name: asked.name, ...refused(grown) }
    if (records.length + grown.length > MAX_PARTITIONS_PER_REQUEST) {
      return { name: asked.name, ...refused(refusal('POLICY_VIOLATION', 'The request asks for too many partitions at once.')) }
    }
    records.push(...grown)
    return { name: asked.name, ...accepted }
  })
  return { records: request.validateOnly ? [] : records, reply: { throttleTimeMs: 0, results } }
}

function grow(state: ControllerState, { name, count, assignments }: AskedGrowth): MetadataRecord[] | Refusal {
  const { image, random } = state
  const topic = image.topicsByName.get(name)
  if (topic === undefined) return refusal('UNKNOWN_TOPIC_OR_PARTITION')
  const now = topic.partitions.length
  if (count <= now) {
    return refusal(
      'INVALID_PARTITIONS',
      count === now
        ? `Topic '${name}' has ${now} partitions already.`
        : `Topic '${name}' has ${now} partitions and cannot shrink to ${count}.`,
    )
  }
  const additional = count - now
  if (additional > MAX_PARTITIONS_PER_REQUEST) return refusal('POLICY_VIOLATION', 'The request asks for too many partitions at once.')
  // Differs from Kafka: while partition 0 is reassigned, those that it is about to lose do not count.
  const { replicas: first, removingReplicas } = topic.partitions[0]!
  const replicationFactor = first.length - removingReplicas.length

  if (assignments === null) {
    const impossible = placementProblem(image, replicationFactor)
    if (impossible !== undefined) return impossible
    const existing = topic.partitions.map(partition => partition.replicas)
    const placed = placeReplicas({ brokers: placeable(state), replicationFactor, count: additional, random, existing })
    return placed.map((replicas, index) => newPartition(state, topic.topicId, now + index, replicas))
  }

  if (assignments.length !== additional) {
    return refusal('INVALID_REPLICA_ASSIGNMENT', `${additional} partitions are to be added, but ${assignments.length} are assigned.`)
  }
  for (const { brokerIds } of assignments) {
    const problem = newAssignmentProblem(image, brokerIds, replicationFactor)
    if (problem !== undefined) return problem
  }
  return assignments.map(({ brokerIds }, index) => newPartition(state, topic.topicId, now + index, brokerIds))
}

/** For `refuse`-ing a whole CreatePartitions. */
export function refusedGrowth({ topics }: CreatePartitionsRequest, reason: Refusal): ResponseInput<typeof CreatePartitions> {
  return { throttleTimeMs: 0, results: topics.map(({ name }) => ({ name, ...refused(reason) })) }
}
