import { api, array, int16, int32, int64, type RequestOf, type ResponseOf, uuid, withDefault } from '../schema.ts'

/** A broker tells the controller in which of its log folders replicas are, or that they are lost (KIP-858). */
export const AssignReplicasToDirs = api({
  key: 73,
  name: 'AssignReplicasToDirs',
  versions: [0, 0],
  flexibleFrom: 0,
  request: {
    brokerId: int32,
    brokerEpoch: withDefault(int64, -1),
    directories: array({
      id: uuid,
      topics: array({ topicId: uuid, partitions: array({ partitionIndex: int32 }) }),
    }),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    directories: array({
      id: uuid,
      topics: array({ topicId: uuid, partitions: array({ partitionIndex: int32, errorCode: int16 }) }),
    }),
  },
})
export type AssignReplicasToDirsRequest = RequestOf<typeof AssignReplicasToDirs>
export type AssignReplicasToDirsResponse = ResponseOf<typeof AssignReplicasToDirs>
