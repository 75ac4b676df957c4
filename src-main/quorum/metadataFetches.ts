import type { Env } from '../env/env.ts'
import type { Fetch, FetchRequest } from '../protocol/messages/fetch.ts'
import type { ResponseInput } from '../protocol/schema.ts'
import type { QuorumDriver } from './driver.ts'
import { type FetchAnswer, fetchAskedFrom, type FetchAsked, fetchResponse } from './messages.ts'
import type { ReplicaActivity } from './quorumDescription.ts'
import type { QuorumLog } from './quorumLog.ts'
import type { LeaderAndEpoch } from './state.ts'

const NO_RECORDS = Buffer.alloc(0)
/** More fetches than this at once are answered without waiting: each voter and observer has one. */
const MAX_PARKED = 100

/**
 * The leader's side of replication. A fetch that would bring nothing waits for news: more records, or a higher high watermark than the asker knows
 * (KIP-1166), so that a commit is learnt in one trip.
 */
export class MetadataFetches {
  readonly #env: Pick<Env, 'clock'>
  readonly #clusterId: string
  readonly #log: QuorumLog
  readonly #activity: ReplicaActivity
  readonly #driver: () => QuorumDriver | undefined
  #parked = new Set<() => void>()

  constructor(
    env: Pick<Env, 'clock'>,
    parts: {
      readonly clusterId: string
      readonly log: QuorumLog
      readonly activity: ReplicaActivity
      readonly driver: () => QuorumDriver | undefined
    },
  ) {
    this.#env = env
    this.#clusterId = parts.clusterId
    this.#log = parts.log
    this.#activity = parts.activity
    this.#driver = parts.driver
  }

  /** Something changed: all that wait look again. */
  wake(): void {
    const parked = this.#parked
    this.#parked = new Set()
    for (const look of parked) look()
  }

  async answer(request: FetchRequest): Promise<ResponseInput<typeof Fetch>> {
    const asked = fetchAskedFrom(request, this.#clusterId)
    if (typeof asked === 'string') return fetchResponse(asked)
    return fetchResponse(await this.#answer(asked), asked.isById)
  }

  async #answer(asked: FetchAsked): Promise<FetchAnswer> {
    const { replicaId, fetchOffset, lastFetchedEpoch, epoch } = asked
    const driver = this.#driver()
    if (driver === undefined) return refused({ leaderId: undefined, epoch: -1 })
    const endOffset = this.#log.logEndOffset
    const reply = await driver.ask({ type: 'fetch', replicaId, epoch, fetchOffset, lastFetchedEpoch })
    if (reply?.type !== 'answerFetch') return refused({ leaderId: undefined, epoch: driver.state.epoch })
    const { verdict, leader } = reply
    const { highWatermark } = driver.state
    if (verdict.type === 'refused') return { ...refused(leader), error: verdict.error }
    if (verdict.type === 'diverging') {
      const diverging = { epoch: verdict.epoch, endOffset: verdict.endOffset }
      return { error: 'NONE', leader, diverging, snapshot: undefined, highWatermark, records: NO_RECORDS }
    }
    if (verdict.type === 'snapshot') {
      return { error: 'NONE', leader, diverging: undefined, snapshot: verdict.id, highWatermark, records: NO_RECORDS }
    }
    this.#activity.fetched({ id: replicaId, directoryId: asked.directoryId }, fetchOffset, endOffset)
    return this.#read(driver, asked, leader)
  }

  async #read(driver: QuorumDriver, asked: FetchAsked, leader: LeaderAndEpoch): Promise<FetchAnswer> {
    const { clock } = this.#env
    const log = this.#log
    const isVoter = driver.state.voters.includes(asked.replicaId)
    const deadline = clock.elapsed() + asked.maxWaitMs
    const stillLeads = (): boolean => driver.state.role.type === 'leader' && driver.state.epoch === leader.epoch && !driver.isStopped
    // Replicas get what is not committed yet as well; that is how it becomes so.
    const end = (): number => (isVoter ? log.logEndOffset : driver.state.highWatermark)

    while (stillLeads() && asked.fetchOffset >= end() && asked.highWatermark >= driver.state.highWatermark) {
      const leftMs = deadline - clock.elapsed()
      if (leftMs <= 0 || this.#parked.size >= MAX_PARKED) break
      await this.#news(leftMs)
    }
    if (!stillLeads()) return refused({ leaderId: undefined, epoch: driver.state.epoch })
    if (asked.fetchOffset >= end()) return answered(NO_RECORDS)
    const read = await log.read(asked.fetchOffset, { maxBytes: asked.maxBytes, upTo: end(), atLeastOneBatch: true })
    // Another leader may have replaced what was read, while it was read.
    if (!stillLeads()) return refused({ leaderId: undefined, epoch: driver.state.epoch })
    // While the fetch waited, a snapshot took the place of what it asks for.
    if (asked.fetchOffset < log.logStartOffset) return this.#answer(asked)
    return read.error === 'NONE' ? answered(read.records) : { ...refused(leader), error: read.error }

    function answered(records: Buffer): FetchAnswer {
      const { highWatermark } = driver.state
      const { logStartOffset } = log
      return { error: 'NONE', leader, diverging: undefined, snapshot: undefined, highWatermark, logStartOffset, records }
    }
  }

  #news(withinMs: number): Promise<void> {
    return new Promise(resolve => {
      const look = (): void => {
        timer.cancel()
        this.#parked.delete(look)
        resolve()
      }
      const timer = this.#env.clock.after(withinMs, look)
      this.#parked.add(look)
    })
  }
}

function refused(leader: LeaderAndEpoch): FetchAnswer {
  return { error: 'NOT_LEADER_OR_FOLLOWER', leader, diverging: undefined, snapshot: undefined, highWatermark: -1, records: NO_RECORDS }
}
