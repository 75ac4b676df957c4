import { api, array, int16, int32, int8, nullableString, type RequestOf, type ResponseOf, string } from '../schema.ts'

/** The access control bindings that a filter lets through (KIP-140, KIP-290). A null text, and 1 in a number, match anything. */
export const DescribeAcls = api({
  key: 29,
  name: 'DescribeAcls',
  versions: [1, 3],
  flexibleFrom: 2,
  request: {
    resourceTypeFilter: int8,
    resourceNameFilter: nullableString,
    patternTypeFilter: int8,
    principalFilter: nullableString,
    hostFilter: nullableString,
    operation: int8,
    permissionType: int8,
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: nullableString,
    resources: array({
      resourceType: int8,
      resourceName: string,
      patternType: int8,
      acls: array({ principal: string, host: string, operation: int8, permissionType: int8 }),
    }),
  },
})
export type DescribeAclsRequest = RequestOf<typeof DescribeAcls>
export type DescribeAclsResponse = ResponseOf<typeof DescribeAcls>
