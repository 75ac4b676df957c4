import { api, array, int16, int32, int64, int8, type RequestOf, type ResponseOf, since, until, uuid, withDefault } from '../schema.ts'

/** A leader asks the controller to change the in-sync replicas of its partitions (KIP-497, KIP-903). */
export const AlterPartition = api({
  key: 56,
  name: 'AlterPartition',
  versions: [2, 3],
  flexibleFrom: 0,
  request: {
    brokerId: int32,
    brokerEpoch: withDefault(int64, -1),
    topics: array({
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        leaderEpoch: int32,
        newIsr: until(2, array(int32), []),
        newIsrWithEpochs: since(3, array({ brokerId: int32, brokerEpoch: withDefault(int64, -1) }), []),
        leaderRecoveryState: withDefault(int8, 0),
        partitionEpoch: int32,
      }),
    }),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    topics: array({
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        leaderId: int32,
        leaderEpoch: int32,
        isr: array(int32),
        leaderRecoveryState: withDefault(int8, 0),
        partitionEpoch: int32,
      }),
    }),
  },
})
export type AlterPartitionRequest = RequestOf<typeof AlterPartition>
export type AlterPartitionResponse = ResponseOf<typeof AlterPartition>
