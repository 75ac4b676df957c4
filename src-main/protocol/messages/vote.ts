import { ZERO_UUID } from '../../base/uuid.ts'
import {
  api,
  array,
  bool,
  int16,
  int32,
  int64,
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

/** A candidate asks a voter for its vote, or, in version 2, whether it would get it (pre-vote, KIP-996). Quorum only (KIP-595, KIP-853). */
export const Vote = api({
  key: 52,
  name: 'Vote',
  versions: [0, 2],
  flexibleFrom: 0,
  request: {
    clusterId: withDefault(nullableString, null),
    voterId: since(1, int32, -1, 'ignorable'),
    topics: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        replicaEpoch: int32,
        replicaId: int32,
        replicaDirectoryId: since(1, uuid, ZERO_UUID, 'ignorable'),
        voterDirectoryId: since(1, uuid, ZERO_UUID, 'ignorable'),
        lastOffsetEpoch: int32,
        lastOffset: int64,
        preVote: since(2, bool, false),
      }),
    }),
  },
  response: {
    errorCode: int16,
    topics: array({
      topicName: string,
      partitions: array({ partitionIndex: int32, errorCode: int16, leaderId: int32, leaderEpoch: int32, voteGranted: bool }),
    }),
    nodeEndpoints: tagged(0, 1, array({ nodeId: int32, host: string, port: uint16 }), []),
  },
})
export type VoteRequest = RequestOf<typeof Vote>
export type VoteResponse = ResponseOf<typeof Vote>
