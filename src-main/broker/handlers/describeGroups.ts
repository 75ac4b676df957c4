import { errorCode } from '../../protocol/errors.ts'
import { DescribeGroups } from '../../protocol/messages/describeGroups.ts'
import type { Call } from '../../wire/handler.ts'
import { NOT_ASKED } from './authorizedOperations.ts'
import { type BrokerParts, handle, type Operation } from './handle.ts'

/** What can be done to a group, by the number of its bit in `authorizedOperations` (KIP-430). */
const GROUP_OPERATIONS: readonly (readonly [operation: Operation, bit: number])[] = [
  ['read', 3],
  ['delete', 6],
  ['describe', 8],
  ['describeConfigs', 10],
  ['alterConfigs', 11],
]

export const describeGroups = handle(DescribeGroups, (request, parts, call) => ({
  throttleTimeMs: 0,
  groups: request.groups.map(groupId => {
    const { error, group } = parts.allowed(call, 'describe', { type: 'group', name: groupId })
      ? parts.groups.describeGroup(groupId)
      : { error: 'GROUP_AUTHORIZATION_FAILED' as const, group: undefined }
    const isMissing = group?.state === 'Dead' && call.apiVersion >= 6
    return {
      errorCode: errorCode(isMissing ? 'GROUP_ID_NOT_FOUND' : error),
      errorMessage: isMissing ? `Group ${groupId} not found.` : null,
      groupId,
      groupState: group?.state ?? '',
      protocolType: group?.protocolType ?? '',
      protocolData: group?.protocolName ?? '',
      members: (group?.members ?? []).map(({ metadata, assignment, ...member }) => ({
        ...member,
        memberMetadata: metadata,
        memberAssignment: assignment,
      })),
      authorizedOperations: request.includeAuthorizedOperations && error === 'NONE' ? operationBits(groupId, parts, call) : NOT_ASKED,
    }
  }),
}))

function operationBits(groupId: string, { allowed }: BrokerParts, call: Call): number {
  let bits = 0
  for (const [operation, bit] of GROUP_OPERATIONS) if (allowed(call, operation, { type: 'group', name: groupId })) bits |= 1 << bit
  return bits
}
