import {
  api,
  array,
  bool,
  int16,
  int32,
  int8,
  nullableString,
  type RequestOf,
  type ResponseOf,
  since,
  string,
  until,
  withDefault,
} from '../schema.ts'

/**
 * Moves the levels of features (KIP-584, KIP-1022): upgrade type 1 goes up only, 2 down where nothing is lost, 3 down at any price. All or nothing; from
 * version 2 on the response has one error for the whole.
 */
export const UpdateFeatures = api({
  key: 57,
  name: 'UpdateFeatures',
  versions: [0, 2],
  flexibleFrom: 0,
  request: {
    timeoutMs: withDefault(int32, 60000),
    featureUpdates: array({
      feature: string,
      maxVersionLevel: int16,
      allowDowngrade: until(0, bool, false),
      upgradeType: since(1, int8, 1),
    }),
    validateOnly: since(1, bool, false),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: nullableString,
    results: until(1, array({ feature: string, errorCode: int16, errorMessage: nullableString }), [], 'ignorable'),
  },
})
export type UpdateFeaturesRequest = RequestOf<typeof UpdateFeatures>
export type UpdateFeaturesResponse = ResponseOf<typeof UpdateFeatures>
