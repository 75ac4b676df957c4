import { api, array, bytes, int16, int32, int8, nullableString, type RequestOf, type ResponseOf, string } from '../schema.ts'

/** Sets and deletes SCRAM credentials (KIP-554). The password itself never travels: the client salts it, whoever answers derives the keys. */
export const AlterUserScramCredentials = api({
  key: 51,
  name: 'AlterUserScramCredentials',
  versions: [0, 0],
  flexibleFrom: 0,
  request: {
    deletions: array({ name: string, mechanism: int8 }),
    upsertions: array({ name: string, mechanism: int8, iterations: int32, salt: bytes, saltedPassword: bytes }),
  },
  response: {
    throttleTimeMs: int32,
    results: array({ user: string, errorCode: int16, errorMessage: nullableString }),
  },
})
export type AlterUserScramCredentialsRequest = RequestOf<typeof AlterUserScramCredentials>
export type AlterUserScramCredentialsResponse = ResponseOf<typeof AlterUserScramCredentials>
