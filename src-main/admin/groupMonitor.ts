import { type Clock, NetworkError } from '../env/env.ts'
import type { SeriesStore } from '../env/seriesStore.ts'
import { lookAtGroups, type GroupLook } from './groupLooks.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { KafkaError } from './kafkaError.ts'
import { LagWatch, type GroupLag } from './lagWatch.ts'
import { SAMPLE_EVERY_MS } from './lagWindow.ts'
import { UnknownCluster } from './unknownCluster.ts'
import { sleep } from './waiting.ts'

export interface MonitoredGroup extends GroupLook {
  readonly lag: GroupLag
}

/**
 * Looks at all groups of one cluster every ten seconds, whether or not anybody asks, so that lag has a history. Whatever a screen asks for in
 * between counts as a look, too, and spares one.
 */
export class GroupMonitor {
  readonly watch: LagWatch
  readonly #clock: Clock
  readonly #client: () => KafkaClient
  readonly #closed = new AbortController()
  #lookedAt: number | undefined
  #running: Promise<void> | undefined

  /** `client` is asked for anew each time: a cluster may move. It throws when there is none any more. */
  constructor(clock: Clock, { clusterId, client, store }: { clusterId: string; client: () => KafkaClient; store: SeriesStore }) {
    this.#clock = clock
    this.#client = client
    this.watch = new LagWatch(clock, store, clusterId)
  }

  /** From now on, until it is closed. Harmless when it has begun. */
  begin(): void {
    this.#running ??= this.#run()
  }

  async lookAtAll(): Promise<MonitoredGroup[]> {
    const client = this.#client()
    const looks = await lookAtGroups(client)
    const lags = await this.watch.take(client, looks)
    this.#lookedAt = this.#clock.elapsed()
    this.watch.keepOnly(new Set(looks.map(({ groupId }) => groupId)))
    return looks.map((look, index) => ({ ...look, lag: lags[index]! }))
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed
    while (!signal.aborted) {
      const began = this.#clock.elapsed()
      const isDue = this.#lookedAt === undefined || began - this.#lookedAt >= SAMPLE_EVERY_MS - 500
      if (isDue) await this.#lookUnlessDown()
      this.watch.notes.thinNext(this.#clock.now())
      const nextAt = (isDue ? began : this.#lookedAt!) + SAMPLE_EVERY_MS
      await sleep(this.#clock, Math.max(0, nextAt - this.#clock.elapsed()), signal)
    }
  }

  /** A cluster that does not answer leaves a gap in the history, which is what happened. */
  async #lookUnlessDown(): Promise<void> {
    try {
      await this.lookAtAll()
    } catch (problem) {
      if (![NetworkError, KafkaError, UnknownCluster].some(expected => problem instanceof expected)) throw problem
    }
  }
}
