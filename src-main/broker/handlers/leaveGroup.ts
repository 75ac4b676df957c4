import { errorCode } from '../../protocol/errors.ts'
import { LeaveGroup } from '../../protocol/messages/leaveGroup.ts'
import { handle } from './handle.ts'

export const leaveGroup = handle(LeaveGroup, async (request, { groups, allowed }, call) => {
  const { groupId, memberId } = request
  if (!allowed(call, 'read', { type: 'group', name: groupId })) {
    return { throttleTimeMs: 0, errorCode: errorCode('GROUP_AUTHORIZATION_FAILED'), members: [] }
  }
  if (call.apiVersion < 3) {
    // One member, whose error is the answer.
    const { error, left } = await groups.leaveGroup(groupId, [{ memberId, groupInstanceId: null }])
    return { throttleTimeMs: 0, errorCode: errorCode(error === 'NONE' ? (left[0]?.error ?? 'NONE') : error) }
  }
  const { error, left } = await groups.leaveGroup(groupId, request.members)
  const members = left.map(each => ({ memberId: each.memberId, groupInstanceId: each.groupInstanceId, errorCode: errorCode(each.error) }))
  return { throttleTimeMs: 0, errorCode: errorCode(error), members: error === 'NONE' ? members : [] }
})
