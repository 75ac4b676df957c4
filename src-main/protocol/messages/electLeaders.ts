import {
  api,
  array,
  int16,
  int32,
  int8,
  nullableArray,
  nullableString,
  type RequestOf,
  type ResponseOf,
  since,
  string,
  withDefault,
} from '../schema.ts'

/** Makes the preferred replica leader (type 0, KIP-460), or any living one at the price of records (type 1); null is all partitions. */
export const ElectLeaders = api({
  key: 43,
  name: 'ElectLeaders',
  versions: [0, 2],
  flexibleFrom: 2,
  request: {
    electionType: since(1, int8, 0),
    topicPartitions: nullableArray({ topic: string, partitions: array(int32) }),
    timeoutMs: withDefault(int32, 60000),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: since(1, int16, 0),
    replicaElectionResults: array({
      topic: string,
      partitionResult: array({ partitionId: int32, errorCode: int16, errorMessage: nullableString }),
    }),
  },
})
export type ElectLeadersRequest = RequestOf<typeof ElectLeaders>
export type ElectLeadersResponse = ResponseOf<typeof ElectLeaders>
