import type { ErrorName } from '../../../protocol/errors.ts'
import { type Group, type Member, memberOfInstance, type Moment } from './group.ts'
import { completeJoinIfAllJoined, removeMembers } from './rebalance.ts'
import { type Step, Turn } from './turn.ts'

/** Who is to go. A person may take out a static member by its name alone. */
export interface LeavingMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
}

export interface LeftMember extends LeavingMember {
  readonly error: ErrorName
}

export function leaveGroup(group: Group, leaving: readonly LeavingMember[], at: Moment): Step & { readonly left: readonly LeftMember[] } {
  const turn = new Turn(group, at)
  const removed = new Set<Member>()
  const left = leaving.map(({ memberId, groupInstanceId }): LeftMember => {
    const answer = (error: ErrorName) => ({ memberId, groupInstanceId, error })
    if (groupInstanceId === null && turn.group.pendingMembers.has(memberId)) {
      turn.removePending(memberId)
      return answer('NONE')
    }
    const member = groupInstanceId === null ? group.members.get(memberId) : memberOfInstance(group, groupInstanceId)
    if (member === undefined || removed.has(member)) return answer('UNKNOWN_MEMBER_ID')
    if (memberId !== '' && member.memberId !== memberId) return answer('FENCED_INSTANCE_ID')
    removed.add(member)
    return answer('NONE')
  })
  // All at once, so that several departures cost the others one rebalance.
  removeMembers(turn, [...removed])
  completeJoinIfAllJoined(turn)
  return { ...turn.step, left }
}
