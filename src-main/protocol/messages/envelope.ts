import { api, bytes, int16, nullableBytes, type RequestOf, type ResponseOf, withDefault } from '../schema.ts'

/** A broker passes a client's request on to the controller, with the principal and the address it came from (KIP-590). */
export const Envelope = api({
  key: 58,
  name: 'Envelope',
  versions: [0, 0],
  flexibleFrom: 0,
  request: { requestData: bytes, requestPrincipal: nullableBytes, clientHostAddress: bytes },
  response: { responseData: withDefault(nullableBytes, null), errorCode: int16 },
})
export type EnvelopeRequest = RequestOf<typeof Envelope>
export type EnvelopeResponse = ResponseOf<typeof Envelope>
