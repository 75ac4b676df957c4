import type { Logger } from '../../../base/logger.ts'
import type { Uuid } from '../../../base/uuid.ts'
import type { Clock, Timer } from '../../../env/env.ts'
import type { ErrorName } from '../../../protocol/errors.ts'
import type { CoordinatorLog } from '../coordinatorLog.ts'
import { ReplicatedState } from '../replicatedState.ts'
import { abandonRequest } from './abandonRequest.ts'
import { commitOffsets, type CommitDecision, type CommitRequest } from './commitOffsets.ts'
import { deleteGroup, deleteOffsets, type DeleteOffsetsDecision, deleteOffsetsOfTopic } from './deleteOffsets.ts'
import { type DescribedGroup, describeGroup, type ListedGroup, listGroups } from './describeGroup.ts'
import { expireOffsets } from './expireOffsets.ts'
import { type FetchedTopic, fetchOffsets } from './fetchOffsets.ts'
import { emptyGroup, type Group, type Moment, nextDeadlineMs, type Ticket } from './group.ts'
import type { GroupConfig } from './groupConfig.ts'
import { groupRules } from './groupRules.ts'
import { type GroupEntry, type GroupTables, offsetsOf, restoredGroup } from './groupTables.ts'
import { heartbeat, type HeartbeatRequest } from './heartbeat.ts'
import { joinGroup, type JoinRequest } from './joinGroup.ts'
import { leaveGroup, type LeavingMember, type LeftMember } from './leaveGroup.ts'
import { passDeadlines, rebalanceAfterFailedSync } from './rebalance.ts'
import { syncGroup, type SyncRequest } from './syncGroup.ts'
import { type Answer, type JoinReply, refusedJoin, refusedSync, type Step, type SyncReply } from './turn.ts'
import { answerFor } from './writeErrors.ts'

/** Who waits for an answer. */
type Parked = (
  | { readonly type: 'join'; readonly memberId: string; readonly resolve: (reply: JoinReply) => void }
  | { readonly type: 'sync'; readonly resolve: (reply: SyncReply) => void }
) & { unwatch?: () => void }

interface Alarm {
  readonly atMs: number
  readonly timer: Timer
}

const ENTRIES_PER_PART = 1000

/**
 * The groups of one partition of `__consumer_offsets`, while this broker leads it. Waits and never decides: each method lets a pure function
 * decide on the group as it is now, writes what came out, and answers when that is committed.
 */
export class GroupShard {
  readonly #clock: Clock
  readonly #config: GroupConfig
  readonly #replicated: ReplicatedState<GroupTables, GroupEntry>
  readonly #groups = new Map<string, Group>()
  readonly #alarms = new Map<string, Alarm>()
  readonly #parked = new Map<Ticket, Parked>()
  #lastTicket: Ticket = 0
  #closed: ErrorName | undefined

  private constructor(clock: Clock, config: GroupConfig, replicated: ReplicatedState<GroupTables, GroupEntry>) {
    this.#clock = clock
    this.#config = config
    this.#replicated = replicated
    const at = this.#moment()
    const { groups, offsets } = replicated.state
    for (const [groupId, stored] of groups) this.#adopt(restoredGroup(groupId, stored, at))
    for (const groupId of offsets.keys()) if (!this.#groups.has(groupId)) this.#adopt(emptyGroup(groupId))
  }

  /** Reads the partition. Rejects when that fails. `onFailed` is told once, when the shard cannot go on and has to be loaded again. */
  static async load(
    clock: Clock,
    log: CoordinatorLog,
    { config, logger, onFailed }: { readonly config: GroupConfig; readonly logger: Logger; readonly onFailed: (error: ErrorName) => void },
  ): Promise<GroupShard> {
    const replicated = await ReplicatedState.load(clock, log, groupRules, {
      commitTimeoutMs: config.offsetsCommitTimeoutMs,
      maxBatchBytes: config.maxBatchBytes,
      logger,
      onFailed,
    })
    return new GroupShard(clock, config, replicated)
  }

  /** What the log adds up to so far, committed or not. */
  get tables(): Readonly<GroupTables> {
    return this.#replicated.state
  }

  find(groupId: string): Group | undefined {
    return this.#groups.get(groupId)
  }

  /** `closed`: the connection over which the answer would go. */
  join(groupId: string, request: Omit<JoinRequest, 'ticket'>, closed?: AbortSignal): Promise<JoinReply> {
    const known = this.#groups.get(groupId)
    if (known === undefined && request.memberId !== '') return Promise.resolve(refusedJoin('UNKNOWN_MEMBER_ID', request.memberId))
    return new Promise(resolve => {
      const ticket = this.#park({ type: 'join', memberId: request.memberId, resolve })
      this.#request(joinGroup(known ?? emptyGroup(groupId), { ...request, ticket }, this.#moment(), this.#config), error =>
        this.#answer([{ type: 'join', ticket, reply: refusedJoin(error, request.memberId) }]),
      )
      this.#watch(groupId, ticket, closed)
    })
  }

