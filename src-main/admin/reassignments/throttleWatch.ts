import type { Placement, ThrottleRemoval } from '../../contract/reassignments.ts'
import { type Clock, NetworkError } from '../../env/env.ts'
import type { KafkaClient } from '../kafkaClient.ts'
import { KafkaError } from '../kafkaError.ts'
import { UnknownCluster } from '../unknownCluster.ts'
import { sleep } from '../waiting.ts'
import { bothThrottles, type KeptThrottle, movesLeft, type PartitionName, type ThrottleKeeper } from './keptThrottle.ts'
import { plannedThrottle, removeThrottle, setThrottle } from './throttle.ts'
import { movesUnderway } from './underway.ts'

const LOOK_EVERY_MS = 2_000

/** That a throttle was taken away, or could not be, without anybody asking for it at that moment. */
export interface ThrottleRemoved {
  readonly clusterId: string
  readonly topics: readonly string[]
  readonly moves: number
  readonly tookMs: number
  /** It is tried again; the same problem is told once. */
  readonly problem: string | null
}

export interface ThrottleWatchOptions {
  readonly clusterId: string
  /** Asked anew each time: a cluster may move. It throws when there is none any more. */
  readonly client: () => KafkaClient
  readonly keeper: ThrottleKeeper
  /** Whether this cluster may be changed at this moment; what is due waits until then. */
  readonly mayChange: () => boolean
  readonly removed: (what: ThrottleRemoved) => void
}

/**
 * Sees to it that a throttle which was set here goes when the last move it is about has ended, whether or not anybody looks: it is remembered before it
 * is set, so that a restart in between changes nothing. One thing at a time, so that no throttle is taken away while moves that need it begin.
 */
export class ThrottleWatch {
  readonly #clock: Clock
  readonly #options: ThrottleWatchOptions
  readonly #closed = new AbortController()
  #kept: KeptThrottle | null
  #problem: string | null = null
  #turn: Promise<unknown> = Promise.resolve()
  #running: Promise<void> | undefined

  constructor(clock: Clock, options: ThrottleWatchOptions) {
    this.#clock = clock
    this.#options = options
    this.#kept = options.keeper.read(options.clusterId)
  }

  /** From now on until nothing is left to take away, or until it is closed. Harmless when it has begun. */
  begin(): void {
    this.#running ??= this.#run().finally(() => (this.#running = undefined))
  }

  /** Throttles these moves, which `begin` sends on their way. */
  async during<T>(placements: readonly Placement[], bytesPerSecond: number, begin: () => Promise<T>): Promise<T> {
    try {
      return await this.#exclusively(async () => {
        const client = this.#options.client()
        const throttle = await plannedThrottle(client, placements, bytesPerSecond)
        await this.#keep(bothThrottles(this.#kept, throttle))
        await setThrottle(client, throttle)
        return await begin()
      })
    } finally {
      this.begin()
    }
  }

  /** Somebody takes away every throttle there is: nothing is left to do. */
  overtaken(unthrottle: () => Promise<void>): Promise<void> {
    return this.#exclusively(async () => {
      await unthrottle()
      await this.#keep(null)
    })
  }

  /** What it is waiting for, while these are under way. */
  removal(underway: readonly PartitionName[]): ThrottleRemoval | null {
    if (this.#kept === null) return null
    return { moves: this.#kept.moves.length, left: movesLeft(this.#kept, underway).length, problem: this.#problem }
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed
    while (!signal.aborted && this.#kept !== null) {
      await this.#exclusively(() => this.#lookUnlessDown())
      await sleep(this.#clock, LOOK_EVERY_MS, signal)
    }
  }

  /** A cluster that does not answer may have moves under way. */
  async #lookUnlessDown(): Promise<void> {
    if (this.#kept === null) return
    const client = await unlessDown(async () => {
      const known = this.#options.client()
      const topics = await movesUnderway(known)
      const underway = topics.flatMap(({ name, partitions }) => partitions.map(each => ({ topic: name, partition: each.partitionIndex })))
      return movesLeft(this.#kept!, underway).length === 0 ? known : undefined
    })
    if (client !== undefined && this.#options.mayChange() && !this.#closed.signal.aborted) await this.#remove(client, this.#kept)
  }

  async #remove(client: KafkaClient, kept: KeptThrottle): Promise<void> {
    const since = this.#clock.elapsed()
    const before = this.#problem
    try {
      await removeThrottle(client, kept)
      await this.#keep(null)
    } catch (problem) {
      this.#problem = textOf(problem)
      if (this.#problem === before) return
    }
    const topics = kept.topics.map(({ topic }) => topic)
    const tookMs = this.#clock.elapsed() - since
    this.#options.removed({ clusterId: this.#options.clusterId, topics, moves: kept.moves.length, tookMs, problem: this.#problem })
  }

  async #keep(throttle: KeptThrottle | null): Promise<void> {
    await this.#options.keeper.write(this.#options.clusterId, throttle)
    this.#kept = throttle
    this.#problem = null
  }

  #exclusively<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(run)
    this.#turn = turn.catch(() => undefined) // told to whoever asked for it; the next one may succeed
    return turn
  }
}

async function unlessDown<T>(run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run()
  } catch (problem) {
    if (![NetworkError, KafkaError, UnknownCluster].some(expected => problem instanceof expected)) throw problem
    return undefined
  }
}

const textOf = (problem: unknown) => (problem instanceof Error ? problem.message : String(problem))
