import { UpdateFeatures } from '../../protocol/messages/updateFeatures.ts'
import { refusal } from '../decision.ts'
import { decideFeatureUpdates, refusedFeatures } from '../featureUpdates.ts'
import { handle } from './handle.ts'

export const updateFeatures = handle(UpdateFeatures, (request, { controller }) =>
  controller.decide(
    state => decideFeatureUpdates(state, request),
    error => refusedFeatures(refusal(error)),
  ),
)
