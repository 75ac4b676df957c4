import type { ErrorName } from '../../../protocol/errors.ts'
import { type Group, type Member, type Moment, metadataOf, NOTHING, type Ticket } from './group.ts'
import type { GroupEntry } from './groupTables.ts'

/** The answer to a JoinGroup. */
export interface JoinReply {
  readonly error: ErrorName
  readonly memberId: string
  readonly generationId: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly leader: string
  /** The leader is to leave the assignment as it is (KIP-814). */
  readonly skipAssignment: boolean
  /** For the leader only. */
  readonly members: readonly { readonly memberId: string; readonly groupInstanceId: string | null; readonly metadata: Buffer }[]
}

/** The answer to a SyncGroup. */
export interface SyncReply {
  readonly error: ErrorName
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly assignment: Buffer
}

export type Answer =
  | { readonly type: 'join'; readonly ticket: Ticket; readonly reply: JoinReply }
  | { readonly type: 'sync'; readonly ticket: Ticket; readonly reply: SyncReply }

/** What a decision comes to: the group from now on, what is written first, and who is answered when it is committed. */
export interface Step {
  readonly group: Group
  readonly entries: readonly GroupEntry[]
  readonly answers: readonly Answer[]
}

/** A decision in the making. It lives for one call; what comes out of it is a `Step`. */
export class Turn {
  readonly at: Moment
  readonly entries: GroupEntry[] = []
  readonly answers: Answer[] = []
  group: Group

  constructor(group: Group, at: Moment) {
    this.group = group
    this.at = at
  }

  get step(): Step {
    return { group: this.group, entries: this.entries, answers: this.answers }
  }

  change(changed: Partial<Group>): void {
    this.group = { ...this.group, ...changed }
  }

  putMember(member: Member): void {
    this.change({ members: new Map(this.group.members).set(member.memberId, member) })
  }

  changeMember(memberId: string, changed: Partial<Member>): void {
    const member = this.group.members.get(memberId)
    if (member !== undefined) this.putMember({ ...member, ...changed })
  }

  changeEachMember(changed: (member: Member) => Partial<Member>): void {
    const members = [...this.group.members].map(([id, member]) => [id, { ...member, ...changed(member) }] as const)
    this.change({ members: new Map(members) })
  }

  addPending(memberId: string, deadlineMs: number): void {
    this.change({ pendingMembers: new Map(this.group.pendingMembers).set(memberId, deadlineMs) })
  }

  removePending(memberId: string): void {
    if (!this.group.pendingMembers.has(memberId)) return
    const pendingMembers = new Map(this.group.pendingMembers)
    pendingMembers.delete(memberId)
    this.change({ pendingMembers })
  }

  /** The member showed that it lives. */
  renewSession(memberId: string): void {
    const member = this.group.members.get(memberId)
    if (member !== undefined) this.putMember(renewed(member, this.at))
  }

  refuseJoin(ticket: Ticket, error: ErrorName, memberId: string): void {
    this.answers.push({ type: 'join', ticket, reply: refusedJoin(error, memberId) })
  }

  refuseSync(ticket: Ticket, error: ErrorName): void {
    this.answers.push({ type: 'sync', ticket, reply: refusedSync(error) })
  }

  /** Tells the member the generation it is in. */
  welcome(ticket: Ticket, memberId: string): void {
    const { generationId, protocolType, protocolName, leader, members } = this.group
    this.answers.push({
      type: 'join',
      ticket,
      reply: {
        error: 'NONE',
        memberId,
        generationId,
        protocolType,
        protocolName,
        leader: leader ?? '',
        skipAssignment: false,
        members: memberId === leader ? joinedMembers(members, protocolName) : [],
      },
    })
  }

  /** Tells the member what it owns. */
  assign(ticket: Ticket, assignment: Buffer): void {
    const { protocolType, protocolName } = this.group
    this.answers.push({ type: 'sync', ticket, reply: { error: 'NONE', protocolType, protocolName, assignment } })
  }
}

export function renewed(member: Member, at: Moment): Member {
  return { ...member, sessionDeadlineMs: at.elapsedMs + member.sessionTimeoutMs }
}

export function joinedMembers(members: ReadonlyMap<string, Member>, protocolName: string | null): JoinReply['members'] {
  return [...members.values()].map(each => ({
    memberId: each.memberId,
    groupInstanceId: each.groupInstanceId,
    metadata: metadataOf(each, protocolName),
  }))
}

export function refusedJoin(error: ErrorName, memberId: string): JoinReply {
  return { error, memberId, generationId: -1, protocolType: null, protocolName: null, leader: '', skipAssignment: false, members: [] }
}

export function refusedSync(error: ErrorName): SyncReply {
  return { error, protocolType: null, protocolName: null, assignment: NOTHING }
}
