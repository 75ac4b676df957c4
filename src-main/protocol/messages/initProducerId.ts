import { api, int16, int32, int64, nullableString, type RequestOf, type ResponseOf, since, withDefault } from '../schema.ts'

/**
 * Gives a producer its id and epoch, and for a transactional id fences and finishes what an earlier incarnation left open (KIP-98,
 * KIP-360).
 */
export const InitProducerId = api({
  key: 22,
  name: 'InitProducerId',
  versions: [0, 5],
  flexibleFrom: 2,
  request: {
    transactionalId: nullableString,
    transactionTimeoutMs: int32,
    producerId: since(3, int64, -1),
    producerEpoch: since(3, int16, -1),
  },
  response: { throttleTimeMs: int32, errorCode: int16, producerId: withDefault(int64, -1), producerEpoch: int16 },
})
export type InitProducerIdRequest = RequestOf<typeof InitProducerId>
export type InitProducerIdResponse = ResponseOf<typeof InitProducerId>
