import { AlterConfigs } from '../../protocol/messages/alterConfigs.ts'
import { decideConfigs, refusedConfigs } from '../configs.ts'
import { refusal } from '../decision.ts'
import { handle } from './handle.ts'

export const alterConfigs = handle(AlterConfigs, (request, { controller }) =>
  controller.decide(
    state => decideConfigs(state, request),
    error => refusedConfigs(request, refusal(error)),
  ),
)
