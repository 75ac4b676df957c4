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
  struct,
  uuid,
  withDefault,
} from '../schema.ts'

const assignment = struct({ topicPartitions: array({ topicId: uuid, topicName: string, partitions: array(int32) }) })

/** State, members and assignments of groups whose coordinator assigns their partitions itself (KIP-848). */
export const ConsumerGroupDescribe = api({
  key: 69,
  name: 'ConsumerGroupDescribe',
  versions: [0, 1],
  flexibleFrom: 0,
  request: { groupIds: array(string), includeAuthorizedOperations: bool },
  response: {
    throttleTimeMs: int32,
    groups: array({
      errorCode: int16,
      errorMessage: withDefault(nullableString, null),
      groupId: string,
      groupState: string,
      groupEpoch: int32,
      assignmentEpoch: int32,
      assignorName: string,
      members: array({
        memberId: string,
        instanceId: withDefault(nullableString, null),
        rackId: withDefault(nullableString, null),
        memberEpoch: int32,
        clientId: string,
        clientHost: string,
        subscribedTopicNames: array(string),
        subscribedTopicRegex: withDefault(nullableString, null),
        assignment,
        targetAssignment: assignment,
        memberType: since(1, int8, -1, 'ignorable'),
      }),
      authorizedOperations: withDefault(int32, -0x8000_0000),
    }),
  },
})
export type ConsumerGroupDescribeRequest = RequestOf<typeof ConsumerGroupDescribe>
export type ConsumerGroupDescribeResponse = ResponseOf<typeof ConsumerGroupDescribe>
