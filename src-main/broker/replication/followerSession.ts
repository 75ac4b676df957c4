import type { Uuid } from '../../base/uuid.ts'
import type { FetchRequest } from '../../protocol/messages/fetch.ts'

export type AskedPartition = FetchRequest['topics'][number]['partitions'][number]

/** One partition as a follower wants to fetch it next. */
export interface WantedPartition {
  /** By `keyOf`. */
  readonly key: string
  readonly topicId: Uuid
  readonly asked: AskedPartition
}

export type SessionFields = Pick<FetchRequest, 'sessionId' | 'sessionEpoch' | 'topics' | 'forgottenTopicsData'>

/**
 * The follower's half of a fetch session (KIP-227): with thousands of partitions only those are named that have moved since the fetch before. The
 * leader may forget the session at any time; then, and whenever an answer was lost, all are named again.
 */
export class FollowerSession {
  #id = 0
  /** Of the next fetch; 0 names everything. */
  #epoch = 0
  /** What the leader believes to be asked for, by `keyOf`. */
  #named = new Map<string, WantedPartition>()

  /** The next fetch of exactly the wanted partitions. Takes for granted that it arrives, until `lost` says otherwise. */
  next(wanted: readonly WantedPartition[]): SessionFields {
    const { sessionId, sessionEpoch } = { sessionId: this.#id, sessionEpoch: this.#epoch }
    if (sessionEpoch === 0) {
      this.#named = new Map(wanted.map(each => [each.key, each]))
      return { sessionId, sessionEpoch, topics: topicsOf(wanted), forgottenTopicsData: [] }
    }
    const named = this.#named
    const changed: WantedPartition[] = []
    for (const each of wanted) {
      const known = named.get(each.key)
      if (known === each) continue
      if (known === undefined || !isSame(known.asked, each.asked)) changed.push(each)
      named.set(each.key, each)
    }
    const forgotten = named.size === wanted.length ? [] : this.#forgetAllBut(wanted)
    return {
      sessionId,
      sessionEpoch,
      topics: topicsOf(changed),
      forgottenTopicsData: topicsOf(forgotten).map(({ topic, topicId, partitions }) => ({
        topic,
        topicId,
        partitions: partitions.map(each => each.partition),
      })),
    }
  }

  #forgetAllBut(wanted: readonly WantedPartition[]): WantedPartition[] {
    const kept = new Set(wanted.map(each => each.key))
    const forgotten = [...this.#named.values()].filter(each => !kept.has(each.key))
    for (const { key } of forgotten) this.#named.delete(key)
    return forgotten
  }

  /** The leader answered; 0 says that it keeps no session. */
  answered(sessionId: number): void {
    this.#id = sessionId
    this.#epoch = sessionId === 0 ? 0 : this.#epoch === LAST_EPOCH ? 1 : this.#epoch + 1
  }

  /** No answer came, or the leader does not know the session: the next fetch ends it and begins another. */
  lost(): void {
    this.#epoch = 0
  }
}

const LAST_EPOCH = 0x7fff_ffff

export function topicsOf(wanted: readonly WantedPartition[]): FetchRequest['topics'] {
  const topics = new Map<Uuid, AskedPartition[]>()
  for (const { topicId, asked } of wanted) {
    const partitions = topics.get(topicId)
    if (partitions === undefined) topics.set(topicId, [asked])
    else partitions.push(asked)
  }
  return [...topics].map(([topicId, partitions]) => ({ topic: '', topicId, partitions }))
}

function isSame(one: AskedPartition, other: AskedPartition): boolean {
  return (
    one.fetchOffset === other.fetchOffset &&
    one.currentLeaderEpoch === other.currentLeaderEpoch &&
    one.lastFetchedEpoch === other.lastFetchedEpoch &&
    one.logStartOffset === other.logStartOffset &&
    one.highWatermark === other.highWatermark &&
    one.partitionMaxBytes === other.partitionMaxBytes
  )
}

export function keyOf(topicId: Uuid, partition: number): string {
  return `${topicId}:${partition}`
}
