import { api, array, int16, int32, int64, type RequestOf, type ResponseOf, since, string, withDefault } from '../schema.ts'

/** A follower asks where an older leader epoch ended, so that it can cut off what that leader never committed (KIP-101, KIP-320). */
export const OffsetForLeaderEpoch = api({
  key: 23,
  name: 'OffsetForLeaderEpoch',
  versions: [2, 4],
  flexibleFrom: 4,
  request: {
    replicaId: since(3, int32, -2, 'ignorable'),
    topics: array({
      topic: string,
      partitions: array({ partition: int32, currentLeaderEpoch: withDefault(int32, -1), leaderEpoch: int32 }),
    }),
  },
  response: {
    throttleTimeMs: int32,
    topics: array({
      topic: string,
      partitions: array({
        errorCode: int16,
        partition: int32,
        leaderEpoch: withDefault(int32, -1),
        endOffset: withDefault(int64, -1),
      }),
    }),
  },
})
export type OffsetForLeaderEpochRequest = RequestOf<typeof OffsetForLeaderEpoch>
export type OffsetForLeaderEpochResponse = ResponseOf<typeof OffsetForLeaderEpoch>
