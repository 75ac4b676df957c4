import { errorCode } from '../../protocol/errors.ts'
import { Heartbeat } from '../../protocol/messages/heartbeat.ts'
import { handle } from './handle.ts'

export const heartbeat = handle(Heartbeat, ({ groupId, ...member }, { groups, allowed }, call) => ({
  throttleTimeMs: 0,
  errorCode: errorCode(
    allowed(call, 'read', { type: 'group', name: groupId }) ? groups.heartbeat(groupId, member) : 'GROUP_AUTHORIZATION_FAILED',
  ),
}))
