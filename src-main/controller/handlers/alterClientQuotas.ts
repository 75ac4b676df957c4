import { AlterClientQuotas } from '../../protocol/messages/alterClientQuotas.ts'
import { decideClientQuotas, refusedQuotas } from '../clientQuotas.ts'
import { refusal } from '../decision.ts'
import { handle } from './handle.ts'

export const alterClientQuotas = handle(AlterClientQuotas, (request, { controller }) =>
  controller.decide(
    state => decideClientQuotas(state, request),
    error => refusedQuotas(request, refusal(error)),
  ),
)
