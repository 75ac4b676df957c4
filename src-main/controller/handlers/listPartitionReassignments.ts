import { ListPartitionReassignments } from '../../protocol/messages/listPartitionReassignments.ts'
import { refusal } from '../decision.ts'
import { listReassignments, refusedReassignments } from '../reassignments.ts'
import { handle } from './handle.ts'

export const listPartitionReassignments = handle(ListPartitionReassignments, (request, { controller }) =>
  controller.decide(
    state => listReassignments(state, request),
    error => ({ ...refusedReassignments(refusal(error)), topics: [] }),
  ),
)
