import {
  api,
  array,
  bool,
  float64,
  int16,
  int32,
  int8,
  nullableArray,
  nullableString,
  type RequestOf,
  type ResponseOf,
  string,
} from '../schema.ts'

/** The quotas that were set for users, client ids and addresses (KIP-546). A filter names per type an exact name, the default, or any. */
export const DescribeClientQuotas = api({
  key: 48,
  name: 'DescribeClientQuotas',
  versions: [0, 1],
  flexibleFrom: 1,
  request: {
    /** 0 the name in `match`, 1 the default (a null name), 2 any name that was set. */
    components: array({ entityType: string, matchType: int8, match: nullableString }),
    strict: bool,
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: nullableString,
    entries: nullableArray({
      entity: array({ entityType: string, entityName: nullableString }),
      values: array({ key: string, value: float64 }),
    }),
  },
})
export type DescribeClientQuotasRequest = RequestOf<typeof DescribeClientQuotas>
export type DescribeClientQuotasResponse = ResponseOf<typeof DescribeClientQuotas>
