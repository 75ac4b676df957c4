import {
  api,
  array,
  int16,
  int32,
  int64,
  nullableString,
  records,
  type RequestOf,
  type ResponseOf,
  since,
  string,
  tagged,
  withDefault,
} from '../schema.ts'

/**
 * A producer appends one batch to each of some partitions. With `acks` 0 there is no response at all; with -1 it waits for the in-sync
 * replicas. From version 10 on the response names the new leader when this broker no longer is it (KIP-951). Versions 0-2 are advertised
 * but never served, because librdkafka before 2.11.1 compresses only where it sees version 0.
 */
export const Produce = api({
  key: 0,
  name: 'Produce',
  versions: [3, 11],
  advertised: [0, 11],
  flexibleFrom: 9,
  request: {
    transactionalId: withDefault(nullableString, null),
    acks: int16,
    timeoutMs: int32,
    topicData: array({ name: string, partitionData: array({ index: int32, records }) }),
  },
  response: {
    responses: array({
      name: string,
      partitionResponses: array({
        index: int32,
        errorCode: int16,
        baseOffset: int64,
        logAppendTimeMs: withDefault(int64, -1),
        logStartOffset: since(5, int64, -1, 'ignorable'),
        recordErrors: since(8, array({ batchIndex: int32, batchIndexErrorMessage: withDefault(nullableString, null) }), [], 'ignorable'),
        errorMessage: since(8, nullableString, null, 'ignorable'),
        currentLeader: tagged(
          0,
          10,
          { leaderId: withDefault(int32, -1), leaderEpoch: withDefault(int32, -1) },
          { leaderId: -1, leaderEpoch: -1 },
        ),
      }),
    }),
    throttleTimeMs: withDefault(int32, 0),
    nodeEndpoints: tagged(0, 10, array({ nodeId: int32, host: string, port: int32, rack: withDefault(nullableString, null) }), []),
  },
})
export type ProduceRequest = RequestOf<typeof Produce>
export type ProduceResponse = ResponseOf<typeof Produce>
