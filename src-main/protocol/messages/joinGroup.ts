import {
  api,
  array,
  bool,
  bytes,
  int16,
  int32,
  nullableString,
  nullableStringSince,
  type RequestOf,
  type ResponseOf,
  since,
  string,
  withDefault,
} from '../schema.ts'

/**
 * A member enters a classic consumer group, and waits until the generation is complete. From version 4 on a member without id is sent back
 * with one (KIP-394); static members bring a group instance id from version 5 on (KIP-345).
 */
export const JoinGroup = api({
  key: 11,
  name: 'JoinGroup',
  versions: [0, 9],
  flexibleFrom: 6,
  request: {
    groupId: string,
    sessionTimeoutMs: int32,
    rebalanceTimeoutMs: since(1, int32, -1, 'ignorable'),
    memberId: string,
    groupInstanceId: since(5, nullableString, null),
    protocolType: string,
    protocols: array({ name: string, metadata: bytes }),
    reason: since(8, nullableString, null, 'ignorable'),
  },
  response: {
    throttleTimeMs: since(2, int32, 0, 'ignorable'),
    errorCode: int16,
    generationId: withDefault(int32, -1),
    protocolType: since(7, nullableString, null, 'ignorable'),
    protocolName: nullableStringSince(7),
    leader: string,
    skipAssignment: since(9, bool, false),
    memberId: string,
    members: array({ memberId: string, groupInstanceId: since(5, nullableString, null, 'ignorable'), metadata: bytes }),
  },
})
export type JoinGroupRequest = RequestOf<typeof JoinGroup>
export type JoinGroupResponse = ResponseOf<typeof JoinGroup>