  sync(groupId: string, request: Omit<SyncRequest, 'ticket'>, closed?: AbortSignal): Promise<SyncReply> {
    const group = this.#groups.get(groupId)
    if (group === undefined) return Promise.resolve(refusedSync('UNKNOWN_MEMBER_ID'))
    return new Promise(resolve => {
      const ticket = this.#park({ type: 'sync', resolve })
      this.#request(syncGroup(group, { ...request, ticket }, this.#moment()), error => {
        this.#answer([{ type: 'sync', ticket, reply: refusedSync(error) }])
        this.#perform(rebalanceAfterFailedSync(group, error, this.#moment()))
      })
      this.#watch(groupId, ticket, closed)
    })
  }

  heartbeat(groupId: string, request: HeartbeatRequest): ErrorName {
    const known = this.#groups.get(groupId)
    if (known === undefined) return 'UNKNOWN_MEMBER_ID'
    const { group, error } = heartbeat(known, request, this.#moment())
    // Sessions only grow longer here, so that an alarm set earlier finds out by itself.
    this.#groups.set(groupId, group)
    return error
  }

  async leave(
    groupId: string,
    leaving: readonly LeavingMember[],
  ): Promise<{ readonly error: ErrorName; readonly left: readonly LeftMember[] }> {
    const group = this.#groups.get(groupId)
    if (group === undefined) return { error: 'NONE', left: leaving.map(each => ({ ...each, error: 'UNKNOWN_MEMBER_ID' as const })) }
    const { left, ...step } = leaveGroup(group, leaving, this.#moment())
    const error = await new Promise<ErrorName>(resolve => this.#request(step, resolve, () => resolve('NONE')))
    return { error, left }
  }

  async commit(groupId: string, request: CommitRequest): Promise<Pick<CommitDecision, 'error' | 'topics'>> {
    const decided = commitOffsets(groupId, this.#groups.get(groupId), request, this.#moment(), this.#config)
    if (decided.group !== undefined) this.#groups.set(groupId, decided.group)
    if (decided.error !== 'NONE') return decided
    return { error: await this.#write(decided.entries), topics: decided.topics }
  }

  /** Only what is committed is told: an offset that a client has seen never goes back. */
  async fetch(
    groupId: string,
    asked: Parameters<typeof fetchOffsets>[1],
  ): Promise<{ readonly error: ErrorName; readonly topics: readonly FetchedTopic[] }> {
    const topics = fetchOffsets(offsetsOf(this.#replicated.state, groupId), asked)
    return { error: await this.#write([]), topics }
  }

  /** As it is now, committed or not: who looks on wants to see what happens while nothing can be committed. */
  describe(groupId: string): DescribedGroup {
    return describeGroup(groupId, this.#groups.get(groupId))
  }

  list(filter: Parameters<typeof listGroups>[1]): readonly ListedGroup[] {
    return listGroups(this.#groups.values(), filter)
  }

  async delete(groupId: string): Promise<ErrorName> {
    const { entries, error } = deleteGroup(this.#replicated.state, groupId, this.#groups.get(groupId))
    if (error !== 'NONE') return error
    const refusal = this.#replicated.refusal()
    if (refusal !== 'NONE') return answerFor(refusal)
    this.#groups.delete(groupId)
    this.#setAlarm(groupId)
    return answerFor(await this.#writeInParts(entries))
  }

  async deleteOffsets(
    groupId: string,
    asked: Parameters<typeof deleteOffsets>[2],
  ): Promise<Pick<DeleteOffsetsDecision, 'error' | 'topics'>> {
    const decided = deleteOffsets(this.#groups.get(groupId), offsetsOf(this.#replicated.state, groupId), asked)
    if (decided.error !== 'NONE') return decided
    const written = this.#write(decided.entries)
    this.#forgetIfNothingIsLeft(groupId)
    return { error: await written, topics: decided.topics }
  }

  /** Forgets the offsets of a topic that is gone. */
  topicDeleted(topic: { readonly name: string; readonly topicId: Uuid }): void {
    const entries = deleteOffsetsOfTopic(this.#replicated.state, topic)
    void this.#writeInParts(entries)
    for (const { groupId } of entries) this.#forgetIfNothingIsLeft(groupId)
  }

  /** Forgets what has been kept too long. What does not work now is tried at the next check. */
  expire(): void {
    if (this.#replicated.refusal() !== 'NONE') return
    const at = this.#moment()
    for (const group of this.#groups.values()) {
      void this.#writeInParts(expireOffsets(this.#replicated.state, group, at, this.#config.offsetsRetentionMinutes * 60_000))
      this.#forgetIfNothingIsLeft(group.groupId)
    }
  }

  /** Leadership is lost, or the state is: who waits is told, and nothing happens here any more. */
  close(error: ErrorName): void {
    if (this.#closed !== undefined) return
    this.#closed = error
    this.#replicated.close(error)
    for (const { timer } of this.#alarms.values()) timer.cancel()
    this.#alarms.clear()
    const reply = answerFor(error)
    this.#answer(
      [...this.#parked].map(([ticket, parked]): Answer =>
        parked.type === 'join'
          ? { type: 'join', ticket, reply: refusedJoin(reply, parked.memberId) }
          : { type: 'sync', ticket, reply: refusedSync(reply) },
      ),
    )
  }

  #moment(): Moment {
    return { elapsedMs: this.#clock.elapsed(), timestampMs: this.#clock.now() }
  }

  #park(parked: Parked): Ticket {
    this.#parked.set(++this.#lastTicket, parked)
    return this.#lastTicket
  }

  /** Notices when nobody will hear the answer to a parked request. */
  #watch(groupId: string, ticket: Ticket, closed: AbortSignal | undefined): void {
    const parked = this.#parked.get(ticket)
    if (parked === undefined || closed === undefined) return
    const abandon = () => {
      const group = this.#groups.get(groupId)
      if (group !== undefined) this.#perform(abandonRequest(group, ticket, this.#moment()))
      this.#answer([unanswered(ticket, parked, 'NETWORK_EXCEPTION')]) // nobody hears it, but the handler need not wait for ever
    }
    if (closed.aborted) return abandon()
    closed.addEventListener('abort', abandon, { once: true })
    parked.unwatch = () => closed.removeEventListener('abort', abandon)
  }

  /** Performs what a request led to, unless it could not be written: then nothing has happened, and `refused` is told why. */
  #request(step: Step, refused: (error: ErrorName) => void, committed?: () => void): void {
    const refusal = step.entries.length === 0 ? 'NONE' : this.#replicated.refusal()
    if (refusal !== 'NONE') return refused(answerFor(refusal))
    this.#perform(step, refused, committed)
  }

  #perform({ group, entries, answers }: Step, refused?: (error: ErrorName) => void, committed?: () => void): void {
    const written = this.#replicated.write(entries)
    if (!written.accepted) return refused?.(answerFor(written.error))
    this.#adopt(group)
    if (answers.length === 0 && committed === undefined) return
    void written.committed.then(error => {
      if (error === 'NONE') {
        this.#answer(answers)
        committed?.()
        return
      }
      this.#answer(answers.map(answer => failed(answer, answerFor(error))))
      if (committed !== undefined) refused?.(answerFor(error))
    })
  }

  async #write(entries: readonly GroupEntry[]): Promise<ErrorName> {
    const refusal = entries.length === 0 ? 'NONE' : this.#replicated.refusal()
    if (refusal !== 'NONE') return answerFor(refusal)
    const written = this.#replicated.write(entries)
    if (!written.accepted) return answerFor(written.error)
    for (const { groupId } of entries) if (!this.#groups.has(groupId)) this.#groups.set(groupId, emptyGroup(groupId))
    return answerFor(await written.committed)
  }

  /** For entries that make sense one by one and may be too many for one batch. Resolves when all are committed. */
  #writeInParts(entries: readonly GroupEntry[]): Promise<ErrorName> {
    for (let from = 0; from < entries.length; from += ENTRIES_PER_PART) {
      const written = this.#replicated.write(entries.slice(from, from + ENTRIES_PER_PART))
      if (!written.accepted) return Promise.resolve(written.error)
    }
    const all = this.#replicated.write([])
    return all.accepted ? all.committed : Promise.resolve(all.error)
  }

  #answer(answers: readonly Answer[]): void {
    for (const answer of answers) {
      const parked = this.#parked.get(answer.ticket)
      this.#parked.delete(answer.ticket)
      parked?.unwatch?.()
      if (parked?.type === 'join' && answer.type === 'join') parked.resolve(answer.reply)
      else if (parked?.type === 'sync' && answer.type === 'sync') parked.resolve(answer.reply)
    }
  }

  #adopt(group: Group): void {
    this.#groups.set(group.groupId, group)
    this.#forgetIfNothingIsLeft(group.groupId)
    this.#setAlarm(group.groupId)
  }

  /** A name that somebody once joined with must not take memory for ever. */
  #forgetIfNothingIsLeft(groupId: string): void {
    const group = this.#groups.get(groupId)
    if (group === undefined || group.phase.state !== 'Empty' || group.pendingMembers.size > 0) return
    const { groups, offsets } = this.#replicated.state
    if (!groups.has(groupId) && !offsets.has(groupId)) this.#groups.delete(groupId)
  }

  #setAlarm(groupId: string): void {
    const group = this.#groups.get(groupId)
    const atMs = group === undefined ? undefined : nextDeadlineMs(group)
    const alarm = this.#alarms.get(groupId)
    if (alarm !== undefined && atMs !== undefined && alarm.atMs <= atMs) return // goes off too early at worst, and then looks again
    alarm?.timer.cancel()
    this.#alarms.delete(groupId)
    if (atMs === undefined || this.#closed !== undefined) return
    const timer = this.#clock.after(Math.max(0, atMs - this.#clock.elapsed()), () => {
      this.#alarms.delete(groupId)
      const current = this.#groups.get(groupId)
      if (current !== undefined) this.#perform(passDeadlines(current, this.#moment()))
    })
    this.#alarms.set(groupId, { atMs, timer })
  }
}

function unanswered(ticket: Ticket, parked: Parked, error: ErrorName): Answer {
  return parked.type === 'join'
    ? { type: 'join', ticket, reply: refusedJoin(error, parked.memberId) }
    : { type: 'sync', ticket, reply: refusedSync(error) }
}

function failed(answer: Answer, error: ErrorName): Answer {
  return answer.type === 'join'
    ? { type: 'join', ticket: answer.ticket, reply: refusedJoin(error, answer.reply.memberId) }
    : { type: 'sync', ticket: answer.ticket, reply: refusedSync(error) }
}
