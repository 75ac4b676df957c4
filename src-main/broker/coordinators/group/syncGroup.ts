import type { ErrorName } from '../../../protocol/errors.ts'
import { checkMember, type Group, type Moment, NOTHING, type Ticket } from './group.ts'
import { storedGroup } from './groupTables.ts'
import { type Step, Turn } from './turn.ts'

/** A SyncGroup, as far as the group cares. */
export interface SyncRequest {
  readonly ticket: Ticket
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly generationId: number
  /** Null before version 5, which does not tell. */
  readonly protocolType: string | null
  readonly protocolName: string | null
  /** From the leader: what each member owns from now on. */
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Buffer }[]
}

export function syncGroup(group: Group, request: SyncRequest, at: Moment): Step {
  const turn = new Turn(group, at)
  const { ticket, memberId } = request
  const error = refusal(group, request)
  if (error !== 'NONE') {
    turn.refuseSync(ticket, error)
    return turn.step
  }
  const member = group.members.get(memberId)!
  switch (group.phase.state) {
    case 'Empty':
      turn.refuseSync(ticket, 'UNKNOWN_MEMBER_ID')
      break
    case 'PreparingRebalance':
      turn.refuseSync(ticket, 'REBALANCE_IN_PROGRESS')
      break
    case 'CompletingRebalance':
      if (member.sync !== undefined) turn.refuseSync(member.sync, 'REBALANCE_IN_PROGRESS') // nobody listens there any more
      turn.changeMember(memberId, { sync: ticket, owesSync: false })
      if (memberId === group.leader) shareOut(turn, request)
      break
    case 'Stable':
      turn.changeMember(memberId, { owesSync: false })
      turn.renewSession(memberId)
      turn.assign(ticket, member.assignment)
      break
  }
  return turn.step
}

function refusal(group: Group, request: SyncRequest): ErrorName {
  const error = checkMember(group, request.memberId, request.groupInstanceId)
  if (error !== 'NONE') return error
  if (request.generationId !== group.generationId) return 'ILLEGAL_GENERATION'
  const { protocolType, protocolName } = request
  if (protocolType !== null && protocolType !== group.protocolType) return 'INCONSISTENT_GROUP_PROTOCOL'
  // While members join there is no protocol to compare with; that answer is for the state to give.
  if (protocolName !== null && group.protocolName !== null && protocolName !== group.protocolName) return 'INCONSISTENT_GROUP_PROTOCOL'
  return 'NONE'
}

/** The leader has spoken: the generation is written down, and all who wait are answered when it is committed. */
function shareOut(turn: Turn, { assignments }: SyncRequest): void {
  const given = new Map(assignments.map(({ memberId, assignment }) => [memberId, assignment]))
  const { groupId, phase, members } = turn.group
  const syncDeadlineMs = phase.state === 'CompletingRebalance' ? phase.syncDeadlineMs : turn.at.elapsedMs
  turn.changeEachMember(({ memberId, sessionTimeoutMs }) => ({
    assignment: given.get(memberId) ?? NOTHING,
    sync: undefined,
    sessionDeadlineMs: turn.at.elapsedMs + sessionTimeoutMs,
  }))
  turn.change({ phase: { state: 'Stable', syncDeadlineMs }, currentStateTimestampMs: turn.at.timestampMs })
  turn.entries.push({ type: 'groupStored', groupId, group: storedGroup(turn.group) })
  for (const { memberId, sync } of members.values()) if (sync !== undefined) turn.assign(sync, given.get(memberId) ?? NOTHING)
}
