import { errorCode } from '../../protocol/errors.ts'
import { DeleteGroups } from '../../protocol/messages/deleteGroups.ts'
import { handle } from './handle.ts'

export const deleteGroups = handle(DeleteGroups, async (request, { groups, allowed }, call) => ({
  throttleTimeMs: 0,
  results: await Promise.all(
    // A name given twice is one group.
    [...new Set(request.groupsNames)].map(async groupId => ({
      groupId,
      errorCode: errorCode(
        allowed(call, 'delete', { type: 'group', name: groupId }) ? await groups.deleteGroup(groupId) : 'GROUP_AUTHORIZATION_FAILED',
      ),
    })),
  ),
}))
