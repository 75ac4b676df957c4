import type { Loan } from '../../base/bufferPool.ts'
import type { Logger } from '../../base/logger.ts'
import type { Clock } from '../../env/env.ts'
import { type ErrorName, errorName } from '../../protocol/errors.ts'
import { Fetch, type FetchRequest, type FetchResponse } from '../../protocol/messages/fetch.ts'
import { ListOffsets, type ListOffsetsResponse } from '../../protocol/messages/listOffsets.ts'
import type { PeerLink } from '../../wire/peerLink.ts'
import { Sleep } from '../sleep.ts'
import type { FollowedPosition, Partition } from './partition.ts'
import { type AskedPartition, FollowerSession, keyOf, type SessionFields, topicsOf, type WantedPartition } from './followerSession.ts'
import type { ReplicationThrottle } from './replicationThrottle.ts'
import { afterOffsetOutOfRange } from './truncation.ts'

export interface FetcherOptions {
  readonly clusterId: string
  readonly brokerId: number
  readonly leaderId: number
  readonly brokerEpoch: () => number
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly partitionMaxBytes: number
  /** Longest pause after a failure; the first ones are much shorter. */
  readonly backoffMs: number
  readonly requestTimeoutMs: number
  /** What holds back partitions that are not in sync. */
  readonly throttle: Pick<ReplicationThrottle, 'holdsBack' | 'count' | 'delayMs'>
  /** Whether the leader shall answer for a higher high watermark alone: consumers read here (KIP-392) and should not wait for it. */
  readonly wantsHighWatermark: boolean
  readonly logger: Logger
  /** Opens one connection to the leader; called once for each lane, see `Fetcher`. */
  readonly connect: () => PeerLink
}

interface Followed {
  readonly key: string
  readonly partition: Partition
  readonly leaderEpoch: number
  /** Whose fetch in flight it is in. */
  lane: Lane | undefined
  /** As in the fetch in flight, or the last one; the same object while nothing of it changes. */
  wanted: WantedPartition | undefined
  /** Committed records that it still lacked after the last answer; undefined before the first. Members of the in-sync set lack none. */
  lag: number | undefined
  /** `clock.elapsed()` before which it is left alone. */
  notBeforeMs: number
  failures: number
}

interface Lane {
  readonly name: 'main' | 'newcomers' | 'behind'
  readonly link: PeerLink
  readonly maxWaitMs: number
  readonly maxBytes: number
  readonly session: FollowerSession | undefined
  inFlight: boolean
  /** Whether its fetch in flight comes back soon, to take over the newcomers. */
  isBrief: boolean
  failures: number
}

type FetchedTopic = FetchResponse['responses'][number]
type FetchedPartitionData = FetchedTopic['partitions'][number]

const FIRST_BACKOFF_MS = 20
/** While the own disk is full there is no use in fetching what it cannot take. */
const FULL_DISK_BACKOFF_MS = 1000
/** A newcomer's own long poll is short, so that the next newcomer, and the return to the main lane, are never far. */
const NEWCOMER_WAIT_MS = 50
/** Small bites: between two of them leader and follower see to everybody else. */
const BEHIND_MAX_BYTES = 1024 * 1024
/** So few fill an answer; all others would be named in vain. */
const BEHIND_PARTITIONS = 16

/**
 * Copies from one leader all partitions that it leads and this broker follows. One long poll carries them all, as a session; a partition that is added
 * or ready again while that poll is parked is fetched on a second connection until the poll returns, so that nobody waits for somebody else's idleness;
 * the next poll is a brief one then, at the end of which it takes the newcomers along.
 * What is behind catches up on a third, so that no producer waits for megabytes that were committed long ago. A partition is never in two requests at
 * once. Differs from Kafka: replication runs on the CONTROLLER listener, away from client load.
 */
export class Fetcher {
  readonly #clock: Clock
  readonly #options: FetcherOptions
  readonly #followed = new Map<string, Followed>()
  /** Of these, those that are behind: mostly none, and then nobody has to be asked. */
  readonly #behind = new Set<Followed>()
  readonly #lanes: readonly Lane[]
  readonly #sleep: Sleep
  #tookNewcomersMs = -Infinity
  #stopped = false

