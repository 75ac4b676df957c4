import type { Logger } from '../../base/logger.ts'
import type { Uuid } from '../../base/uuid.ts'
import type { Clock } from '../../env/env.ts'
import { type ErrorName, errorName } from '../../protocol/errors.ts'
import { Fetch, type FetchRequest, type FetchResponse } from '../../protocol/messages/fetch.ts'
import { ListOffsets, type ListOffsetsResponse } from '../../protocol/messages/listOffsets.ts'
import type { PeerLink } from '../../wire/peerLink.ts'
import { Sleep } from '../sleep.ts'
import type { Partition } from './partition.ts'
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
  readonly logger: Logger
  /** Opens one connection to the leader; called twice, see `Fetcher`. */
  readonly connect: () => PeerLink
}

interface Followed {
  readonly partition: Partition
  readonly leaderEpoch: number
  inFlight: boolean
  /** `clock.elapsed()` before which it is left alone. */
  notBeforeMs: number
  failures: number
}

interface Lane {
  readonly name: 'main' | 'newcomers'
  readonly link: PeerLink
  readonly maxWaitMs: number
  inFlight: boolean
  failures: number
}

type FetchedTopic = FetchResponse['responses'][number]
type FetchedPartitionData = FetchedTopic['partitions'][number]

const FIRST_BACKOFF_MS = 20
/** While the own disk is full there is no use in fetching what it cannot take. */
const FULL_DISK_BACKOFF_MS = 1000
/** A newcomer's own long poll is short, so that the next newcomer, and the return to the main lane, are never far. */
const NEWCOMER_WAIT_MS = 50

/**
 * Copies from one leader all partitions that it leads and this broker follows. One long poll carries them all; a partition that is added or ready
 * again while that poll is parked is fetched on a second connection until the poll returns, so that nobody waits for somebody else's idleness.
 * A partition is never in two requests at once. Differs from Kafka: replication runs on the CONTROLLER listener, away from client load.
 */
export class Fetcher {
  readonly #clock: Clock
  readonly #options: FetcherOptions
  readonly #followed = new Map<string, Followed>()
  readonly #lanes: readonly Lane[]
  readonly #sleep: Sleep
  #stopped = false

  constructor(clock: Clock, options: FetcherOptions) {
    this.#clock = clock
    this.#options = options
    this.#sleep = new Sleep(clock)
    this.#lanes = [
      { name: 'main', link: options.connect(), maxWaitMs: options.maxWaitMs, inFlight: false, failures: 0 },
      {
        name: 'newcomers',
        link: options.connect(),
        maxWaitMs: Math.min(NEWCOMER_WAIT_MS, options.maxWaitMs),
        inFlight: false,
        failures: 0,
      },
    ]
    for (const lane of this.#lanes) void this.#run(lane)
  }

  get size(): number {
    return this.#followed.size
  }

  add(partition: Partition): void {
    const { leaderEpoch } = partition
    if (leaderEpoch === undefined) return
    this.#followed.set(keyOf(partition.topicId, partition.index), { partition, leaderEpoch, inFlight: false, notBeforeMs: 0, failures: 0 })
    this.#sleep.wake()
  }

  remove(partition: Partition): void {
    this.#followed.delete(keyOf(partition.topicId, partition.index))
  }

  /** Does not wait for what is in flight: its answer will find nobody. */
  stop(): void {
    this.#stopped = true
    this.#followed.clear()
    for (const { link } of this.#lanes) link.close()
    this.#sleep.wake()
  }

  async #run(lane: Lane): Promise<void> {
    while (!this.#stopped) {
      const chosen = this.#choose(lane)
      if (chosen.length === 0) {
        await this.#sleep.for(this.#untilNextDue())
        continue
      }
      lane.inFlight = true
      for (const each of chosen) each.inFlight = true
      try {
        const response = await lane.link.send(Fetch, this.#request(chosen, lane), {
          timeoutMs: lane.maxWaitMs + this.#options.requestTimeoutMs,
        })
        await this.#take(chosen, response, lane)
        lane.failures = 0
      } catch (error) {
        if (!this.#stopped) this.#options.logger.debug(`fetching from broker ${this.#options.leaderId} failed`, { error })
        lane.failures++
      }
      lane.inFlight = false
      for (const each of chosen) each.inFlight = false
      // The other lane may have been waiting for this one to return its partitions, or to be parked.
      this.#sleep.wake()
      if (lane.failures > 0) await this.#pause(this.#backoff(lane.failures))
    }
  }

