import {
  api,
  array,
  int16,
  int32,
  nullableString,
  type RequestOf,
  type ResponseOf,
  string,
  tagged,
  uint16,
  uuid,
  withDefault,
} from '../schema.ts'

/** A voter tells the leader of its directory, and where it is to be reached. Quorum only (KIP-853). */
export const UpdateRaftVoter = api({
  key: 82,
  name: 'UpdateRaftVoter',
  versions: [0, 0],
  flexibleFrom: 0,
  request: {
    clusterId: nullableString,
    currentLeaderEpoch: int32,
    voterId: int32,
    voterDirectoryId: uuid,
    listeners: array({ name: string, host: string, port: uint16 }),
    kRaftVersionFeature: { minSupportedVersion: int16, maxSupportedVersion: int16 },
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    currentLeader: tagged(
      0,
      0,
      { leaderId: withDefault(int32, -1), leaderEpoch: withDefault(int32, -1), host: string, port: int32 },
      { leaderId: -1, leaderEpoch: -1, host: '', port: 0 },
    ),
  },
})
export type UpdateRaftVoterRequest = RequestOf<typeof UpdateRaftVoter>
export type UpdateRaftVoterResponse = ResponseOf<typeof UpdateRaftVoter>
