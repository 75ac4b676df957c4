import { AlterUserScramCredentials } from '../../protocol/messages/alterUserScramCredentials.ts'
import { refusal } from '../decision.ts'
import { decideScramCredentials, refusedCredentials } from '../scramCredentials.ts'
import { handle } from './handle.ts'

export const alterUserScramCredentials = handle(AlterUserScramCredentials, (request, { controller }) =>
  controller.decide(
    state => decideScramCredentials(state, request),
    error => refusedCredentials(request, refusal(error)),
  ),
)
