import type { Clock } from '../../env/env.ts'
import { serverConfigDefinitions } from '../../metadata/configDefinitions.ts'
import { configResourceType } from '../../metadata/configResource.ts'
import type { MetadataDelta } from '../../metadata/delta.ts'
import { effectiveBrokerConfig } from '../../metadata/effectiveConfig.ts'
import type { MetadataImage } from '../../metadata/image.ts'

export interface ReplicationThrottleOptions {
  /** Which end of the copying: what leaders send, or what followers fetch. */
  readonly side: 'leader' | 'follower'
  readonly brokerId: number
  readonly metadata: () => MetadataImage
  /** What the broker was started with. */
  readonly statics: ReadonlyMap<string, string>
  /** replication.quota.window.num, and replication.quota.window.size.seconds in ms. */
  readonly samples: number
  readonly sampleMs: number
}

/** Where nothing is limited; Kafka's default. */
const UNLIMITED = Number.MAX_SAFE_INTEGER
const SHORTEST_DELAY_MS = 10

/**
 * How fast this broker may copy the partitions that topics list as throttled (KIP-73): `leader.replication.throttled.rate` and `follower.…` with the
 * topic configs `….throttled.replicas`. Only replicas that are not in sync are held back, and, differing from Kafka, only their bytes are counted:
 * otherwise a partition that is written to faster than the rate could never be copied.
 */
export class ReplicationThrottle {
  readonly #clock: Pick<Clock, 'elapsed'>
  readonly #options: ReplicationThrottleOptions
  readonly #rate: SampledRate
  readonly #listed = new Map<string, ReadonlySet<number> | 'all'>()
  #limit: number | undefined

  constructor(clock: Pick<Clock, 'elapsed'>, options: ReplicationThrottleOptions) {
    this.#clock = clock
    this.#options = options
    this.#rate = new SampledRate(options)
  }

  /** To be told of all metadata. */
  follow(delta: Pick<MetadataDelta, 'changedConfigs' | 'deletedTopics'>): void {
    if (delta.changedConfigs.size === 0 && delta.deletedTopics.length === 0) return
    this.#listed.clear()
    this.#limit = undefined
  }

  /** Whether a replica that is not in sync has to wait. */
  holdsBack(topic: string, partition: number): boolean {
    return this.#limitPerSecond < UNLIMITED && this.#isListed(topic, partition) && this.delayMs > 0
  }

  /** So much was copied for a replica that was not in sync. */
  count(topic: string, partition: number, bytes: number): void {
    if (bytes === 0 || this.#limitPerSecond >= UNLIMITED || !this.#isListed(topic, partition)) return
    this.#rate.add(this.#clock.elapsed(), bytes)
  }

  /** After which it is worth looking again; 0 while the rate is kept. */
  get delayMs(): number {
    const limit = this.#limitPerSecond
    if (limit >= UNLIMITED) return 0
    const delayMs = this.#rate.untilWithin(this.#clock.elapsed(), limit)
    return delayMs === 0 ? 0 : Math.max(SHORTEST_DELAY_MS, delayMs)
  }

  get #limitPerSecond(): number {
    if (this.#limit === undefined) {
      const { side, metadata, statics: values, brokerId } = this.#options
      const definition = serverConfigDefinitions.get(`${side}.replication.throttled.rate`)!
      this.#limit = Number(effectiveBrokerConfig(metadata(), { values, brokerId }, definition).value)
    }
    return this.#limit
  }

  #isListed(topic: string, partition: number): boolean {
    let listed = this.#listed.get(topic)
    if (listed === undefined) {
      const { side, metadata, brokerId } = this.#options
      const text = metadata().configsOf(configResourceType.TOPIC, topic).get(`${side}.replication.throttled.replicas`)
      listed = partitionsListed(text ?? '', brokerId)
      this.#listed.set(topic, listed)
    }
    return listed === 'all' || listed.has(partition)
  }
}

/** Partitions that a list of `partition:broker` names for this broker. */
export function partitionsListed(text: string, brokerId: number): ReadonlySet<number> | 'all' {
  const entries = text.split(',').map(each => each.trim())
  if (entries.includes('*')) return 'all'
  const own = entries.map(each => each.split(':').map(Number)).filter(([, broker]) => broker === brokerId)
  return new Set(own.map(([partition]) => partition!))
}

/** Bytes a second since the oldest sample began, and over a whole sample at least. */
export class SampledRate {
  readonly #samples: number
  readonly #sampleMs: number
  /** Oldest first. */
  #kept: { readonly sinceMs: number; bytes: number }[] = []
  #total = 0

  constructor({ samples, sampleMs }: { readonly samples: number; readonly sampleMs: number }) {
    this.#samples = samples
    this.#sampleMs = sampleMs
  }

  add(nowMs: number, bytes: number): void {
    this.#forgetBefore(nowMs)
    const newest = this.#kept.at(-1)
    if (newest !== undefined && nowMs - newest.sinceMs < this.#sampleMs) newest.bytes += bytes
    else this.#kept.push({ sinceMs: nowMs, bytes })
    this.#total += bytes
  }

  perSecond(nowMs: number): number {
    this.#forgetBefore(nowMs)
    return (this.#total * 1000) / this.#spanMs(nowMs)
  }

  /** How long nothing may be added for the rate to be within `limit` a second; 0 when it is. */
  untilWithin(nowMs: number, limit: number): number {
    const rate = this.perSecond(nowMs)
    if (rate <= limit) return 0
    const oldest = this.#kept[0]!
    const untilForgottenMs = oldest.sinceMs + this.#samples * this.#sampleMs - nowMs
    const neededMs = limit === 0 ? Infinity : (this.#total * 1000) / limit - (nowMs - oldest.sinceMs)
    return Math.max(0, Math.ceil(Math.min(neededMs, untilForgottenMs)))
  }

  #spanMs(nowMs: number): number {
    return Math.max(this.#sampleMs, nowMs - (this.#kept[0]?.sinceMs ?? nowMs))
  }

  #forgetBefore(nowMs: number): void {
    const firstMs = nowMs - this.#samples * this.#sampleMs
    while (this.#kept.length > 0 && this.#kept[0]!.sinceMs <= firstMs) this.#total -= this.#kept.shift()!.bytes
  }
}
