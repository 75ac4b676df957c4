import { api, int16, int32, int64, type RequestOf, type ResponseOf, withDefault } from '../schema.ts'

/** A broker gets a block of producer ids from the controller (KIP-730). */
export const AllocateProducerIds = api({
  key: 67,
  name: 'AllocateProducerIds',
  versions: [0, 0],
  flexibleFrom: 0,
  request: { brokerId: int32, brokerEpoch: withDefault(int64, -1) },
  response: { throttleTimeMs: int32, errorCode: int16, producerIdStart: int64, producerIdLen: int32 },
})
export type AllocateProducerIdsRequest = RequestOf<typeof AllocateProducerIds>
export type AllocateProducerIdsResponse = ResponseOf<typeof AllocateProducerIds>
