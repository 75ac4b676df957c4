import { CreatePartitions } from '../../protocol/messages/createPartitions.ts'
import { refusal } from '../decision.ts'
import { decidePartitionCreation, refusedGrowth } from '../partitions.ts'
import { handle } from './handle.ts'

export const createPartitions = handle(CreatePartitions, (request, { controller }) =>
  controller.decide(
    state => decidePartitionCreation(state, request),
    error => refusedGrowth(request, refusal(error)),
  ),
)
