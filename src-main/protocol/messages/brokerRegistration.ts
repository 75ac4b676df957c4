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
  uint16,
  uuid,
  withDefault,
} from '../schema.ts'

/** A broker announces itself to the controller: endpoints, features, log folders; and learns its epoch (KIP-631, KIP-858). */
export const BrokerRegistration = api({
  key: 62,
  name: 'BrokerRegistration',
  versions: [0, 4],
  flexibleFrom: 0,
  request: {
    brokerId: int32,
    clusterId: string,
    incarnationId: uuid,
    listeners: array({ name: string, host: string, port: uint16, securityProtocol: int16 }),
    features: array({ name: string, minSupportedVersion: int16, maxSupportedVersion: int16 }),
    rack: nullableString,
    isMigratingZkBroker: since(1, bool, false),
    logDirs: since(2, array(uuid), [], 'ignorable'),
    previousBrokerEpoch: since(3, int64, -1, 'ignorable'),
  },
  response: { throttleTimeMs: int32, errorCode: int16, brokerEpoch: withDefault(int64, -1) },
})
export type BrokerRegistrationRequest = RequestOf<typeof BrokerRegistration>
export type BrokerRegistrationResponse = ResponseOf<typeof BrokerRegistration>
