import { errorCode } from '../../protocol/errors.ts'
import { ElectLeaders } from '../../protocol/messages/electLeaders.ts'
import { decideElections } from '../leaderElections.ts'
import { handle } from './handle.ts'

export const electLeaders = handle(ElectLeaders, (request, { controller }) =>
  controller.decide(
    state => decideElections(state, request),
    error => ({ throttleTimeMs: 0, errorCode: errorCode(error), replicaElectionResults: [] }),
  ),
)
