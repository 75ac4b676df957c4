import {
  api,
  array,
  bool,
  int16,
  int32,
  int64,
  nullableArray,
  type RequestOf,
  type ResponseOf,
  tagged,
  uuid,
  withDefault,
} from '../schema.ts'

/** A broker keeps its registration alive, asks to be unfenced or to shut down, and reports failed log folders (KIP-631, KIP-858). */
export const BrokerHeartbeat = api({
  key: 63,
  name: 'BrokerHeartbeat',
  versions: [0, 2],
  flexibleFrom: 0,
  request: {
    brokerId: int32,
    brokerEpoch: withDefault(int64, -1),
    currentMetadataOffset: int64,
    wantFence: bool,
    wantShutDown: bool,
    offlineLogDirs: tagged(0, 1, array(uuid), []),
    cordonedLogDirs: tagged(1, 2, nullableArray(uuid), null),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    isCaughtUp: withDefault(bool, false),
    isFenced: withDefault(bool, true),
    shouldShutDown: bool,
  },
})
export type BrokerHeartbeatRequest = RequestOf<typeof BrokerHeartbeat>
export type BrokerHeartbeatResponse = ResponseOf<typeof BrokerHeartbeat>