  #choose(lane: Lane): Followed[] {
    const isNewcomersTurn = lane.name === 'main' || this.#lanes[0]!.inFlight
    if (!isNewcomersTurn) return []
    const now = this.#clock.elapsed()
    const chosen: Followed[] = []
    for (const each of this.#followed.values()) if (!each.inFlight && each.notBeforeMs <= now) chosen.push(each)
    return chosen
  }

  #untilNextDue(): number {
    const now = this.#clock.elapsed()
    let soonest = Infinity
    for (const { inFlight, notBeforeMs } of this.#followed.values()) {
      if (!inFlight && notBeforeMs > now) soonest = Math.min(soonest, notBeforeMs - now)
    }
    return soonest
  }

  #request(chosen: readonly Followed[], lane: Lane): FetchRequest {
    const { brokerId, brokerEpoch, minBytes, maxBytes, partitionMaxBytes, clusterId } = this.#options
    const topics = new Map<Uuid, FetchRequest['topics'][number]['partitions'][number][]>()
    for (const { partition, leaderEpoch } of chosen) {
      const position = partition.fetchPosition(leaderEpoch)
      if (position === undefined) continue
      let partitions = topics.get(partition.topicId)
      if (partitions === undefined) topics.set(partition.topicId, (partitions = []))
      partitions.push({
        partition: partition.index,
        currentLeaderEpoch: leaderEpoch,
        fetchOffset: position.fetchOffset,
        lastFetchedEpoch: position.lastFetchedEpoch,
        logStartOffset: position.logStartOffset,
        partitionMaxBytes,
        replicaDirectoryId: NO_DIRECTORY,
        highWatermark: Number.MAX_SAFE_INTEGER,
      })
    }
    return {
      clusterId,
      replicaId: -1,
      replicaState: { replicaId: brokerId, replicaEpoch: brokerEpoch() },
      maxWaitMs: lane.maxWaitMs,
      minBytes,
      maxBytes,
      isolationLevel: 0,
      sessionId: 0,
      sessionEpoch: -1,
      topics: [...topics].map(([topicId, partitions]) => ({ topic: '', topicId, partitions })),
      forgottenTopicsData: [],
      rackId: '',
    }
  }

  async #take(chosen: readonly Followed[], response: FetchResponse, lane: Lane): Promise<void> {
    const error = errorName(response.errorCode)
    if (error !== 'NONE') throw new Error(`the leader refused the whole fetch with ${error}`)
    const sent = new Map(chosen.map(each => [keyOf(each.partition.topicId, each.partition.index), each]))
    const work: Promise<void>[] = []
    for (const { topicId, partitions } of response.responses) {
      for (const data of partitions) {
        const followed = sent.get(keyOf(topicId, data.partitionIndex))
        if (followed !== undefined && this.#isCurrent(followed)) work.push(this.#takePartition(followed, data, lane))
      }
    }
    await Promise.all(work)
  }

  #isCurrent(followed: Followed): boolean {
    return this.#followed.get(keyOf(followed.partition.topicId, followed.partition.index)) === followed
  }

  async #takePartition(followed: Followed, data: FetchedPartitionData, lane: Lane): Promise<void> {
    const { partition, leaderEpoch } = followed
    const error = errorName(data.errorCode)
    if (error === 'OFFSET_OUT_OF_RANGE') return this.#findBack(followed, lane)
    if (error !== 'NONE') {
      // Mostly one of us has not heard of the newest leader yet; metadata, or the next try, will tell.
      this.#options.logger.debug(`no records of ${partition.name} from broker ${this.#options.leaderId}`, { error, leaderEpoch })
      return this.#later(followed)
    }
    if (data.divergingEpoch.endOffset >= 0 || data.divergingEpoch.epoch >= 0) {
      return this.#took(followed, await partition.follow(leaderEpoch, { type: 'diverge', leader: data.divergingEpoch }))
    }
    const position = partition.fetchPosition(leaderEpoch)
    if (position === undefined) return
    const { highWatermark, logStartOffset } = data
    const fetched = { fetchOffset: position.fetchOffset, records: data.records ?? NOTHING, highWatermark, logStartOffset }
    this.#took(followed, await partition.follow(leaderEpoch, { type: 'append', fetched }))
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

function keyOf(topicId: Uuid, partition: number): string {
  return `${topicId}:${partition}`
}
