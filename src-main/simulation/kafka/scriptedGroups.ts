import { errorCode, type ErrorName } from '../../protocol/errors.ts'
import { encodeAssignment } from '../../protocol/messages/consumerProtocol.ts'
import { DeleteGroups } from '../../protocol/messages/deleteGroups.ts'
import { DescribeGroups } from '../../protocol/messages/describeGroups.ts'
import { FindCoordinator } from '../../protocol/messages/findCoordinator.ts'
import { LeaveGroup } from '../../protocol/messages/leaveGroup.ts'
import { ListGroups } from '../../protocol/messages/listGroups.ts'
import { OffsetCommit } from '../../protocol/messages/offsetCommit.ts'
import { OffsetDelete } from '../../protocol/messages/offsetDelete.ts'
import { OffsetFetch } from '../../protocol/messages/offsetFetch.ts'
import type { ScriptedKafka } from './scriptedKafka.ts'

export interface ScriptedGroup {
  coordinator: number
  state: string
  protocolType: string
  /** By member, the partitions of `orders`. */
  members: Record<string, number[]>
  /** By partition of `orders`. */
  committed: Record<number, number>
}

export const aGroup = (more: Partial<ScriptedGroup> = {}): ScriptedGroup => ({
  coordinator: 2,
  state: 'Stable',
  protocolType: 'consumer',
  members: {},
  committed: {},
  ...more,
})

/** Makes the brokers coordinators of these groups, which all read `orders`. A test may change the groups at any time. */
export function scriptGroups(given: ScriptedKafka, groups: Map<string, ScriptedGroup>): void {
  const led = (groupId: string, broker: number): ScriptedGroup | ErrorName => {
    const group = groups.get(groupId)
    return group === undefined ? 'GROUP_ID_NOT_FOUND' : group.coordinator === broker ? group : 'NOT_COORDINATOR'
  }
  given.script(FindCoordinator, ({ coordinatorKeys }) => ({
    coordinators: coordinatorKeys.map(key => {
      const nodeId = groups.get(key)?.coordinator ?? 1
      return { key, nodeId, ...given.addressOf(nodeId), errorCode: 0, errorMessage: null }
    }),
  }))
  given.script(ListGroups, (_, { broker }) => ({
    errorCode: 0,
    groups: [...groups]
      .filter(([, { coordinator }]) => coordinator === broker)
      .map(([groupId, { protocolType, state: groupState }]) => ({ groupId, protocolType, groupState })),
  }))
  given.script(DescribeGroups, ({ groups: asked }, { broker }) => ({
    groups: asked.map(groupId => {
      const group = led(groupId, broker)
      const blank = { groupId, groupState: '', protocolType: '', protocolData: '', members: [] }
      if (typeof group === 'string') return { ...blank, errorCode: errorCode(group) }
      const members = Object.entries(group.members).map(([memberId, partitions]) => ({
        memberId,
        clientId: 'app',
        clientHost: '/127.0.0.1',
        memberMetadata: Buffer.alloc(0),
        memberAssignment: encodeAssignment({ assignedPartitions: [{ topic: 'orders', partitions }] }),
      }))
      return { groupId, errorCode: 0, groupState: group.state, protocolType: group.protocolType, protocolData: 'range', members }
    }),
  }))
  given.script(OffsetFetch, ({ groups: asked, groupId: single }, { broker, apiVersion }) => {
    const of = (groupId: string) => {
      const group = led(groupId, broker)
      const committed = typeof group === 'string' ? {} : group.committed
      const partitions = Object.entries(committed).map(([partition, committedOffset]) => ({
        partitionIndex: Number(partition),
        committedOffset,
        metadata: '',
        errorCode: 0,
      }))
      const error = group === 'NOT_COORDINATOR' ? group : 'NONE'
      return { topics: partitions.length === 0 ? [] : [{ name: 'orders', partitions }], errorCode: errorCode(error) }
    }
    return apiVersion >= 8 ? { groups: asked.map(({ groupId }) => ({ groupId, ...of(groupId) })) } : of(single)
  })
  given.script(DeleteGroups, ({ groupsNames }, { broker }) => ({
    throttleTimeMs: 0,
    results: groupsNames.map(groupId => {
      const group = led(groupId, broker)
      const error = typeof group === 'string' ? group : Object.keys(group.members).length > 0 ? 'NON_EMPTY_GROUP' : 'NONE'
      if (error === 'NONE') groups.delete(groupId)
      return { groupId, errorCode: errorCode(error) }
    }),
  }))
  given.script(OffsetCommit, ({ groupId, memberId, topics }, { broker }) => {
    const group = led(groupId, broker)
    const error =
      typeof group === 'string' ? group : memberId === '' && Object.keys(group.members).length > 0 ? 'UNKNOWN_MEMBER_ID' : 'NONE'
    if (error === 'NONE' && typeof group !== 'string') {
      for (const { partitions } of topics) for (const each of partitions) group.committed[each.partitionIndex] = each.committedOffset
    }
    return {
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: errorCode(error) })),
      })),
    }
  })
  given.script(OffsetDelete, ({ groupId, topics }, { broker }) => {
    const group = led(groupId, broker)
    if (typeof group === 'string') return { errorCode: errorCode(group), throttleTimeMs: 0, topics: [] }
    const error = Object.keys(group.members).length > 0 ? 'GROUP_SUBSCRIBED_TO_TOPIC' : 'NONE'
    return {
      errorCode: 0,
      throttleTimeMs: 0,
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex }) => {
          if (error === 'NONE') delete group.committed[partitionIndex]
          return { partitionIndex, errorCode: errorCode(error) }
        }),
      })),
    }
  })
  given.script(LeaveGroup, ({ groupId, memberId, members }, { broker, apiVersion }) => {
    const group = led(groupId, broker)
    if (typeof group === 'string') return { errorCode: errorCode(group) }
    const leave = (id: string) => {
      const isMember = id in group.members
      delete group.members[id]
      return errorCode(isMember ? 'NONE' : 'UNKNOWN_MEMBER_ID')
    }
    if (apiVersion < 3) return { errorCode: leave(memberId) }
    const left = members.map(each => ({
      memberId: each.memberId,
      groupInstanceId: each.groupInstanceId,
      errorCode: leave(each.groupInstanceId ?? each.memberId),
    }))
    return { errorCode: 0, members: left }
  })
}
