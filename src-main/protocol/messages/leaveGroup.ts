import { api, array, int16, int32, nullableString, type RequestOf, type ResponseOf, since, string, until, withDefault } from '../schema.ts'

/** Members leave a classic group; several at once, by instance id too, from version 3 on (KIP-345). */
export const LeaveGroup = api({
  key: 13,
  name: 'LeaveGroup',
  versions: [0, 5],
  flexibleFrom: 4,
  request: {
    groupId: string,
    memberId: until(2, string, ''),
    members: since(
      3,
      array({
        memberId: string,
        groupInstanceId: withDefault(nullableString, null),
        reason: since(5, nullableString, null, 'ignorable'),
      }),
      [],
    ),
  },
  response: {
    throttleTimeMs: since(1, int32, 0, 'ignorable'),
    errorCode: int16,
    members: since(3, array({ memberId: string, groupInstanceId: nullableString, errorCode: int16 }), []),
  },
})
export type LeaveGroupRequest = RequestOf<typeof LeaveGroup>
export type LeaveGroupResponse = ResponseOf<typeof LeaveGroup>
