import {
  api,
  array,
  bool,
  int16,
  int32,
  nullableArray,
  nullableString,
  nullableStruct,
  type RequestOf,
  type ResponseOf,
  string,
  uuid,
  withDefault,
} from '../schema.ts'

/** Where an answer goes on that did not fit into one. */
const cursor = () => withDefault(nullableStruct({ topicName: string, partitionIndex: int32 }), null)

/** The partitions of topics with all that the controller knows of their replicas, some at a time (KIP-966). */
export const DescribeTopicPartitions = api({
  key: 75,
  name: 'DescribeTopicPartitions',
  versions: [0, 0],
  flexibleFrom: 0,
  request: {
    /** None stands for all. */
    topics: array({ name: string }),
    responsePartitionLimit: withDefault(int32, 2000),
    cursor: cursor(),
  },
  response: {
    throttleTimeMs: int32,
    topics: array({
      errorCode: int16,
      name: nullableString,
      topicId: uuid,
      isInternal: withDefault(bool, false),
      partitions: array({
        errorCode: int16,
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: withDefault(int32, -1),
        replicaNodes: array(int32),
        isrNodes: array(int32),
        eligibleLeaderReplicas: withDefault(nullableArray(int32), null),
        lastKnownElr: withDefault(nullableArray(int32), null),
        offlineReplicas: array(int32),
      }),
      topicAuthorizedOperations: withDefault(int32, -0x8000_0000),
    }),
    nextCursor: cursor(),
  },
})
export type DescribeTopicPartitionsRequest = RequestOf<typeof DescribeTopicPartitions>
export type DescribeTopicPartitionsResponse = ResponseOf<typeof DescribeTopicPartitions>
