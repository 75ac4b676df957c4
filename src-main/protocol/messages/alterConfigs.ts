import { api, array, bool, int16, int32, int8, nullableString, type RequestOf, type ResponseOf, string } from '../schema.ts'

/** Replaces all dynamic configs of a resource: what is not named goes back to its default. IncrementalAlterConfigs is the better one. */
export const AlterConfigs = api({
  key: 33,
  name: 'AlterConfigs',
  versions: [0, 2],
  flexibleFrom: 2,
  request: {
    resources: array({ resourceType: int8, resourceName: string, configs: array({ name: string, value: nullableString }) }),
    validateOnly: bool,
  },
  response: {
    throttleTimeMs: int32,
    responses: array({ errorCode: int16, errorMessage: nullableString, resourceType: int8, resourceName: string }),
  },
})
export type AlterConfigsRequest = RequestOf<typeof AlterConfigs>
export type AlterConfigsResponse = ResponseOf<typeof AlterConfigs>
