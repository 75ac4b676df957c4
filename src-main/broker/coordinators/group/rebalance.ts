import { assert } from '../../../base/assert.ts'
import type { ErrorName } from '../../../protocol/errors.ts'
import { type Group, isSessionRunning, type Member, type Moment, NOTHING, rebalanceTimeoutMs, voteForProtocol } from './group.ts'
import { storedGroup } from './groupTables.ts'
import { type Step, Turn } from './turn.ts'

/** The first member of an empty group waits for others (KIP-134), at most as long as it would wait in any rebalance. */
export function prepareFirstRebalance(turn: Turn, initialRebalanceDelayMs: number): void {
  assert(turn.group.phase.state === 'Empty', 'only an empty group has a first rebalance')
  const longestMs = rebalanceTimeoutMs(turn.group)
  const delayMs = Math.min(initialRebalanceDelayMs, longestMs)
  turn.change({
    phase: {
      state: 'PreparingRebalance',
      joinDeadlineMs: turn.at.elapsedMs + delayMs,
      initial: { delayMs, remainingMs: longestMs - delayMs, newMemberAdded: false },
    },
  })
}

/** Calls all members to join again. Who waits for an assignment learns that there will be none. */
export function prepareRebalance(turn: Turn, syncError: ErrorName = 'REBALANCE_IN_PROGRESS'): void {
  const { phase } = turn.group
  assert(phase.state === 'CompletingRebalance' || phase.state === 'Stable', 'a rebalance begins where a generation is')
  for (const { sync } of turn.group.members.values()) if (sync !== undefined) turn.refuseSync(sync, syncError)
  turn.changeEachMember(member => ({
    sync: undefined,
    owesSync: false,
    // Before the leader has spoken, what a member holds is of a generation that is over.
    assignment: phase.state === 'CompletingRebalance' ? NOTHING : member.assignment,
  }))
  turn.change({
    phase: {
      state: 'PreparingRebalance',
      joinDeadlineMs: turn.at.elapsedMs + rebalanceTimeoutMs(turn.group),
      initial: undefined,
    },
  })
  completeJoinIfAllJoined(turn)
}

/** Ends the join phase early when nobody is missing. The first rebalance of a group always waits its time. */
export function completeJoinIfAllJoined(turn: Turn): void {
  const { phase, members, pendingMembers } = turn.group
  if (phase.state !== 'PreparingRebalance' || phase.initial !== undefined || pendingMembers.size > 0) return
  for (const member of members.values()) if (member.join === undefined) return
  completeJoin(turn)
}

/** Makes the next generation of those who joined, and answers them. */
function completeJoin(turn: Turn): void {
  const { group, at } = turn
  // Static members may be away until their session ends (KIP-345).
  const members = new Map([...group.members].filter(([, member]) => member.join !== undefined || member.groupInstanceId !== null))
  const firstJoined = [...members.values()].find(member => member.join !== undefined)
  if (members.size > 0 && firstJoined === undefined) {
    // Nobody could lead. The absent static members come back or expire.
    turn.change({
      members,
      phase: { state: 'PreparingRebalance', joinDeadlineMs: at.elapsedMs + rebalanceTimeoutMs({ ...group, members }), initial: undefined },
    })
    return
  }
  const generationId = nextGeneration(group.generationId)
  if (firstJoined === undefined) {
    turn.change({
      generationId,
      members,
      protocolName: null,
      leader: null,
      currentStateTimestampMs: at.timestampMs,
      phase: { state: 'Empty' },
    })
    turn.entries.push({ type: 'groupStored', groupId: group.groupId, group: storedGroup(turn.group) })
    return
  }
  const protocolName = voteForProtocol(members)
  assert(protocolName !== undefined, 'all members of a group have a protocol in common')
  const leaderJoined = group.leader !== null && members.get(group.leader)?.join !== undefined
  turn.change({
    generationId,
    members,
    protocolName,
    leader: leaderJoined ? group.leader : firstJoined.memberId,
    currentStateTimestampMs: at.timestampMs,
    phase: { state: 'CompletingRebalance', syncDeadlineMs: at.elapsedMs + rebalanceTimeoutMs({ ...group, members }) },
  })
  for (const { join, memberId } of members.values()) if (join !== undefined) turn.welcome(join, memberId)
  turn.changeEachMember(member => ({
    join: undefined,
    isNew: false,
    owesSync: true,
    sessionDeadlineMs: at.elapsedMs + member.sessionTimeoutMs,
  }))
}

