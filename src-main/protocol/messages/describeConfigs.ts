import {
  api,
  array,
  bool,
  int16,
  int32,
  int8,
  nullableArray,
  nullableString,
  type RequestOf,
  type ResponseOf,
  since,
  string,
  withDefault,
} from '../schema.ts'

/** Configs of topics, brokers, loggers and groups, with where each value comes from. */
export const DescribeConfigs = api({
  key: 32,
  name: 'DescribeConfigs',
  versions: [1, 4],
  flexibleFrom: 4,
  request: {
    resources: array({ resourceType: int8, resourceName: string, configurationKeys: nullableArray(string) }),
    includeSynonyms: withDefault(bool, false),
    includeDocumentation: since(3, bool, false),
  },
  response: {
    throttleTimeMs: int32,
    results: array({
      errorCode: int16,
      errorMessage: nullableString,
      resourceType: int8,
      resourceName: string,
      configs: array({
        name: string,
        value: nullableString,
        readOnly: bool,
        configSource: withDefault(int8, -1),
        isSensitive: bool,
        synonyms: array({ name: string, value: nullableString, source: int8 }),
        configType: since(3, int8, 0, 'ignorable'),
        documentation: since(3, nullableString, '', 'ignorable'),
      }),
    }),
  },
})
export type DescribeConfigsRequest = RequestOf<typeof DescribeConfigs>
export type DescribeConfigsResponse = ResponseOf<typeof DescribeConfigs>
