import type { RunningCluster } from '../../src-main/hosts/cli/startCluster.ts'
import { partitionForGroup } from '../../src-main/protocol/hashing.ts'
import type { SeededRandom } from '../../src-main/simulation/seededRandom.ts'
import { untilInSync } from '../cluster/builtCluster.ts'
import { sleep } from './patience.ts'
import { GROUP, type Readers } from './readers.ts'

/** A fault, over when it resolves. */
interface Fault {
  readonly kind: string
  /** How often it comes, against the others. */
  readonly weight: number
  readonly strike: () => Promise<void>
}

/** How long a cluster to which nothing is done may take until every replica is in sync again. */
const HEALED_WITHIN_MS = 90_000
const DOWN_MS = [0, 4_000] as const
const FROZEN_MS = [300, 6_000] as const
const LINK_MS = [500, 8_000] as const
const CALM_MS = [300, 2_500] as const

export interface WeatherOptions {
  readonly cluster: RunningCluster
  readonly readers: Readers
  readonly random: SeededRandom
  /** Each fault as it comes, in words. */
  readonly say: (what: string) => void
}

/**
 * What happens to a cluster: one process after the other is killed, frozen, stopped, or loses its disk, and meanwhile one link after the other is cut
 * or slowed. A disk goes only when every replica is in sync, and until they are again no process is struck: what more is lost, no cluster of three has.
 */
export class Weather {
  /** How often each kind came. */
  readonly counts = new Map<string, number>()
  /** The longest time until all was in sync when it was waited for. */
  slowestHealingMs = 0
  readonly #options: WeatherOptions
  readonly #cluster: RunningCluster
  readonly #random: SeededRandom
  /** While somebody waits for health, nothing is done to links. */
  #calm: Promise<void> | undefined
  #isOver = false

  constructor(options: WeatherOptions) {
    this.#options = options
    this.#cluster = options.cluster
    this.#random = options.random
  }

