import { ZERO_UUID } from '../../base/uuid.ts'
import {
  api,
  array,
  bool,
  int16,
  int32,
  nullableArraySince,
  nullableString,
  nullableStringSince,
  type RequestOf,
  type ResponseOf,
  since,
  string,
  uuid,
  versions,
} from '../schema.ts'

/**
 * Which brokers there are, who leads which partition, who is the controller. In version 0 an empty list of topics means all, later null
 * does.
 */
export const Metadata = api({
  key: 3,
  name: 'Metadata',
  versions: [0, 12],
  flexibleFrom: 9,
  request: {
    topics: nullableArraySince(1, { topicId: since(10, uuid, ZERO_UUID, 'ignorable'), name: nullableStringSince(10) }),
    allowAutoTopicCreation: since(4, bool, true),
    includeClusterAuthorizedOperations: versions([8, 10], bool, false),
    includeTopicAuthorizedOperations: since(8, bool, false),
  },
  response: {
    throttleTimeMs: since(3, int32, 0, 'ignorable'),
    brokers: array({ nodeId: int32, host: string, port: int32, rack: since(1, nullableString, null, 'ignorable') }),
    clusterId: since(2, nullableString, null, 'ignorable'),
    controllerId: since(1, int32, -1, 'ignorable'),
    topics: array({
      errorCode: int16,
      name: nullableStringSince(12),
      topicId: since(10, uuid, ZERO_UUID, 'ignorable'),
      isInternal: since(1, bool, false, 'ignorable'),
      partitions: array({
        errorCode: int16,
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: since(7, int32, -1, 'ignorable'),
        replicaNodes: array(int32),
        isrNodes: array(int32),
        offlineReplicas: since(5, array(int32), [], 'ignorable'),
      }),
      topicAuthorizedOperations: since(8, int32, -0x8000_0000),
    }),
    clusterAuthorizedOperations: versions([8, 10], int32, -0x8000_0000),
  },
})
export type MetadataRequest = RequestOf<typeof Metadata>
export type MetadataResponse = ResponseOf<typeof Metadata>
