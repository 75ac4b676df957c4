/**
 * Incremental fetches (KIP-227): a client names its partitions once and then only what changes; the broker answers only what has news. A session
 * is a cache and may be lost at any time; the client then starts over with a full fetch.
 *
 *   epoch 0: full fetch, a session may begin;  -1: full fetch, no session;  n > 0: the n-th fetch of the session
 */
import type { Uuid } from '../../base/uuid.ts'
import type { Clock, Random } from '../../env/env.ts'
import type { FetchRequest } from '../../protocol/messages/fetch.ts'
import type { Reader } from './fetchPlan.ts'
import type { Partition } from './partition.ts'

export interface SessionPartition {
  readonly topic: string
  readonly topicId: Uuid
  readonly asked: FetchRequest['topics'][number]['partitions'][number]
}

/** What an answer says of a partition that decides whether it is news. */
export interface AnsweredPartition {
  readonly hasError: boolean
  readonly hasRecords: boolean
  readonly isDiverging: boolean
  /** The consumer is sent to another replica. */
  readonly isElsewhere: boolean
  readonly highWatermark: number
  readonly logStartOffset: number
  /** Where it was read, for a follower. */
  readonly at?: Partition | undefined
}

/** A follower, and the signal that tells that its connection is closed. */
export interface SessionFollower {
  readonly replica: NonNullable<Reader['replica']>
  readonly closed: AbortSignal
}

/** Partitions of a follower's session of which there was nothing to tell the last time, and nothing has happened since. */
export interface IdlePartitions {
  /** Calls `wake` when something may have happened to one of them, until the returned function is called. One at a time. */
  readonly watch: (wake: () => void) => () => void
  /** Those to which something has happened. From now on they are the last of the fetch's `partitions`. */
  readonly moved: () => readonly SessionPartition[]
}

type SessionError = 'FETCH_SESSION_ID_NOT_FOUND' | 'INVALID_FETCH_SESSION_EPOCH' | 'FETCH_SESSION_TOPIC_ID_ERROR'

/** How a fetch stands to its session. */
export interface OpenedFetch {
  /** All that is to be read, whether named now or earlier, but for those that are idle. */
  readonly partitions: readonly SessionPartition[]
  readonly idle?: IdlePartitions
  /** Whether the answer may leave out what has no news. */
  readonly isIncremental: boolean
  /** Given all answers, in the order of `partitions`: the id to answer with, and which of them to send. Refused when the session went on meanwhile. */
  readonly close: (answers: readonly AnsweredPartition[]) => ClosedFetch | 'INVALID_FETCH_SESSION_EPOCH'
}

export interface ClosedFetch {
  readonly sessionId: number
  readonly isSent: readonly boolean[]
}

interface CachedPartition {
  partition: SessionPartition
  highWatermark: number
  logStartOffset: number
  /** Where it had nothing to tell the last time. */
  idleAt?: Partition | undefined
  /** Where it is watched. */
  watchedAt?: Partition | undefined
}

interface Session {
  readonly id: number
  readonly usesTopicIds: boolean
  readonly isFollowers: boolean
  readonly createdMs: number
  lastUsedMs: number
  /** Of the next fetch. */
  epoch: number
  readonly partitions: Map<string, CachedPartition>
  /** Wakes the fetch that waits. */
  readonly watcher: { wake: (() => void) | undefined; hasMoved: boolean; readonly moved: () => void }
  /** Of the connection over which it was last used by a follower. */
  closed: AbortSignal | undefined
}

const LAST_EPOCH = 0x7fff_ffff
/** A session unused for so long is given up for a new one, and one that is younger is spared. */
const PROTECTED_MS = 120_000

export class FetchSessions {
  readonly #env: { readonly clock: Clock; readonly random: Random }
  readonly #slots: number
  /** In the order of last use. */
  readonly #sessions = new Map<number, Session>()

  constructor(env: { readonly clock: Clock; readonly random: Random }, options: { readonly slots: number }) {
    this.#env = env
    this.#slots = options.slots
  }

  get size(): number {
    return this.#sessions.size
  }

