import type { GroupMember, LagStatus, PartitionLag } from '../../../src-main/contract/groups.ts'
import { worstOf } from './statusLooks.ts'

export interface MemberWithLag {
  readonly member: GroupMember
  /** Of its worst partition. */
  readonly status: LagStatus
  readonly consumedPerSecond: number | null
  /** In words: only the numbers where the group reads one topic. */
  readonly assigned: string
}

/** How each member does, from the partitions that it owns. */
export function membersWithLag(members: readonly GroupMember[], partitions: readonly PartitionLag[]): MemberWithLag[] {
  const owned = Map.groupBy(partitions, ({ memberId }) => memberId)
  const isOneTopic = new Set(partitions.map(({ topic }) => topic)).size <= 1
  return members.map(member => {
    const own = owned.get(member.memberId) ?? []
    const rates = own.map(({ consumedPerSecond }) => consumedPerSecond).filter(each => each !== null)
    return {
      member,
      status: worstOf(own.filter(({ lag }) => lag !== null).map(({ status }) => status)),
      consumedPerSecond: rates.length === 0 ? null : rates.reduce((sum, each) => sum + each, 0),
      assigned: member.assignment
        .map(({ topic, partitions: numbers }) => (isOneTopic ? numbers.join(', ') : `${topic}: ${numbers.join(', ')}`))
        .join('; '),
    }
  })
}
