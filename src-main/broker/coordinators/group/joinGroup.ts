import {
  type Group,
  type Member,
  memberOfInstance,
  type Protocol,
  sameProtocols,
  supportsProtocols,
  type Ticket,
  voteForProtocol,
} from './group.ts'
import type { Moment } from './group.ts'
import { storedGroup } from './groupTables.ts'
import { completeJoinIfAllJoined, completeJoinIfDue, prepareFirstRebalance, prepareRebalance, rebalanceAgain } from './rebalance.ts'
import { joinedMembers, type Step, Turn } from './turn.ts'

/** A JoinGroup, as far as the group cares. */
export interface JoinRequest {
  readonly ticket: Ticket
  /** Empty from a member that has none yet. */
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly protocolType: string
  readonly protocols: readonly Protocol[]
  /** From version 4 on a new dynamic member is first told its id (KIP-394), so that a lost answer leaves no ghost behind. */
  readonly requiresKnownMemberId: boolean
  /** From version 9 on a returning static leader can be told to keep the assignment (KIP-814). */
  readonly supportsSkippingAssignment: boolean
  /** Makes a new member's id unique. */
  readonly uuid: string
}

export interface JoinConfig {
  readonly groupInitialRebalanceDelayMs: number
  readonly groupMaxSize: number
}

/** A brand-new member that waits in a very long rebalance may be gone without our knowing; if it lives it asks again. */
export const NEW_MEMBER_JOIN_TIMEOUT_MS = 300_000

export function joinGroup(group: Group, request: JoinRequest, at: Moment, config: JoinConfig): Step {
  const turn = new Turn(group, at)
  if (!hasRoomFor(group, request.memberId, config.groupMaxSize)) {
    turn.removePending(request.memberId)
    turn.refuseJoin(request.ticket, 'GROUP_MAX_SIZE_REACHED', request.memberId)
    completeJoinIfAllJoined(turn)
  } else if (request.memberId !== '') {
    joinKnown(turn, request, config)
  } else if (request.groupInstanceId !== null) {
    joinStatic(turn, request, request.groupInstanceId, config)
  } else {
    joinDynamic(turn, request, config)
  }
  completeJoinIfDue(turn) // at once, when there is no delay to wait for
  return turn.step
}

function hasRoomFor(group: Group, memberId: string, groupMaxSize: number): boolean {
  const member = group.members.get(memberId)
  switch (group.phase.state) {
    case 'Empty':
      return true
    case 'PreparingRebalance': {
      // Who does not come back will be gone at the end of this phase, so that only those who came are counted.
      if (member?.join !== undefined) return true
      let joined = 0
      for (const each of group.members.values()) if (each.join !== undefined) joined++
      return joined < groupMaxSize
    }
    case 'CompletingRebalance':
    case 'Stable':
      return member !== undefined || group.members.size < groupMaxSize
  }
}

function joinDynamic(turn: Turn, request: JoinRequest, config: JoinConfig): void {
  if (!supportsProtocols(turn.group, request.protocolType, request.protocols)) {
    return turn.refuseJoin(request.ticket, 'INCONSISTENT_GROUP_PROTOCOL', '')
  }
  const memberId = `${request.clientId}-${request.uuid}`
  if (request.requiresKnownMemberId) {
    turn.addPending(memberId, turn.at.elapsedMs + request.sessionTimeoutMs)
    return turn.refuseJoin(request.ticket, 'MEMBER_ID_REQUIRED', memberId)
  }
  addMember(turn, memberId, request, config)
}

function joinStatic(turn: Turn, request: JoinRequest, groupInstanceId: string, config: JoinConfig): void {
  const known = memberOfInstance(turn.group, groupInstanceId)
  if (!supportsProtocols(turn.group, request.protocolType, request.protocols, known)) {
    return turn.refuseJoin(request.ticket, 'INCONSISTENT_GROUP_PROTOCOL', '')
  }
  const memberId = `${groupInstanceId}-${request.uuid}`
  if (known === undefined) addMember(turn, memberId, request, config)
  else replaceStaticMember(turn, known, memberId, request)
}

function addMember(turn: Turn, memberId: string, request: JoinRequest, config: JoinConfig): void {
  const { phase } = turn.group
  turn.removePending(memberId)
  if (turn.group.members.size === 0) turn.change({ protocolType: request.protocolType })
  turn.putMember({
    ...described(request),
    memberId,
    groupInstanceId: request.groupInstanceId,
    assignment: Buffer.alloc(0),
    sessionDeadlineMs: turn.at.elapsedMs + NEW_MEMBER_JOIN_TIMEOUT_MS,
    isNew: true,
    join: request.ticket,
    sync: undefined,
    owesSync: false,
  })
  if (phase.state === 'Empty') return prepareFirstRebalance(turn, config.groupInitialRebalanceDelayMs)
  if (phase.state === 'PreparingRebalance' && phase.initial !== undefined) {
    turn.change({ phase: { ...phase, initial: { ...phase.initial, newMemberAdded: true } } })
  }
  rebalanceAgain(turn)
}

