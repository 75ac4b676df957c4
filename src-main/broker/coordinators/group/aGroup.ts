/** Builders for tests: say what matters, the rest is ordinary. */
import { encodeSubscription } from '../../../protocol/messages/consumerProtocol.ts'
import type { CommitRequest } from './commitOffsets.ts'
import { defaultGroupConfig, type GroupConfig } from './groupConfig.ts'
import type { Group, GroupState, InitialDelay, Member, Moment, Phase, Protocol, Ticket } from './group.ts'
import type { CommittedOffset } from './groupTables.ts'
import type { JoinRequest } from './joinGroup.ts'
import type { SyncRequest } from './syncGroup.ts'
import type { JoinReply, Step, SyncReply } from './turn.ts'

/** The moment at which tests decide. */
export const NOW: Moment = { elapsedMs: 1_000_000, timestampMs: 1_735_689_600_000 }

export function later(ms: number): Moment {
  return { elapsedMs: NOW.elapsedMs + ms, timestampMs: NOW.timestampMs + ms }
}

export function aConfig(given: Partial<GroupConfig> = {}): GroupConfig {
  return { ...defaultGroupConfig, ...given }
}

/** A protocol of consumers that read these topics. */
export function reading(topics: readonly string[], name = 'range'): Protocol {
  return { name, metadata: encodeSubscription({ topics }) }
}

export function aMember(given: Partial<Member> = {}): Member {
  return {
    memberId: 'member-1',
    groupInstanceId: null,
    clientId: 'client',
    clientHost: '/127.0.0.1',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
    protocols: [reading(['orders'])],
    assignment: Buffer.from('partitions'),
    sessionDeadlineMs: NOW.elapsedMs + 10_000,
    isNew: false,
    join: undefined,
    sync: undefined,
    owesSync: false,
    ...given,
  }
}

export interface GivenGroup extends Partial<Omit<Group, 'members' | 'phase'>> {
  readonly state?: GroupState
  readonly members?: readonly Partial<Member>[]
  /** Of the join phase or of the sync phase. */
  readonly deadlineMs?: number
  readonly initial?: InitialDelay
}

/** In generation 5, led by its first member. Without a state: stable when it has members. */
export function aGroup({ state, members = [], deadlineMs = NOW.elapsedMs + 60_000, initial, ...given }: GivenGroup = {}): Group {
  const built = members.map((member, index) => aMember({ memberId: `member-${index + 1}`, ...member }))
  const isEmpty = built.length === 0
  return {
    groupId: 'group',
    protocolType: 'consumer',
    protocolName: isEmpty ? null : 'range',
    generationId: 5,
    leader: built[0]?.memberId ?? null,
    members: new Map(built.map(member => [member.memberId, member])),
    pendingMembers: new Map(),
    currentStateTimestampMs: NOW.timestampMs - 5000,
    phase: phaseOf(state ?? (isEmpty ? 'Empty' : 'Stable'), deadlineMs, initial),
    ...given,
  }
}

function phaseOf(state: GroupState, deadlineMs: number, initial: InitialDelay | undefined): Phase {
  switch (state) {
    case 'Empty':
      return { state }
    case 'PreparingRebalance':
      return { state, joinDeadlineMs: deadlineMs, initial }
    case 'CompletingRebalance':
    case 'Stable':
      return { state, syncDeadlineMs: deadlineMs }
  }
}

/** The ticket of the request under test. */
export const ASKED: Ticket = 1000

export function aJoin(given: Partial<JoinRequest> = {}): JoinRequest {
  return {
    ticket: ASKED,
    memberId: '',
    groupInstanceId: null,
    clientId: 'client',
    clientHost: '/127.0.0.1',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
    protocolType: 'consumer',
    protocols: [reading(['orders'])],
    requiresKnownMemberId: false,
    supportsSkippingAssignment: true,
    uuid: 'uuid',
    ...given,
  }
}

export function aSync(given: Partial<SyncRequest> = {}): SyncRequest {
  return {
    ticket: ASKED,
    memberId: 'member-1',
    groupInstanceId: null,
    generationId: 5,
    protocolType: 'consumer',
    protocolName: 'range',
    assignments: [],
    ...given,
  }
}

/** From the first member of `aGroup`, unless said otherwise. */
export function aCommit(given: Partial<CommitRequest> = {}): CommitRequest {
  return {
    memberId: 'member-1',
    groupInstanceId: null,
    generationId: 5,
    retentionTimeMs: -1,
    topics: [{ topic: 'orders', topicId: undefined, partitions: [{ partition: 0, offset: 42, leaderEpoch: 3, metadata: 'note' }] }],
    ...given,
  }
}

export function aCommittedOffset(given: Partial<CommittedOffset> = {}): CommittedOffset {
  return {
    offset: 42,
    leaderEpoch: 3,
    metadata: '',
    commitTimestampMs: NOW.timestampMs,
    expireTimestampMs: -1,
    topicId: undefined,
    ...given,
  }
}

/** The answer to a join, undefined while it is parked. */
export function joinAnswer({ answers }: Pick<Step, 'answers'>, ticket = ASKED): JoinReply | undefined {
  const answer = answers.find(each => each.ticket === ticket)
  return answer?.type === 'join' ? answer.reply : undefined
}

export function syncAnswer({ answers }: Pick<Step, 'answers'>, ticket = ASKED): SyncReply | undefined {
  const answer = answers.find(each => each.ticket === ticket)
  return answer?.type === 'sync' ? answer.reply : undefined
}
