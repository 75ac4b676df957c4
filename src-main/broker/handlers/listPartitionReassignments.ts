import { errorCode, errorMessage } from '../../protocol/errors.ts'
import { ListPartitionReassignments } from '../../protocol/messages/listPartitionReassignments.ts'
import { handle } from './handle.ts'

/** Answered from the own metadata: a reassignment is a partition with replicas that come or go (KIP-455). */
export const listPartitionReassignments = handle(ListPartitionReassignments, (request, { metadata, allowed }, call) => {
  if (!allowed(call, 'describe', { type: 'cluster', name: 'kafka-cluster' })) {
    const error = 'CLUSTER_AUTHORIZATION_FAILED'
    return { throttleTimeMs: 0, errorCode: errorCode(error), errorMessage: errorMessage(error), topics: [] }
  }
  const image = metadata()
  const asked =
    request.topics ?? [...image.topicsByName.values()].map(({ name, partitions }) => ({ name, partitionIndexes: [...partitions.keys()] }))
  const topics = asked.map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.flatMap(partitionIndex => {
      const state = image.topicsByName.get(name)?.partitions[partitionIndex]
      if (state === undefined || state.addingReplicas.length + state.removingReplicas.length === 0) return []
      const { replicas, addingReplicas, removingReplicas } = state
      return [{ partitionIndex, replicas, addingReplicas, removingReplicas }]
    }),
  }))
  return { throttleTimeMs: 0, errorCode: 0, errorMessage: null, topics: topics.filter(({ partitions }) => partitions.length > 0) }
})
