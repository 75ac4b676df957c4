import { ZERO_UUID } from '../../base/uuid.ts'
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
  string,
  tagged,
  uint16,
  uuid,
  withDefault,
} from '../schema.ts'

/** A replica of the metadata log fetches a piece of a snapshot, because the log no longer reaches back far enough (KIP-630). */
export const FetchSnapshot = api({
  key: 59,
  name: 'FetchSnapshot',
  versions: [0, 1],
  flexibleFrom: 0,
  request: {
    clusterId: tagged(0, 0, nullableString, null),
    replicaId: withDefault(int32, -1),
    maxBytes: withDefault(int32, 0x7fff_ffff),
    topics: array({
      name: string,
      partitions: array({
        partition: int32,
        currentLeaderEpoch: int32,
        snapshotId: { endOffset: int64, epoch: int32 },
        position: int64,
        replicaDirectoryId: tagged(0, 1, uuid, ZERO_UUID, 'ignorable'),
      }),
    }),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    topics: array({
      name: string,
      partitions: array({
        index: int32,
        errorCode: int16,
        snapshotId: { endOffset: int64, epoch: int32 },
        currentLeader: tagged(0, 0, { leaderId: int32, leaderEpoch: int32 }, { leaderId: 0, leaderEpoch: 0 }),
        size: int64,
        position: int64,
        unalignedRecords: records,
      }),
    }),
    nodeEndpoints: tagged(0, 1, array({ nodeId: int32, host: string, port: uint16 }), []),
  },
})
export type FetchSnapshotRequest = RequestOf<typeof FetchSnapshot>
export type FetchSnapshotResponse = ResponseOf<typeof FetchSnapshot>
