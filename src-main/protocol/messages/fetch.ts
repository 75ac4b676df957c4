import { ZERO_UUID } from '../../base/uuid.ts'
import {
  api,
  array,
  int16,
  int32,
  int64,
  int8,
  nullableArray,
  nullableString,
  records,
  type RequestOf,
  type ResponseOf,
  since,
  string,
  tagged,
  UNLIMITED,
  unlimitedInt64,
  until,
  uuid,
  withDefault,
} from '../schema.ts'

/**
 * Consumers, followers and quorum observers read records from an offset on, waiting up to `maxWaitMs` for `minBytes`. Sessions spare the
 * unchanged partitions (KIP-227); `lastFetchedEpoch` and `divergingEpoch` let a follower truncate (KIP-595). Topic ids from version 13 on
 * (KIP-516);
 * 17 and 18 only among brokers and voters: directory ids (KIP-853), and the high watermark a follower knows (KIP-1166).
 */
export const Fetch = api({
  key: 1,
  name: 'Fetch',
  versions: [4, 18],
  advertised: [4, 16],
  flexibleFrom: 12,
  request: {
    clusterId: tagged(0, 12, nullableString, null, 'ignorable'),
    replicaId: until(14, int32, -1),
    replicaState: tagged(
      1,
      15,
      { replicaId: withDefault(int32, -1), replicaEpoch: withDefault(int64, -1) },
      { replicaId: -1, replicaEpoch: -1 },
    ),
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: withDefault(int32, 0x7fff_ffff),
    isolationLevel: withDefault(int8, 0),
    sessionId: since(7, int32, 0, 'ignorable'),
    sessionEpoch: since(7, int32, -1, 'ignorable'),
    topics: array({
      topic: until(12, string, '', 'ignorable'),
      topicId: since(13, uuid, ZERO_UUID, 'ignorable'),
      partitions: array({
        partition: int32,
        currentLeaderEpoch: since(9, int32, -1, 'ignorable'),
        fetchOffset: int64,
        lastFetchedEpoch: since(12, int32, -1),
        logStartOffset: since(5, int64, -1, 'ignorable'),
        partitionMaxBytes: int32,
        replicaDirectoryId: tagged(0, 17, uuid, ZERO_UUID, 'ignorable'),
        highWatermark: tagged(1, 18, unlimitedInt64, UNLIMITED, 'ignorable'),
      }),
    }),
    forgottenTopicsData: since(
      7,
      array({
        topic: until(12, string, '', 'ignorable'),
        topicId: since(13, uuid, ZERO_UUID, 'ignorable'),
        partitions: array(int32),
      }),
      [],
    ),
    rackId: since(11, string, '', 'ignorable'),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: since(7, int16, 0, 'ignorable'),
    sessionId: since(7, int32, 0),
    responses: array({
      topic: until(12, string, '', 'ignorable'),
      topicId: since(13, uuid, ZERO_UUID, 'ignorable'),
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        highWatermark: int64,
        lastStableOffset: withDefault(int64, -1),
        logStartOffset: since(5, int64, -1, 'ignorable'),
        divergingEpoch: tagged(0, 12, { epoch: withDefault(int32, -1), endOffset: withDefault(int64, -1) }, { epoch: -1, endOffset: -1 }),
        currentLeader: tagged(
          1,
          12,
          { leaderId: withDefault(int32, -1), leaderEpoch: withDefault(int32, -1) },
          { leaderId: -1, leaderEpoch: -1 },
        ),
        snapshotId: tagged(2, 12, { endOffset: withDefault(int64, -1), epoch: withDefault(int32, -1) }, { endOffset: -1, epoch: -1 }),
        abortedTransactions: nullableArray({ producerId: int64, firstOffset: int64 }),
        preferredReadReplica: since(11, int32, -1),
        records,
      }),
    }),
    nodeEndpoints: tagged(0, 16, array({ nodeId: int32, host: string, port: int32, rack: withDefault(nullableString, null) }), []),
  },
})
export type FetchRequest = RequestOf<typeof Fetch>
export type FetchResponse = ResponseOf<typeof Fetch>
