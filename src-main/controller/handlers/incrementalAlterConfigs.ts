import { IncrementalAlterConfigs } from '../../protocol/messages/incrementalAlterConfigs.ts'
import { decideIncrementalConfigs, refusedConfigs } from '../configs.ts'
import { refusal } from '../decision.ts'
import { handle } from './handle.ts'

export const incrementalAlterConfigs = handle(IncrementalAlterConfigs, (request, { controller }) =>
  controller.decide(
    state => decideIncrementalConfigs(state, request),
    error => refusedConfigs(request, refusal(error)),
  ),
)
