import { errorCode, type ErrorName } from '../../protocol/errors.ts'
import { InitProducerId } from '../../protocol/messages/initProducerId.ts'
import { handle } from './handle.ts'

export const initProducerId = handle(InitProducerId, async (request, { producerIds }) => {
  if (request.transactionalId === '') return refused('INVALID_REQUEST')
  // There is no transaction coordinator, and no API of transactions is advertised.
  if (request.transactionalId !== null) return refused('UNSUPPORTED_VERSION')
  const given = await producerIds.next()
  if (given.error !== 'NONE') return refused(given.error)
  return { throttleTimeMs: 0, errorCode: 0, producerId: given.producerId, producerEpoch: 0 }
})

function refused(error: ErrorName) {
  return { throttleTimeMs: 0, errorCode: errorCode(error), producerId: -1, producerEpoch: -1 }
}
