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
  withDefault,
} from '../schema.ts'

/** The brokers, or from version 1 on the controllers, of a cluster (KIP-700, KIP-919). */
export const DescribeCluster = api({
  key: 60,
  name: 'DescribeCluster',
  versions: [0, 1],
  flexibleFrom: 0,
  request: { includeClusterAuthorizedOperations: bool, endpointType: since(1, int8, 1) },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: withDefault(nullableString, null),
    endpointType: since(1, int8, 1),
    clusterId: string,
    controllerId: withDefault(int32, -1),
    brokers: array({ brokerId: int32, host: string, port: int32, rack: withDefault(nullableString, null) }),
    clusterAuthorizedOperations: withDefault(int32, -0x8000_0000),
  },
})
export type DescribeClusterRequest = RequestOf<typeof DescribeCluster>
export type DescribeClusterResponse = ResponseOf<typeof DescribeCluster>