/** Generations are int32 on the wire; 1 follows the last one, as in Kafka 0 means that there was none. */
function nextGeneration(generationId: number): number {
  return generationId >= 0x7fff_ffff ? 1 : generationId + 1
}

/** Takes members out, tells those of them who wait, and lets the others rebalance. */
export function removeMembers(turn: Turn, leaving: readonly Member[], error: ErrorName = 'UNKNOWN_MEMBER_ID'): void {
  if (leaving.length === 0) return
  const members = new Map(turn.group.members)
  let { leader } = turn.group
  for (const { memberId, join, sync } of leaving) {
    members.delete(memberId)
    if (leader === memberId) leader = null
    if (join !== undefined) turn.refuseJoin(join, error, memberId)
    if (sync !== undefined) turn.refuseSync(sync, error)
  }
  turn.change({ members, leader })
  rebalanceAgain(turn)
}

/** What membership changed for: a new round, or the end of the current one. */
export function rebalanceAgain(turn: Turn): void {
  switch (turn.group.phase.state) {
    case 'Stable':
    case 'CompletingRebalance':
      prepareRebalance(turn)
      return
    case 'PreparingRebalance':
      completeJoinIfAllJoined(turn)
      return
    case 'Empty':
      return
  }
}

/** Time has passed: sessions and handed-out ids run out, the join phase ends, members without SyncGroup are dropped. */
export function passDeadlines(group: Group, at: Moment): Step {
  const turn = new Turn(group, at)
  const isOver = (deadlineMs: number) => deadlineMs <= at.elapsedMs

  const pendingMembers = new Map([...group.pendingMembers].filter(([, deadlineMs]) => !isOver(deadlineMs)))
  if (pendingMembers.size < group.pendingMembers.size) {
    turn.change({ pendingMembers })
    completeJoinIfAllJoined(turn)
  }

  const silent = [...turn.group.members.values()].filter(member => isSessionRunning(member) && isOver(member.sessionDeadlineMs))
  removeMembers(turn, silent)

  const { phase } = turn.group
  if (phase.state === 'PreparingRebalance') completeJoinIfDue(turn)
  else if (phase.state !== 'Empty' && isOver(phase.syncDeadlineMs)) {
    removeMembers(
      turn,
      [...turn.group.members.values()].filter(member => member.owesSync),
    )
  }
  return turn.step
}

/** Ends the join phase whose time is up, or prolongs the first one when somebody came meanwhile. */
export function completeJoinIfDue(turn: Turn): void {
  const { phase } = turn.group
  if (phase.state !== 'PreparingRebalance' || phase.joinDeadlineMs > turn.at.elapsedMs) return
  const { initial } = phase
  if (initial === undefined || !initial.newMemberAdded || initial.remainingMs <= 0) return completeJoin(turn)
  const delayMs = Math.min(initial.delayMs, initial.remainingMs)
  if (delayMs <= 0) return completeJoin(turn)
  turn.change({
    phase: {
      state: 'PreparingRebalance',
      joinDeadlineMs: turn.at.elapsedMs + delayMs,
      initial: { ...initial, remainingMs: initial.remainingMs - delayMs, newMemberAdded: false },
    },
  })
}

/** The assignment could not be written: who waited for it hears why, and the group tries again. */
export function rebalanceAfterFailedSync(group: Group, error: ErrorName, at: Moment): Step {
  const turn = new Turn(group, at)
  if (group.phase.state === 'CompletingRebalance') prepareRebalance(turn, error)
  return turn.step
}
