import { api, array, int16, int32, int8, nullableString, type RequestOf, type ResponseOf, string } from '../schema.ts'

/** Adds access control bindings (KIP-140, KIP-290). Each is answered for by itself, in the order of the request. */
export const CreateAcls = api({
  key: 30,
  name: 'CreateAcls',
  versions: [1, 3],
  flexibleFrom: 2,
  request: {
    creations: array({
      resourceType: int8,
      resourceName: string,
      resourcePatternType: int8,
      principal: string,
      host: string,
      operation: int8,
      permissionType: int8,
    }),
  },
  response: { throttleTimeMs: int32, results: array({ errorCode: int16, errorMessage: nullableString }) },
})
export type CreateAclsRequest = RequestOf<typeof CreateAcls>
export type CreateAclsResponse = ResponseOf<typeof CreateAcls>
