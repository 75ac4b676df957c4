import { AlterPartitionReassignments } from '../../protocol/messages/alterPartitionReassignments.ts'
import { refusal } from '../decision.ts'
import { decideReassignments, refusedReassignments } from '../reassignments.ts'
import { handle } from './handle.ts'

export const alterPartitionReassignments = handle(AlterPartitionReassignments, (request, { controller }) =>
  controller.decide(
    state => decideReassignments(state, request),
    error => ({ ...refusedReassignments(refusal(error)), responses: [] }),
  ),
)
