import { errorCode } from '../../protocol/errors.ts'
import { SyncGroup } from '../../protocol/messages/syncGroup.ts'
import { refusedSync } from '../coordinators/group/turn.ts'
import { handle } from './handle.ts'

export const syncGroup = handle(SyncGroup, async (request, { groups, allowed }, call) => {
  const { groupId, assignments, ...member } = request
  const { error, ...reply } = !allowed(call, 'read', { type: 'group', name: groupId })
    ? refusedSync('GROUP_AUTHORIZATION_FAILED')
    : // From version 5 on a member has to say which protocol it thinks the group has.
      call.apiVersion >= 5 && (request.protocolType === null || request.protocolName === null)
      ? refusedSync('INCONSISTENT_GROUP_PROTOCOL')
      : await groups.syncGroup(
          groupId,
          { ...member, assignments: assignments.map(each => ({ memberId: each.memberId, assignment: Buffer.from(each.assignment) })) },
          call.closed,
        )
  return { throttleTimeMs: 0, errorCode: errorCode(error), ...reply }
})
