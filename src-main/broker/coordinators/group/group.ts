/**
 * A classic consumer group as its coordinator sees it.
 *
 *                    first join                   all joined, or time is up                 leader's SyncGroup
 *     Empty ───────────────────► PreparingRebalance ───────────────────► CompletingRebalance ─────────────────► Stable
 *       ▲                             │   ▲                                     │ join, leave, expiry             │ join, leave,
 *       └───── nobody joined ─────────┘   └─────────────────────────────────────┴─────────────────────────────────┘ expiry
 *
 * A deleted group is simply gone; "Dead" is only how DescribeGroups speaks of a group that does not exist.
 * Values of these types never change: a decision makes a new group out of an old one. Times are of `Clock.elapsed` unless called timestamps.
 */
export interface Group {
  readonly groupId: string
  /** `consumer` for consumers, `connect` for Connect …; empty for a group that only commits offsets. */
  readonly protocolType: string
  /** The members' choice for this generation; null while there is none. */
  readonly protocolName: string | null
  readonly generationId: number
  readonly leader: string | null
  /** By member id, in the order in which they first joined. */
  readonly members: ReadonlyMap<string, Member>
  /** Member ids that were handed out and not used yet (KIP-394), with the time at which they are forgotten. */
  readonly pendingMembers: ReadonlyMap<string, number>
  /** When the group became what it is, as far as its log says; for an empty group its offsets expire from then on. -1 when unknown. */
  readonly currentStateTimestampMs: number
  readonly phase: Phase
}

export type Phase =
  | { readonly state: 'Empty' }
  | { readonly state: 'PreparingRebalance'; readonly joinDeadlineMs: number; readonly initial: InitialDelay | undefined }
  | { readonly state: 'CompletingRebalance'; readonly syncDeadlineMs: number }
  | { readonly state: 'Stable'; readonly syncDeadlineMs: number }

export type GroupState = Phase['state']

/** The first members of a group wait for each other (KIP-134): another delay whenever somebody came during the last one. */
export interface InitialDelay {
  readonly delayMs: number
  readonly remainingMs: number
  readonly newMemberAdded: boolean
}

/** Names a request that waits for its answer. */
export type Ticket = number

export interface Protocol {
  readonly name: string
  readonly metadata: Buffer
}

export interface Member {
  readonly memberId: string
  /** Static members (KIP-345) have one: they keep their assignment while they are away, up to the session timeout. */
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  /** In the member's order of preference. */
  readonly protocols: readonly Protocol[]
  readonly assignment: Buffer
  readonly sessionDeadlineMs: number
  /** Has not had the answer to its first join yet, so that it cannot send heartbeats. */
  readonly isNew: boolean
  /** The parked JoinGroup. */
  readonly join: Ticket | undefined
  /** The parked SyncGroup. */
  readonly sync: Ticket | undefined
  /** Has not asked for its assignment in this generation yet. */
  readonly owesSync: boolean
}

/** Now, on both clocks: one for timeouts, one for what is written down. */
export interface Moment {
  readonly elapsedMs: number
  readonly timestampMs: number
}

export const NOTHING = Buffer.alloc(0)

/** A group nobody is in. */
export function emptyGroup(groupId: string): Group {
  return {
    groupId,
    protocolType: '',
    protocolName: null,
    generationId: 0,
    leader: null,
    members: new Map(),
    pendingMembers: new Map(),
    currentStateTimestampMs: -1,
    phase: { state: 'Empty' },
  }
}

/** The static member of that name, whatever its member id is now. */
export function memberOfInstance(group: Group, groupInstanceId: string): Member | undefined {
  for (const member of group.members.values()) if (member.groupInstanceId === groupInstanceId) return member
  return undefined
}

/** Who says so? `FENCED_INSTANCE_ID` tells a static member that its place was taken by another process with its name. */
export function checkMember(group: Group, memberId: string, groupInstanceId: string | null): MemberError {
  const member = group.members.get(memberId)
  if (groupInstanceId === null) return member === undefined ? 'UNKNOWN_MEMBER_ID' : 'NONE'
  if (member?.groupInstanceId === groupInstanceId) return 'NONE'
  return memberOfInstance(group, groupInstanceId) === undefined ? 'UNKNOWN_MEMBER_ID' : 'FENCED_INSTANCE_ID'
}

export type MemberError = 'NONE' | 'UNKNOWN_MEMBER_ID' | 'FENCED_INSTANCE_ID'

/** The longest time that a member asked for to come back when the group rebalances. */
export function rebalanceTimeoutMs(group: Group): number {
  let longest = 0
  for (const member of group.members.values()) longest = Math.max(longest, member.rebalanceTimeoutMs)
  return longest
}

/** What the member said about itself under the group's protocol. */
export function metadataOf(member: Member, protocolName: string | null): Buffer {
  return member.protocols.find(each => each.name === protocolName)?.metadata ?? NOTHING
}

/** Whether two lists offer the same protocols, in the same order and with the same metadata. */
export function sameProtocols(some: readonly Protocol[], others: readonly Protocol[]): boolean {
  return (
    some.length === others.length &&
    some.every((each, index) => each.name === others[index]!.name && each.metadata.equals(others[index]!.metadata))
  )
}

/** Whether a member with these protocols can be in the group. `except` is the member that is about to replace its own list. */
export function supportsProtocols(group: Group, protocolType: string, protocols: readonly Protocol[], except?: Member): boolean {
  if (protocolType === '' || protocols.length === 0) return false
  if (group.members.size === 0) return true
  if (group.protocolType !== protocolType) return false
  const others = [...group.members.values()].filter(each => each !== except)
  return protocols.some(({ name }) => others.every(other => other.protocols.some(each => each.name === name)))
}

/**
 * The protocol of the next generation: each member votes for the first of its own that all others know too.
 * Undefined when they have none in common, which `supportsProtocols` keeps from happening.
 */
export function voteForProtocol(members: ReadonlyMap<string, Member>): string | undefined {
  const all = [...members.values()]
  const votes = new Map<string, number>()
  for (const { protocols } of all) {
    const choice = protocols.find(({ name }) => all.every(other => other.protocols.some(each => each.name === name)))
    if (choice !== undefined) votes.set(choice.name, (votes.get(choice.name) ?? 0) + 1)
  }
  let winner: string | undefined
  for (const [name, count] of votes) if (winner === undefined || count > votes.get(winner)!) winner = name
  return winner
}

/** Whether the member's session may run out: not while an answer is owed to it, unless that is the answer to its first join. */
export function isSessionRunning(member: Member): boolean {
  return member.isNew || (member.join === undefined && member.sync === undefined)
}

/** The next time at which something happens without a request; undefined when nothing will. */
export function nextDeadlineMs(group: Group): number | undefined {
  let next = Infinity
  for (const deadline of group.pendingMembers.values()) next = Math.min(next, deadline)
  let somebodyOwesSync = false
  for (const member of group.members.values()) {
    if (isSessionRunning(member)) next = Math.min(next, member.sessionDeadlineMs)
    somebodyOwesSync ||= member.owesSync
  }
  const { phase } = group
  if (phase.state === 'PreparingRebalance') next = Math.min(next, phase.joinDeadlineMs)
  else if (phase.state !== 'Empty' && somebodyOwesSync) next = Math.min(next, phase.syncDeadlineMs)
  return next === Infinity ? undefined : next
}
