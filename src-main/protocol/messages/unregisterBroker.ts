import { api, int16, int32, nullableString, type RequestOf, type ResponseOf } from '../schema.ts'

/** Removes a broker's registration for good (KIP-500): for one that will not come back. */
export const UnregisterBroker = api({
  key: 64,
  name: 'UnregisterBroker',
  versions: [0, 0],
  flexibleFrom: 0,
  request: { brokerId: int32 },
  response: { throttleTimeMs: int32, errorCode: int16, errorMessage: nullableString },
})
export type UnregisterBrokerRequest = RequestOf<typeof UnregisterBroker>
export type UnregisterBrokerResponse = ResponseOf<typeof UnregisterBroker>
