import { api, int16, int32, nullableString, type RequestOf, type ResponseOf, since, string } from '../schema.ts'

/** A member of a classic group tells that it lives, and learns of rebalances. */
export const Heartbeat = api({
  key: 12,
  name: 'Heartbeat',
  versions: [0, 4],
  flexibleFrom: 4,
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: since(3, nullableString, null),
  },
  response: { throttleTimeMs: since(1, int32, 0, 'ignorable'), errorCode: int16 },
})
export type HeartbeatRequest = RequestOf<typeof Heartbeat>
export type HeartbeatResponse = ResponseOf<typeof Heartbeat>