/** What a join tells of the member, each time anew. */
function described(
  request: JoinRequest,
): Pick<Member, 'clientId' | 'clientHost' | 'sessionTimeoutMs' | 'rebalanceTimeoutMs' | 'protocols'> {
  const { clientId, clientHost, sessionTimeoutMs, rebalanceTimeoutMs, protocols } = request
  return { clientId, clientHost, sessionTimeoutMs, rebalanceTimeoutMs, protocols }
}

function joinKnown(turn: Turn, request: JoinRequest, config: JoinConfig): void {
  const { group } = turn
  const { memberId, groupInstanceId, ticket } = request
  const member = group.members.get(memberId)
  if (!supportsProtocols(group, request.protocolType, request.protocols, member)) {
    return turn.refuseJoin(ticket, 'INCONSISTENT_GROUP_PROTOCOL', memberId)
  }
  if (group.pendingMembers.has(memberId)) return addMember(turn, memberId, request, config)
  if (groupInstanceId !== null && member?.groupInstanceId !== groupInstanceId) {
    const isTaken = memberOfInstance(group, groupInstanceId) !== undefined
    return turn.refuseJoin(ticket, isTaken ? 'FENCED_INSTANCE_ID' : 'UNKNOWN_MEMBER_ID', memberId)
  }
  if (member === undefined) return turn.refuseJoin(ticket, 'UNKNOWN_MEMBER_ID', memberId)

  const { phase } = group
  const isLeader = group.leader === memberId
  const asksAgain = sameProtocols(member.protocols, request.protocols)
  // Its answer was lost, or a follower checks where it stands: nothing has changed, so nobody else need be disturbed.
  // The leader joins a stable group again to have the partitions dealt anew.
  if (asksAgain && (phase.state === 'CompletingRebalance' || (phase.state === 'Stable' && !isLeader))) {
    turn.renewSession(memberId)
    return turn.welcome(ticket, memberId)
  }
  if (member.join !== undefined) turn.refuseJoin(member.join, 'REBALANCE_IN_PROGRESS', memberId) // nobody listens there any more
  const sessionMs = member.isNew ? NEW_MEMBER_JOIN_TIMEOUT_MS : request.sessionTimeoutMs
  turn.changeMember(memberId, { ...described(request), join: ticket, sessionDeadlineMs: turn.at.elapsedMs + sessionMs })
  rebalanceAgain(turn)
}

/** A static member is back under its name and with a new id; whoever still uses the old id is fenced off. */
function replaceStaticMember(turn: Turn, old: Member, memberId: string, request: JoinRequest): void {
  const formerLeader = turn.group.leader
  if (old.join !== undefined) turn.refuseJoin(old.join, 'FENCED_INSTANCE_ID', old.memberId)
  if (old.sync !== undefined) turn.refuseSync(old.sync, 'FENCED_INSTANCE_ID')
  const replacement: Member = {
    ...old,
    ...described(request),
    memberId,
    sessionDeadlineMs: turn.at.elapsedMs + (old.isNew ? NEW_MEMBER_JOIN_TIMEOUT_MS : request.sessionTimeoutMs),
    join: request.ticket,
    sync: undefined,
  }
  const members = new Map([...turn.group.members].map(([id, member]) => (member === old ? [memberId, replacement] : [id, member])))
  turn.change({ members, leader: formerLeader === old.memberId ? memberId : formerLeader })
  const { phase, protocolName } = turn.group

  if (phase.state === 'PreparingRebalance') return completeJoinIfAllJoined(turn)
  if (phase.state === 'CompletingRebalance' || voteForProtocol(members) !== protocolName) return prepareRebalance(turn)
  keepGeneration(turn, replacement, formerLeader, request)
}

/** Nothing changes for the group but the member's id, which must be known after a restart too. */
function keepGeneration(turn: Turn, member: Member, formerLeader: string | null, request: JoinRequest): void {
  turn.changeMember(member.memberId, { join: undefined })
  const { groupId, generationId, protocolType, protocolName, leader, members } = turn.group
  turn.entries.push({ type: 'groupStored', groupId, group: storedGroup(turn.group) })
  const isLeader = leader === member.memberId
  const skipAssignment = isLeader && request.supportsSkippingAssignment
  turn.answers.push({
    type: 'join',
    ticket: request.ticket,
    reply: {
      error: 'NONE',
      memberId: member.memberId,
      generationId,
      protocolType,
      protocolName,
      // An older client that found itself the leader would assign; told the former id, it fetches the assignment as it is.
      leader: (request.supportsSkippingAssignment ? leader : formerLeader) ?? '',
      skipAssignment,
      members: skipAssignment ? joinedMembers(members, protocolName) : [],
    },
  })
}