  /** Until `over`, then heals everything. Rejects when the cluster does not heal where it should. */
  async rage(over: Promise<void>): Promise<void> {
    void over.then(() => (this.#isOver = true))
    await Promise.all([this.#keepStriking(this.#processFaults()), this.#keepStriking(this.#linkFaults(), () => this.#calm)])
    await this.#cluster.healLinks()
    for (const { brokerId, state } of this.#cluster.snapshot().brokers) if (state === 'frozen') await this.#cluster.resume(brokerId)
    await Promise.all(this.#cluster.brokerIds.map(id => this.#cluster.start(id)))
    await this.#untilHealed()
  }

  async #keepStriking(faults: readonly Fault[], pause: () => Promise<void> | undefined = () => undefined): Promise<void> {
    try {
      while (!this.#isOver) {
        await sleep(this.#random.between(...CALM_MS))
        await pause()
        if (this.#isOver) return
        const { kind, strike } = this.#draw(faults)
        this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
        await strike()
      }
    } finally {
      this.#isOver = true // the other half must not rage on alone when this one has failed
    }
  }

  #draw(faults: readonly Fault[]): Fault {
    let left = this.#random.fraction() * faults.reduce((sum, each) => sum + each.weight, 0)
    const drawn = faults.find(each => (left -= each.weight) < 0) ?? faults[0]
    if (drawn === undefined) throw new RangeError('there is no fault to draw')
    return drawn
  }

  #processFaults(): Fault[] {
    const cluster = this.#cluster
    const down = () => sleep(this.#random.between(...DOWN_MS))
    return [
      { kind: 'kill', weight: 6, strike: () => this.#on('kill -9', this.#victim(), one => this.#killed([one], down)) },
      { kind: 'kill of two', weight: 1, strike: () => this.#killed(this.#two(), down) },
      { kind: 'kill of all', weight: 1, strike: () => this.#killed(cluster.brokerIds, down) },
      {
        kind: 'kill at the start',
        weight: 2,
        strike: () => this.#on('kill -9, and again at the start', this.#victim(), one => this.#killedTwice(one)),
      },
      { kind: 'freeze', weight: 5, strike: () => this.#on('freeze', this.#victim(), one => this.#frozen(one)) },
      { kind: 'clean restart', weight: 2, strike: () => this.#on('restart', this.#victim(), one => cluster.restart(one)) },
      { kind: 'clean stop', weight: 2, strike: () => this.#on('stop', this.#victim(), one => this.#stopped(one, down)) },
      { kind: 'wipe of a disk', weight: 3, strike: () => this.#wiped() },
      { kind: 'a reader leaves, another joins', weight: 1, strike: () => this.#options.readers.replaceOne() },
    ]
  }

  #linkFaults(): Fault[] {
    const cut = { cut: true }
    const slow = () => ({ delayMs: 5 + this.#random.below(250) })
    const lossy = () => ({ drop: this.#random.between(0.01, 0.2) })
    return [
      { kind: 'cut between brokers', weight: 3, strike: () => this.#linked('cut', this.#pairs(1), cut) },
      { kind: 'cut one way', weight: 2, strike: () => this.#linked('cut one way', this.#pairs(1), { ...cut, oneWay: true }) },
      { kind: 'broker cut off from the others', weight: 3, strike: () => this.#linked('cut', this.#around(this.#victim()), cut) },
      { kind: 'broker cut off from clients', weight: 2, strike: () => this.#linked('cut', [[this.#victim(), 'clients']], cut) },
      { kind: 'slow between brokers', weight: 2, strike: () => this.#linked('slow', this.#pairs(1 + this.#random.below(3)), slow()) },
      { kind: 'slow to clients', weight: 1, strike: () => this.#linked('slow', [[this.#victim(), 'clients']], slow()) },
      { kind: 'loss between brokers', weight: 2, strike: () => this.#linked('lossy', this.#pairs(1 + this.#random.below(3)), lossy()) },
    ]
  }

  async #on(what: string, victim: number, act: (victim: number) => Promise<void>): Promise<void> {
    this.#options.say(`${what} of broker ${victim}`)
    await act(victim)
  }

  async #killed(victims: readonly number[], down: () => Promise<void>): Promise<void> {
    if (victims.length > 1) this.#options.say(`kill -9 of brokers ${victims.join(', ')}`)
    await Promise.all(victims.map(one => this.#cluster.kill(one)))
    await down()
    await Promise.all(victims.map(one => this.#cluster.start(one)))
    await this.#perhapsUntilHealed()
  }

  async #killedTwice(victim: number): Promise<void> {
    await this.#cluster.kill(victim)
    const called = this.#cluster.start(victim)
    const calledOff = called.then(
      () => undefined,
      () => undefined, // it is called off below
    )
    await sleep(this.#random.between(50, 1_200))
    await this.#cluster.kill(victim)
    await calledOff
    await this.#cluster.start(victim)
    await this.#perhapsUntilHealed()
  }

  async #frozen(victim: number): Promise<void> {
    await this.#cluster.pause(victim)
    await sleep(this.#random.between(...FROZEN_MS))
    if (this.#random.chance(0.2)) await this.#killed([victim], async () => undefined)
    else await this.#cluster.resume(victim)
    await this.#perhapsUntilHealed()
  }

  async #stopped(victim: number, down: () => Promise<void>): Promise<void> {
    await this.#cluster.stopBroker(victim)
    await down()
    await this.#cluster.start(victim)
  }

  async #wiped(): Promise<void> {
    const mayLinksFail = this.#random.chance(0.5)
    const calm = this.#becalm()
    try {
      await this.#untilInSync()
      const victim = this.#victim()
      this.#options.say(`wipe of broker ${victim}`)
      const wiped = this.#cluster.wipe(victim)
      if (mayLinksFail) calm.end()
      await wiped
      if (mayLinksFail) await sleep(this.#random.between(0, 5_000))
      await this.#untilHealed()
    } finally {
      calm.end()
    }
  }

  async #linked(
    what: string,
    links: readonly (readonly [number, number | 'clients'])[],
    change: Parameters<RunningCluster['link']>[2],
  ): Promise<void> {
    this.#options.say(`link ${links.map(([a, b]) => `${a}-${b}`).join(', ')} ${what} ${JSON.stringify(change)}`)
    for (const [a, b] of links) await this.#cluster.link(a, b, change)
    await Promise.race([sleep(this.#random.between(...LINK_MS)), this.#calm ?? new Promise<never>(() => undefined)])
    await this.#cluster.healLinks()
  }

  /** Whoever it hurts most, more often than not. */
  #victim(): number {
    const { controllerId, partitions } = this.#cluster.snapshot()
    const anyone = this.#cluster.brokerIds[this.#random.below(this.#cluster.brokerIds.length)] ?? 1
    const offsets = partitions.filter(each => each.topic === '__consumer_offsets')
    const coordinator = offsets.find(each => each.partition === partitionForGroup(GROUP, offsets.length))?.leader
    const leader = partitions[this.#random.below(partitions.length)]?.leader
    return [controllerId, leader, coordinator, anyone][this.#random.below(4)] ?? anyone
  }

  #two(): number[] {
    const spared = this.#cluster.brokerIds[this.#random.below(this.#cluster.brokerIds.length)]
    return this.#cluster.brokerIds.filter(id => id !== spared)
  }

  #around(one: number): (readonly [number, number])[] {
    return this.#cluster.brokerIds.filter(id => id !== one).map(other => [one, other] as const)
  }

  #pairs(count: number): (readonly [number, number])[] {
    const all = this.#cluster.brokerIds.flatMap(a => this.#cluster.brokerIds.filter(b => b !== a).map(b => [a, b] as const))
    const [first] = all.splice(this.#random.below(all.length), 1)
    return first === undefined || count <= 1 ? (first === undefined ? [] : [first]) : [first, ...all.slice(0, count - 1)]
  }

  async #perhapsUntilHealed(): Promise<void> {
    if (this.#random.chance(0.4)) await this.#untilHealed()
  }

  async #untilHealed(): Promise<void> {
    const calm = this.#becalm()
    try {
      await this.#untilInSync()
    } finally {
      calm.end()
    }
  }

  async #untilInSync(): Promise<void> {
    await this.#cluster.healLinks()
    const since = performance.now()
    await untilInSync(this.#cluster, HEALED_WITHIN_MS)
    this.slowestHealingMs = Math.max(this.slowestHealingMs, performance.now() - since)
  }

  #becalm(): { end: () => void } {
    const calm = Promise.withResolvers<void>()
    this.#calm = calm.promise
    return {
      end: () => {
        calm.resolve()
        if (this.#calm === calm.promise) this.#calm = undefined
      },
    }
  }
}
