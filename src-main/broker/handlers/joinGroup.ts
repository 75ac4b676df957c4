import { errorCode } from '../../protocol/errors.ts'
import { JoinGroup } from '../../protocol/messages/joinGroup.ts'
import { refusedJoin } from '../coordinators/group/turn.ts'
import { handle } from './handle.ts'

export const joinGroup = handle(JoinGroup, async (request, { groups, allowed }, call) => {
  const { apiVersion } = call
  const { groupId, memberId, groupInstanceId, sessionTimeoutMs, protocolType } = request
  const reply = allowed(call, 'read', { type: 'group', name: groupId })
    ? await groups.joinGroup(
        groupId,
        {
          memberId,
          groupInstanceId,
          clientId: call.clientId,
          clientHost: `/${call.clientHost}`, // as Java writes an address, which is what tools expect
          sessionTimeoutMs,
          rebalanceTimeoutMs: request.rebalanceTimeoutMs < 0 ? sessionTimeoutMs : request.rebalanceTimeoutMs,
          protocolType,
          // Copies: a member must not keep the whole request in memory.
          protocols: request.protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) })),
          requiresKnownMemberId: apiVersion >= 4 && groupInstanceId === null,
          supportsSkippingAssignment: apiVersion >= 9,
        },
        call.closed,
      )
    : refusedJoin('GROUP_AUTHORIZATION_FAILED', memberId)
  const { error, protocolName, ...rest } = reply
  return {
    throttleTimeMs: 0,
    errorCode: errorCode(error),
    protocolName: protocolName ?? (apiVersion >= 7 ? null : ''),
    ...rest,
  }
})
