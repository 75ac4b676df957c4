import { errorCode, errorMessage } from '../../protocol/errors.ts'
import { ListPartitionReassignments } from '../../protocol/messages/listPartitionReassignments.ts'
import { forward } from './forward.ts'
import { handle } from './handle.ts'

/** Answered by the controller, as in Kafka: whoever has just begun a move and asks whether it has ended must not hear of a time before. */
export const listPartitionReassignments = handle(ListPartitionReassignments, (request, parts, call) => {
  if (!parts.allowed(call, 'describe', { type: 'cluster', name: 'kafka-cluster' })) return refused('CLUSTER_AUTHORIZATION_FAILED')
  return forward(parts, ListPartitionReassignments, request, {
    timeoutMs: request.timeoutMs,
    unreachable: () => refused('REQUEST_TIMED_OUT'),
  })
})

function refused(error: 'CLUSTER_AUTHORIZATION_FAILED' | 'REQUEST_TIMED_OUT') {
  return { throttleTimeMs: 0, errorCode: errorCode(error), errorMessage: errorMessage(error), topics: [] }
}
