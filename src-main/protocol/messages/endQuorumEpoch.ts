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
  until,
  uuid,
  withDefault,
} from '../schema.ts'

/** A quorum leader steps down and names its preferred successors (KIP-595). */
export const EndQuorumEpoch = api({
  key: 54,
  name: 'EndQuorumEpoch',
  versions: [0, 1],
  flexibleFrom: 1,
  request: {
    clusterId: withDefault(nullableString, null),
    topics: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: int32,
        preferredSuccessors: until(0, array(int32), [], 'ignorable'),
        preferredCandidates: since(1, array({ candidateId: int32, candidateDirectoryId: uuid }), [], 'ignorable'),
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
export type EndQuorumEpochRequest = RequestOf<typeof EndQuorumEpoch>
export type EndQuorumEpochResponse = ResponseOf<typeof EndQuorumEpoch>