  /** `follower` is left out for consumers. */
  open(request: FetchRequest, usesTopicIds: boolean, follower?: SessionFollower): OpenedFetch | SessionError {
    const named = request.topics.flatMap(({ topic, topicId, partitions }) => partitions.map(asked => ({ topic, topicId, asked })))
    if (request.sessionEpoch <= 0) {
      this.#end(this.#sessions.get(request.sessionId))
      const mayBegin = request.sessionEpoch === 0 && named.length > 0
      return {
        partitions: named,
        isIncremental: false,
        close: answers => ({
          sessionId: mayBegin ? this.#begin(named, answers, { usesTopicIds, isFollowers: isFollowers(request) }) : 0,
          isSent: answers.map(() => true),
        }),
      }
    }
    const session = this.#sessions.get(request.sessionId)
    if (session === undefined) return 'FETCH_SESSION_ID_NOT_FOUND'
    if (session.epoch !== request.sessionEpoch) return 'INVALID_FETCH_SESSION_EPOCH'
    if (session.usesTopicIds !== usesTopicIds) return 'FETCH_SESSION_TOPIC_ID_ERROR'
    update(session, named, request)
    if (session.partitions.size === 0) {
      this.#end(session)
      return { partitions: [], isIncremental: false, close: () => ({ sessionId: 0, isSent: [] }) }
    }
    session.epoch = session.epoch === LAST_EPOCH ? 1 : session.epoch + 1
    const { epoch } = session
    session.lastUsedMs = this.#env.clock.elapsed()
    this.#sessions.delete(session.id)
    this.#sessions.set(session.id, session)
    const cached: CachedPartition[] = []
    let idle: CachedPartition[] = []
    const isIdle = (each: CachedPartition, isFirst: boolean) =>
      follower !== undefined &&
      each.idleAt !== undefined &&
      each.idleAt.isIdleFor(follower.replica, each.partition.asked, { told: each, isFirst })
    session.watcher.hasMoved = false
    for (const each of session.partitions.values()) (isIdle(each, true) ? idle : cached).push(each)
    const partitions = cached.map(each => each.partition)
    const moved = () => {
      if (!session.watcher.hasMoved) return []
      session.watcher.hasMoved = false
      const found = idle.filter(each => !isIdle(each, false))
      if (found.length === 0) return []
      const gone = new Set(found)
      idle = idle.filter(each => !gone.has(each))
      cached.push(...found)
      const named = found.map(each => each.partition)
      partitions.push(...named)
      return named
    }
    const watch = (wake: () => void) => {
      session.watcher.wake = wake
      return () => {
        if (session.watcher.wake === wake) session.watcher.wake = undefined
      }
    }
    return {
      partitions,
      ...(idle.length > 0 && { idle: { watch, moved } }),
      isIncremental: true,
      close: answers => {
        if (session.epoch !== epoch) return 'INVALID_FETCH_SESSION_EPOCH' // what it would have been told, it will be told
        if (follower !== undefined) this.#watchOver(session, follower.closed)
        const isSent = answers.map((answer, index) => {
          note(session, cached[index]!, answer)
          return isNews(session, cached[index]!, answer)
        })
        return { sessionId: session.id, isSent }
      },
    }
  }

  #begin(
    named: readonly SessionPartition[],
    answers: readonly AnsweredPartition[],
    { usesTopicIds, isFollowers }: { usesTopicIds: boolean; isFollowers: boolean },
  ): number {
    if (!this.#makeRoom(named.length, isFollowers)) return 0
    let id = 0
    while (id === 0 || this.#sessions.has(id)) id = this.#env.random.below(0x7fff_ffff)
    const nowMs = this.#env.clock.elapsed()
    const partitions = new Map(
      named.map((partition, index) => {
        const { hasError, highWatermark, logStartOffset } = answers[index]!
        return [keyOf(partition), { partition, highWatermark: hasError ? -1 : highWatermark, logStartOffset }]
      }),
    )
    const watcher: Session['watcher'] = {
      wake: undefined,
      hasMoved: false,
      moved: () => {
        watcher.hasMoved = true
        watcher.wake?.()
      },
    }
    const session = { id, usesTopicIds, isFollowers, createdMs: nowMs, lastUsedMs: nowMs, epoch: 1, partitions, watcher, closed: undefined }
    this.#sessions.set(id, session)
    return id
  }

  #end(session: Session | undefined): void {
    if (session === undefined) return
    this.#sessions.delete(session.id)
    rest(session)
  }

  /** A session may go on over another connection; but mostly its follower is gone, and partitions should not be watched for nobody. */
  #watchOver(session: Session, closed: AbortSignal): void {
    if (session.closed === closed) return
    session.closed = closed
    closed.addEventListener('abort', () => void (session.closed === closed && rest(session)), { once: true })
  }

  #makeRoom(partitionCount: number, isFollowers: boolean): boolean {
    if (this.#sessions.size < this.#slots) return true
    const nowMs = this.#env.clock.elapsed()
    const stalest = this.#sessions.values().next().value
    if (stalest === undefined) return false // no slots at all
    let victim = nowMs - stalest.lastUsedMs > PROTECTED_MS ? stalest : undefined
    if (victim === undefined) {
      for (const session of this.#sessions.values()) {
        const isYoung = nowMs - session.createdMs <= PROTECTED_MS
        if (isYoung && (session.isFollowers || !isFollowers)) continue
        if (!outranks({ isFollowers, size: partitionCount }, rankOf(session))) continue
        if (victim === undefined || outranks(rankOf(victim), rankOf(session))) victim = session
      }
    }
    if (victim === undefined) return false
    this.#end(victim)
    return true
  }
}

