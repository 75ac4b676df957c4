import { errorCode } from '../../protocol/errors.ts'
import { AllocateProducerIds } from '../../protocol/messages/allocateProducerIds.ts'
import { decideProducerIds } from '../producerIds.ts'
import { handle } from './handle.ts'

export const allocateProducerIds = handle(AllocateProducerIds, (request, { controller }) =>
  controller.decide(
    state => decideProducerIds(state, request),
    error => ({ throttleTimeMs: 0, errorCode: errorCode(error), producerIdStart: -1, producerIdLen: 0 }),
  ),
)
