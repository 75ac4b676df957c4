import { api, array, int16, type RequestOf, type ResponseOf, string } from '../schema.ts'

/** Chooses the SASL mechanism. After version 0 tokens travel without Kafka's framing, after version 1 in SaslAuthenticate (KIP-152). */
export const SaslHandshake = api({
  key: 17,
  name: 'SaslHandshake',
  versions: [0, 1],
  request: { mechanism: string },
  response: { errorCode: int16, mechanisms: array(string) },
})
export type SaslHandshakeRequest = RequestOf<typeof SaslHandshake>
export type SaslHandshakeResponse = ResponseOf<typeof SaslHandshake>
