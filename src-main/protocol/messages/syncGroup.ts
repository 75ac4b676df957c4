import { api, array, bytes, int16, int32, nullableString, type RequestOf, type ResponseOf, since, string } from '../schema.ts'

/** The leader of a generation hands in the assignment, every member takes its part of it home. */
export const SyncGroup = api({
  key: 14,
  name: 'SyncGroup',
  versions: [0, 5],
  flexibleFrom: 4,
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: since(3, nullableString, null),
    protocolType: since(5, nullableString, null, 'ignorable'),
    protocolName: since(5, nullableString, null, 'ignorable'),
    assignments: array({ memberId: string, assignment: bytes }),
  },
  response: {
    throttleTimeMs: since(1, int32, 0, 'ignorable'),
    errorCode: int16,
    protocolType: since(5, nullableString, null, 'ignorable'),
    protocolName: since(5, nullableString, null, 'ignorable'),
    assignment: bytes,
  },
})
export type SyncGroupRequest = RequestOf<typeof SyncGroup>
export type SyncGroupResponse = ResponseOf<typeof SyncGroup>
