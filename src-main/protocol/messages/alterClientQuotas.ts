import { api, array, bool, float64, int16, int32, nullableString, type RequestOf, type ResponseOf, string } from '../schema.ts'

/** Sets and removes quotas of users, client ids and addresses (KIP-546); a null name is the default of its type. */
export const AlterClientQuotas = api({
  key: 49,
  name: 'AlterClientQuotas',
  versions: [0, 1],
  flexibleFrom: 1,
  request: {
    entries: array({
      entity: array({ entityType: string, entityName: nullableString }),
      ops: array({ key: string, value: float64, remove: bool }),
    }),
    validateOnly: bool,
  },
  response: {
    throttleTimeMs: int32,
    entries: array({
      errorCode: int16,
      errorMessage: nullableString,
      entity: array({ entityType: string, entityName: nullableString }),
    }),
  },
})
export type AlterClientQuotasRequest = RequestOf<typeof AlterClientQuotas>
export type AlterClientQuotasResponse = ResponseOf<typeof AlterClientQuotas>
