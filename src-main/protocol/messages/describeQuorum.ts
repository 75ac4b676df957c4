import { ZERO_UUID } from '../../base/uuid.ts'
import { api, array, int16, int32, int64, nullableString, type RequestOf, type ResponseOf, since, string, uint16, uuid } from '../schema.ts'

const replicaState = {
  replicaId: int32,
  replicaDirectoryId: since(2, uuid, ZERO_UUID),
  logEndOffset: int64,
  lastFetchTimestamp: since(1, int64, -1, 'ignorable'),
  lastCaughtUpTimestamp: since(1, int64, -1, 'ignorable'),
}

/** Leader, epoch, voters and observers of the metadata quorum, and how far each has come (KIP-595, KIP-836). */
export const DescribeQuorum = api({
  key: 55,
  name: 'DescribeQuorum',
  versions: [0, 2],
  flexibleFrom: 0,
  request: { topics: array({ topicName: string, partitions: array({ partitionIndex: int32 }) }) },
  response: {
    errorCode: int16,
    errorMessage: since(2, nullableString, '', 'ignorable'),
    topics: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: since(2, nullableString, '', 'ignorable'),
        leaderId: int32,
        leaderEpoch: int32,
        highWatermark: int64,
        currentVoters: array(replicaState),
        observers: array(replicaState),
      }),
    }),
    nodes: since(2, array({ nodeId: int32, listeners: array({ name: string, host: string, port: uint16 }) }), []),
  },
})
export type DescribeQuorumRequest = RequestOf<typeof DescribeQuorum>
export type DescribeQuorumResponse = ResponseOf<typeof DescribeQuorum>
