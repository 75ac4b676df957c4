import { api, array, int16, int32, int8, nullableArray, nullableString, type RequestOf, type ResponseOf, string } from '../schema.ts'

/** Which users have SCRAM credentials, and with how many iterations (KIP-554); never the keys. Null asks for all users. */
export const DescribeUserScramCredentials = api({
  key: 50,
  name: 'DescribeUserScramCredentials',
  versions: [0, 0],
  flexibleFrom: 0,
  request: { users: nullableArray({ name: string }) },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: nullableString,
    results: array({
      user: string,
      errorCode: int16,
      errorMessage: nullableString,
      credentialInfos: array({ mechanism: int8, iterations: int32 }),
    }),
  },
})
export type DescribeUserScramCredentialsRequest = RequestOf<typeof DescribeUserScramCredentials>
export type DescribeUserScramCredentialsResponse = ResponseOf<typeof DescribeUserScramCredentials>