interface Rank {
  readonly isFollowers: boolean
  readonly size: number
}

function rankOf({ isFollowers, partitions }: Session): Rank {
  return { isFollowers, size: partitions.size }
}

function outranks(one: Rank, other: Rank): boolean {
  return one.isFollowers === other.isFollowers ? one.size > other.size : one.isFollowers
}

function update(session: Session, named: readonly SessionPartition[], request: FetchRequest): void {
  for (const partition of named) {
    const known = session.partitions.get(keyOf(partition))
    if (known !== undefined) {
      known.partition = partition
      known.idleAt = undefined
    } else session.partitions.set(keyOf(partition), { partition, highWatermark: -1, logStartOffset: -1 })
  }
  for (const { topic, topicId, partitions } of request.forgottenTopicsData) {
    for (const index of partitions) {
      const key = `${topicId}:${topic}:${index}`
      const known = session.partitions.get(key)
      if (known !== undefined) unwatch(session, known)
      session.partitions.delete(key)
    }
  }
}

/** Remembers where there was nothing to tell, to begin with that the next time. */
function note(
  { watcher, partitions }: Session,
  cached: CachedPartition,
  { at, hasError, hasRecords, isDiverging }: AnsweredPartition,
): void {
  const isIdle = at !== undefined && !hasError && !hasRecords && !isDiverging && partitions.get(keyOf(cached.partition)) === cached
  if (isIdle && cached.watchedAt !== at) {
    unwatch({ watcher }, cached)
    cached.watchedAt = at
    at.watch('logEnd', watcher.moved)
    if (cached.partition.asked.highWatermark < Number.MAX_SAFE_INTEGER) at.watch('highWatermark', watcher.moved)
  }
  cached.idleAt = isIdle ? at : undefined
}

function unwatch({ watcher }: Pick<Session, 'watcher'>, cached: CachedPartition): void {
  cached.watchedAt?.unwatch('logEnd', watcher.moved)
  cached.watchedAt?.unwatch('highWatermark', watcher.moved)
  cached.watchedAt = undefined
  cached.idleAt = undefined
}

/** Watches nothing any more; should it go on, it looks at everything once. */
function rest(session: Session): void {
  for (const each of session.partitions.values()) unwatch(session, each)
}

function isNews(session: Session, cached: CachedPartition, answer: AnsweredPartition): boolean {
  const { hasError, hasRecords, isDiverging, isElsewhere, highWatermark, logStartOffset } = answer
  const isNamed = hasError || hasRecords || isDiverging || isElsewhere
  const isSent = isNamed || highWatermark !== cached.highWatermark || logStartOffset !== cached.logStartOffset
  // An error has to be told again until it is over, and its end has to be told once.
  cached.highWatermark = hasError ? -1 : highWatermark
  cached.logStartOffset = logStartOffset
  if (hasRecords) {
    // Served last next time, so that a busy partition does not starve the others.
    const key = keyOf(cached.partition)
    if (session.partitions.get(key) === cached) {
      session.partitions.delete(key)
      session.partitions.set(key, cached)
    }
  }
  return isSent
}

function isFollowers(request: FetchRequest): boolean {
  return request.replicaId >= 0 || request.replicaState.replicaId >= 0
}

function keyOf({ topic, topicId, asked }: SessionPartition): string {
  return `${topicId}:${topic}:${asked.partition}`
}
