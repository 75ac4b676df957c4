import {
  api,
  array,
  bool,
  int16,
  int32,
  int64,
  nullableArray,
  nullableArraySince,
  nullableString,
  type RequestOf,
  type ResponseOf,
  since,
  string,
  until,
  versions,
  withDefault,
} from '../schema.ts'

/** How far groups have read; null topics stand for all. From version 8 on several groups in one request (KIP-709). */
export const OffsetFetch = api({
  key: 9,
  name: 'OffsetFetch',
  versions: [1, 9],
  flexibleFrom: 6,
  request: {
    groupId: until(7, string, ''),
    topics: until(7, nullableArraySince(2, { name: string, partitionIndexes: array(int32) }), []),
    groups: since(
      8,
      array({
        groupId: string,
        memberId: since(9, nullableString, null, 'ignorable'),
        memberEpoch: since(9, int32, -1, 'ignorable'),
        topics: nullableArray({ name: string, partitionIndexes: array(int32) }),
      }),
      [],
    ),
    requireStable: since(7, bool, false),
  },
  response: {
    throttleTimeMs: since(3, int32, 0, 'ignorable'),
    topics: until(
      7,
      array({
        name: string,
        partitions: array({
          partitionIndex: int32,
          committedOffset: int64,
          committedLeaderEpoch: since(5, int32, -1, 'ignorable'),
          metadata: nullableString,
          errorCode: int16,
        }),
      }),
      [],
    ),
    errorCode: versions([2, 7], int16, 0, 'ignorable'),
    groups: since(
      8,
      array({
        groupId: string,
        topics: array({
          name: string,
          partitions: array({
            partitionIndex: int32,
            committedOffset: int64,
            committedLeaderEpoch: withDefault(int32, -1),
            metadata: nullableString,
            errorCode: int16,
          }),
        }),
        errorCode: withDefault(int16, 0),
      }),
      [],
    ),
  },
})
export type OffsetFetchRequest = RequestOf<typeof OffsetFetch>
export type OffsetFetchResponse = ResponseOf<typeof OffsetFetch>