  constructor(clock: Clock, options: FetcherOptions) {
    this.#clock = clock
    this.#options = options
    this.#sleep = new Sleep(clock)
    const { maxBytes, maxWaitMs } = options
    const lane = {
      maxWaitMs: Math.min(NEWCOMER_WAIT_MS, maxWaitMs),
      maxBytes,
      session: undefined,
      inFlight: false,
      isBrief: false,
      failures: 0,
    }
    this.#lanes = [
      { ...lane, name: 'main', link: options.connect(), maxWaitMs, session: new FollowerSession() },
      { ...lane, name: 'newcomers', link: options.connect() },
      { ...lane, name: 'behind', link: options.connect(), maxBytes: Math.min(BEHIND_MAX_BYTES, maxBytes) },
    ]
    for (const lane of this.#lanes) void this.#run(lane)
  }

  get size(): number {
    return this.#followed.size
  }

  add(partition: Partition): void {
    const { leaderEpoch } = partition
    if (leaderEpoch === undefined) return
    this.remove(partition)
    const key = keyOf(partition.topicId, partition.index)
    this.#followed.set(key, {
      key,
      partition,
      leaderEpoch,
      lane: undefined,
      wanted: undefined,
      lag: undefined,
      notBeforeMs: 0,
      failures: 0,
    })
    this.#sleep.wake()
  }

  remove(partition: Partition): void {
    const key = keyOf(partition.topicId, partition.index)
    const followed = this.#followed.get(key)
    if (followed === undefined) return
    this.#followed.delete(key)
    this.#behind.delete(followed)
  }

  /** Does not wait for what is in flight: its answer will find nobody. */
  stop(): void {
    this.#stopped = true
    this.#followed.clear()
    this.#behind.clear()
    for (const { link } of this.#lanes) link.close()
    this.#sleep.wake()
  }

  async #run(lane: Lane): Promise<void> {
    while (!this.#stopped) {
      const chosen = this.#choose(lane)
      if (chosen.length === 0) {
        await this.#sleep.for(this.#untilNextDue(lane))
        continue
      }
      lane.inFlight = true
      for (const each of chosen) each.lane = lane
      lane.isBrief = lane.name === 'main' && this.#takesNewcomersNow()
      try {
        const lent: Loan[] = []
        const response = await lane.link.send(Fetch, this.#request(chosen, lane), {
          timeoutMs: lane.maxWaitMs + this.#options.requestTimeoutMs,
          lent: memory => lent.push(memory),
        })
        // What could not be taken over may still be on its way to a disk.
        if (await this.#take(response, lane)) lent[0]?.giveBack()
        lane.failures = 0
      } catch (error) {
        lane.session?.lost()
        if (!this.#stopped) this.#options.logger.debug(`fetching from broker ${this.#options.leaderId} failed`, { error })
        lane.failures++
      }
      lane.inFlight = false
      for (const each of chosen) each.lane = undefined
      // The other lane may have been waiting for this one to return its partitions, or to be parked.
      this.#sleep.wake()
      if (lane.failures > 0) await this.#pause(this.#backoff(lane.failures))
    }
  }

  /** Not more often than every long poll: where thousands of newcomers come one after the other, each brief one would name thousands. */
  #takesNewcomersNow(): boolean {
    const now = this.#clock.elapsed()
    if (!this.#lanes[1]!.inFlight || now - this.#tookNewcomersMs < this.#options.maxWaitMs) return false
    this.#tookNewcomersMs = now
    return true
  }

  #choose(lane: Lane): Followed[] {
    const [main] = this.#lanes
    const isForNewcomers = lane.name === 'newcomers'
    if (isForNewcomers && !main!.inFlight) return []
    const isForThoseBehind = lane.name === 'behind'
    const now = this.#clock.elapsed()
    const chosen: Followed[] = []
    for (const each of isForThoseBehind ? this.#behind : this.#followed.values()) {
      if (each.lane !== undefined || each.notBeforeMs > now || isBehind(each) !== isForThoseBehind || this.#isHeldBack(each)) continue
      if (isForNewcomers && main!.isBrief && each.lag !== undefined) continue
      chosen.push(each)
      if (isForThoseBehind && chosen.length === BEHIND_PARTITIONS) break
    }
    return chosen
  }

  #isHeldBack(followed: Followed): boolean {
    const { topic, index } = followed.partition
    return !this.#isInSync(followed) && this.#options.throttle.holdsBack(topic, index)
  }

  /** By what the leader told, and before that, as metadata has it: producers wait for members of the in-sync set from the first fetch on. */
  #isInSync({ partition, lag }: Followed): boolean {
    return lag === undefined ? partition.inSyncReplicas.includes(this.#options.brokerId) : lag <= 0
  }

  #untilNextDue({ name }: Lane): number {
    const now = this.#clock.elapsed()
    let soonest = Infinity
    for (const each of name === 'behind' ? this.#behind : this.#followed.values()) {
      if (each.lane !== undefined) continue
      if (each.notBeforeMs > now) soonest = Math.min(soonest, each.notBeforeMs - now)
      else if (this.#isHeldBack(each)) soonest = Math.min(soonest, this.#options.throttle.delayMs)
    }
    return soonest
  }

  #request(chosen: readonly Followed[], lane: Lane): FetchRequest {
    const { brokerId, brokerEpoch, minBytes, clusterId } = this.#options
    const wanted: WantedPartition[] = []
    for (const followed of chosen) {
      followed.wanted = this.#wantedOf(followed)
      if (followed.wanted !== undefined) wanted.push(followed.wanted)
    }
    const session: SessionFields = lane.session?.next(wanted) ?? {
      sessionId: 0,
      sessionEpoch: -1,
      topics: topicsOf(wanted),
      forgottenTopicsData: [],
    }
    return {
      clusterId,
      replicaId: -1,
      replicaState: { replicaId: brokerId, replicaEpoch: brokerEpoch() },
      maxWaitMs: lane.isBrief ? Math.min(NEWCOMER_WAIT_MS, lane.maxWaitMs) : lane.maxWaitMs,
      minBytes,
      maxBytes: lane.maxBytes,
      isolationLevel: 0,
      ...session,
      rackId: '',
    }
  }

  #wantedOf({ key, partition, leaderEpoch, wanted }: Followed): WantedPartition | undefined {
    const position = partition.fetchPosition(leaderEpoch)
    if (position === undefined) return undefined
    const highWatermark = this.#options.wantsHighWatermark ? position.highWatermark : Number.MAX_SAFE_INTEGER
    if (wanted !== undefined && isAt(wanted.asked, position) && wanted.asked.highWatermark === highWatermark) return wanted
    const asked: AskedPartition = {
      partition: partition.index,
      currentLeaderEpoch: leaderEpoch,
      fetchOffset: position.fetchOffset,
      lastFetchedEpoch: position.lastFetchedEpoch,
      logStartOffset: position.logStartOffset,
      partitionMaxBytes: this.#options.partitionMaxBytes,
      replicaDirectoryId: NO_DIRECTORY,
      highWatermark,
    }
    return { key, topicId: partition.topicId, asked }
  }

  /** Whether nothing went wrong with any partition, so that all that came is in the logs. */
  async #take(response: FetchResponse, lane: Lane): Promise<boolean> {
    const error = errorName(response.errorCode)
    if (error === 'FETCH_SESSION_ID_NOT_FOUND' || error === 'INVALID_FETCH_SESSION_EPOCH') {
      lane.session?.lost()
      return false
    }
    if (error !== 'NONE') throw new Error(`the leader refused the whole fetch with ${error}`)
    lane.session?.answered(response.sessionId)
    const work: Promise<boolean>[] = []
    for (const { topicId, partitions } of response.responses) {
      for (const data of partitions) {
        const followed = this.#followed.get(keyOf(topicId, data.partitionIndex))
        if (followed?.lane === lane) work.push(this.#takePartition(followed, data, lane))
      }
    }
    return (await Promise.all(work)).every(Boolean)
  }

  async #takePartition(followed: Followed, data: FetchedPartitionData, lane: Lane): Promise<boolean> {
    const { partition, leaderEpoch } = followed
    const error = errorName(data.errorCode)
    if (error === 'OFFSET_OUT_OF_RANGE') {
      await this.#findBack(followed, lane)
      return false
    }
    if (error !== 'NONE') {
      // Mostly one of us has not heard of the newest leader yet; metadata, or the next try, will tell.
      this.#options.logger.debug(`no records of ${partition.name} from broker ${this.#options.leaderId}`, { error, leaderEpoch })
      this.#later(followed)
      return false
    }
    if (data.divergingEpoch.endOffset >= 0 || data.divergingEpoch.epoch >= 0) {
      const { divergingEpoch: leader, logStartOffset: leaderLogStart } = data
      this.#took(followed, await partition.follow(leaderEpoch, { type: 'diverge', leader, leaderLogStart }))
      return false
    }
    const { highWatermark, logStartOffset } = data
    const records = data.records ?? NOTHING
    if (!this.#isInSync(followed)) this.#options.throttle.count(partition.topic, partition.index, records.length)
    const fetched = { fetchOffset: followed.wanted?.asked.fetchOffset ?? -1, records, highWatermark, logStartOffset }
    const outcome = await partition.follow(leaderEpoch, { type: 'append', fetched })
    this.#took(followed, outcome)
    const position = partition.fetchPosition(leaderEpoch)
    if (position === undefined) return false
    followed.lag = highWatermark - position.fetchOffset
    // Who got something goes to the end, so that all who are behind have their turn.
    if (!isBehind(followed) || records.length > 0) this.#behind.delete(followed)
    if (isBehind(followed) && this.#followed.get(followed.key) === followed) this.#behind.add(followed)
    return outcome === 'NONE'
  }

  #took(followed: Followed, error: ErrorName): void {
    const { partition } = followed
    if (error === 'NONE') {
      followed.failures = 0
      return
    }
    // What the disk has failed for is not followed any more; otherwise it has no room.
    const isFull = error === 'KAFKA_STORAGE_ERROR'
    if (!isFull || followed.failures === 0) {
      this.#options.logger.warn(`cannot take over what broker ${this.#options.leaderId} sent of ${partition.name}`, { error, isFull })
    }
    this.#later(followed)
    if (isFull) followed.notBeforeMs = this.#clock.elapsed() + FULL_DISK_BACKOFF_MS
  }

  /** The offset is outside of the leader's log: learn its bounds, then cut, start anew, or just go on. */
  async #findBack(followed: Followed, lane: Lane): Promise<void> {
    const { partition, leaderEpoch } = followed
    const leaderEnd = await this.#leaderOffset(followed, LATEST, lane)
    const leaderStart = await this.#leaderOffset(followed, EARLIEST, lane)
    const position = partition.fetchPosition(leaderEpoch)
    if (position === undefined) return
    if (leaderEnd === undefined || leaderStart === undefined) return this.#later(followed)
    const remedy = afterOffsetOutOfRange({ leaderStart, leaderEnd, ownEnd: position.fetchOffset })
    if (remedy.type === 'fetchFromOwnEnd') this.#later(followed)
    else this.#took(followed, await partition.follow(leaderEpoch, remedy))
  }

  async #leaderOffset({ partition, leaderEpoch }: Followed, timestamp: number, { link }: Lane): Promise<number | undefined> {
    const response: ListOffsetsResponse = await link.send(
      ListOffsets,
      {
        replicaId: this.#options.brokerId,
        isolationLevel: 0,
        topics: [{ name: partition.topic, partitions: [{ partitionIndex: partition.index, currentLeaderEpoch: leaderEpoch, timestamp }] }],
      },
      { timeoutMs: this.#options.requestTimeoutMs },
    )
    const answer = response.topics[0]?.partitions[0]
    return answer === undefined || errorName(answer.errorCode) !== 'NONE' ? undefined : answer.offset
  }

  #later(followed: Followed): void {
    followed.failures++
    followed.notBeforeMs = this.#clock.elapsed() + this.#backoff(followed.failures)
  }

  #backoff(failures: number): number {
    return Math.min(this.#options.backoffMs, FIRST_BACKOFF_MS * 2 ** Math.min(failures - 1, 10))
  }

  async #pause(delayMs: number): Promise<void> {
    const until = this.#clock.elapsed() + delayMs
    for (let left = delayMs; left > 0 && !this.#stopped; left = until - this.#clock.elapsed()) await this.#sleep.for(left)
  }
}

const LATEST = -1
const EARLIEST = -2
const NOTHING = Buffer.alloc(0)
const NO_DIRECTORY = 'AAAAAAAAAAAAAAAAAAAAAA'

function isAt(asked: AskedPartition, { fetchOffset, lastFetchedEpoch, logStartOffset }: FollowedPosition): boolean {
  return asked.fetchOffset === fetchOffset && asked.lastFetchedEpoch === lastFetchedEpoch && asked.logStartOffset === logStartOffset
}

function isBehind({ lag }: Followed): boolean {
  return lag !== undefined && lag > 0
}
