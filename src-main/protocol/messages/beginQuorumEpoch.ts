import { ZERO_UUID } from '../../base/uuid.ts'
import {
  api,
  array,
  int16,
  int32,
  nullableString,
  type RequestOf,
  type ResponseOf,
  since,
  string,
  tagged,
  uint16,
  uuid,
  withDefault,
} from '../schema.ts'

/** A new quorum leader makes itself known to the voters (KIP-595). */
export const BeginQuorumEpoch = api({
  key: 53,
  name: 'BeginQuorumEpoch',
  versions: [0, 1],
  flexibleFrom: 1,
  request: {
    clusterId: withDefault(nullableString, null),
    voterId: since(1, int32, -1, 'ignorable'),
    topics: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        voterDirectoryId: since(1, uuid, ZERO_UUID, 'ignorable'),
        leaderId: int32,
        leaderEpoch: int32,
      }),
    }),
    leaderEndpoints: since(1, array({ name: string, host: string, port: uint16 }), [], 'ignorable'),
  },
  response: {
    errorCode: int16,
    topics: array({
      topicName: string,
      partitions: array({ partitionIndex: int32, errorCode: int16, leaderId: int32, leaderEpoch: int32 }),
    }),
    nodeEndpoints: tagged(0, 1, array({ nodeId: int32, host: string, port: uint16 }), []),
  },
})
export type BeginQuorumEpochRequest = RequestOf<typeof BeginQuorumEpoch>
export type BeginQuorumEpochResponse = ResponseOf<typeof BeginQuorumEpoch>
