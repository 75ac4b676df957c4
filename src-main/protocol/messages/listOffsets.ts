import { api, array, int16, int32, int64, int8, type RequestOf, type ResponseOf, since, string, withDefault } from '../schema.ts'

/**
 * The offset of a point in time, or of one of the points with a name: -2 earliest, -1 latest, -3 the largest timestamp (KIP-734),
 * -4 earliest local (KIP-405), -5 latest tiered (KIP-1005).
 */
export const ListOffsets = api({
  key: 2,
  name: 'ListOffsets',
  versions: [1, 9],
  flexibleFrom: 6,
  request: {
    replicaId: int32,
    isolationLevel: since(2, int8, 0),
    topics: array({
      name: string,
      partitions: array({ partitionIndex: int32, currentLeaderEpoch: since(4, int32, -1, 'ignorable'), timestamp: int64 }),
    }),
  },
  response: {
    throttleTimeMs: since(2, int32, 0, 'ignorable'),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        timestamp: withDefault(int64, -1),
        offset: withDefault(int64, -1),
        leaderEpoch: since(4, int32, -1),
      }),
    }),
  },
})
export type ListOffsetsRequest = RequestOf<typeof ListOffsets>
export type ListOffsetsResponse = ResponseOf<typeof ListOffsets>
