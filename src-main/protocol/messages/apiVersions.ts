import { api, array, bool, int16, int32, int64, type RequestOf, type ResponseOf, since, string, tagged } from '../schema.ts'

/**
 * What a broker speaks. The response has header version 0 in every version, and an unknown version is answered in the layout of version 0
 * (KIP-511), because a client that asks does not know yet what it may assume.
 */
export const ApiVersions = api({
  key: 18,
  name: 'ApiVersions',
  versions: [0, 4],
  flexibleFrom: 3,
  request: {
    clientSoftwareName: since(3, string, '', 'ignorable'),
    clientSoftwareVersion: since(3, string, '', 'ignorable'),
  },
  response: {
    errorCode: int16,
    apiKeys: array({ apiKey: int16, minVersion: int16, maxVersion: int16 }),
    throttleTimeMs: since(1, int32, 0, 'ignorable'),
    supportedFeatures: tagged(0, 3, array({ name: string, minVersion: int16, maxVersion: int16 }), [], 'ignorable'),
    finalizedFeaturesEpoch: tagged(1, 3, int64, -1, 'ignorable'),
    finalizedFeatures: tagged(2, 3, array({ name: string, maxVersionLevel: int16, minVersionLevel: int16 }), [], 'ignorable'),
    zkMigrationReady: tagged(3, 3, bool, false, 'ignorable'),
  },
})
export type ApiVersionsRequest = RequestOf<typeof ApiVersions>
export type ApiVersionsResponse = ResponseOf<typeof ApiVersions>
