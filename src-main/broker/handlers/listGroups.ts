import { errorCode } from '../../protocol/errors.ts'
import { ListGroups } from '../../protocol/messages/listGroups.ts'
import { handle } from './handle.ts'

export const listGroups = handle(ListGroups, ({ statesFilter, typesFilter }, parts, call) => {
  const { error, groups } = parts.groups.listGroups({ states: statesFilter, types: typesFilter })
  // Who may see the whole cluster sees every group (KIP-11); others see their own.
  const seesAll = parts.allowed(call, 'describe', { type: 'cluster', name: 'kafka-cluster' })
  return {
    throttleTimeMs: 0,
    errorCode: errorCode(error),
    groups: groups
      .filter(({ groupId }) => seesAll || parts.allowed(call, 'describe', { type: 'group', name: groupId }))
      .map(({ groupId, protocolType, state }) => ({ groupId, protocolType, groupState: state, groupType: 'Classic' })),
  }
})
