import type { MetadataImage, PartitionImage } from '../../metadata/image.ts'
import { CLEAN_SHUTDOWN_FILE } from '../../protocol/files/cleanShutdown.ts'
import { isOutOfSpace } from '../../storage/outOfSpace.ts'
import type { SeededRandom } from '../seededRandom.ts'
import { USUAL_DISK_TIMES } from '../simulatedDisk.ts'
import type { SimulatedBroker, SimulatedCluster } from './simulatedCluster.ts'

/** What can happen to a cluster. Each kind is counted when it begins. */
export const faultKinds = [
  'kill',
  'powerLoss',
  'stop',
  'stopAll',
  'killAll',
  'freeze',
  'cut',
  'oneWayCut',
  'isolate',
  'slowLink',
  'slowDisk',
  'fullDisk',
  'folderFails',
  'reset',
  'clockSkew',
] as const
export type FaultKind = (typeof faultKinds)[number]

/** How long a clean stop may take before somebody loses patience. */
const STOP_PATIENCE_MS = 12_000

/**
 * Draws faults, several at a time, and ends them again; brokers that ended are started again after a while.
 *
 * What a broker has not synced is with others, so that one may lose its power at any time: as long as somebody is left, in sync or eligible, who surely
 * has all that is committed (KIP-966). That is all that is promised, and so all that is asked: a second one does not end uncleanly before the cluster
 * has learned of the first.
 */
export class Faults {
  readonly counts = new Map<FaultKind, number>()
  /** What was done, and when, for whoever has to understand a failing seed. */
  readonly story: string[] = []
  readonly #cluster: SimulatedCluster
  readonly #random: SeededRandom
  readonly #kinds: readonly FaultKind[]
  /** Whose replicas are moved about. */
  readonly #movingTopic: string
  readonly #failed: (problem: Error) => void
  /** Freezes and link faults that wait for their end. */
  readonly #ongoing = new Set<() => void>()
  readonly #stopping = new Set<number>()
  /** Have a log folder that fails as soon as it is touched. */
  readonly #failing = new Set<number>()
  /** Have no room on their disk, and may not be able to write that they stop cleanly. */
  readonly #full = new Set<number>()
  /** Ended without a clean stop, and are not registered again. */
  readonly #unclean = new Set<number>()
  /** Lost what was not synced, and may still be counted on. */
  #lost: number | undefined

  constructor(cluster: SimulatedCluster, options: { kinds?: readonly FaultKind[]; movingTopic: string; failed: (problem: Error) => void }) {
    this.#cluster = cluster
    this.#movingTopic = options.movingTopic
    this.#random = cluster.world.random.fork('faults')
    // A seed has its own few favourites, so that each of them comes often and undisturbed in some runs.
    const all = options.kinds ?? faultKinds
    const some = all.filter(() => this.#random.chance(0.5))
    this.#kinds = some.length === 0 ? all : some
    this.#failed = options.failed
  }

  /** Lets faults begin for so long. */
  async run(forMs: number): Promise<void> {
    const end = this.#cluster.world.elapsed + forMs
    const [from, to] = [
      [50, 800],
      [200, 2500],
      [1500, 5000],
    ][this.#random.below(3)]!
    for (;;) {
      await this.#pause(this.#random.between(from!, to!))
      if (this.#cluster.world.elapsed >= end) return
      this.#begin(this.#kinds[this.#random.below(this.#kinds.length)]!)
    }
  }

  /** Ends all faults; who is down starts. Resolves when every broker has a process that is meant to stay. */
  async end(): Promise<void> {
    for (const endOne of [...this.#ongoing]) endOne()
    this.#cluster.world.heal()
    for (const { name } of this.#cluster.brokers) {
      this.#cluster.world.thaw(name)
      this.#cluster.world.disk(name).times = USUAL_DISK_TIMES
    }
    this.note('all faults end')
    while (this.#stopping.size > 0) await this.#pause(100)
    for (const broker of this.#cluster.brokers) if (broker.state === 'down') this.#start(broker)
  }

  note(what: string): void {
    this.story.push(`${this.#cluster.world.elapsed.toFixed(0)} ms: ${what}`)
  }

  #pause(ms: number): Promise<void> {
    return new Promise(resolve => void this.#cluster.world.env('faults').clock.after(ms, resolve))
  }

  #count(kind: FaultKind, what: string): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
    this.note(`${kind} ${what}`)
  }

  #begin(kind: FaultKind): void {
    const { world, brokers } = this.#cluster
    const random = this.#random
    const broker = brokers[random.below(brokers.length)]!
    const [other] = brokers.filter(each => each !== broker).sort((a, b) => (random.chance(0.5) ? a.id - b.id : b.id - a.id))
    const lastsMs = random.chance(0.5) ? random.between(20, 1500) : random.between(500, 6000)
    const pair = `${broker.id} and ${other!.id} for ${lastsMs.toFixed(0)}`
    switch (kind) {
      case 'kill':
        return this.#kill(broker, lastsMs, kind)
      case 'powerLoss':
        if (this.#mayLosePower(broker)) this.#kill(broker, lastsMs, kind)
        return
      case 'killAll':
        if (this.#lost === undefined) for (const each of brokers) this.#kill(each, random.between(20, 1500), kind)
        return
      case 'stop':
        return this.#stop(broker, lastsMs, kind)
      case 'stopAll':
        for (const each of brokers) this.#stop(each, random.between(20, 1500), kind)
        return
      case 'freeze':
        this.#count(kind, `${broker.id} for ${lastsMs.toFixed(0)}`)
        world.freeze(broker.name)
        return this.#later(lastsMs, `thaw ${broker.id}`, () => world.thaw(broker.name))
      case 'cut':
        this.#count(kind, pair)
        world.cut(broker.name, other!.name)
        return this.#later(lastsMs, `mend ${broker.id} and ${other!.id}`, () => world.heal(broker.name, other!.name))
      case 'oneWayCut':
        this.#count(kind, pair)
        world.cut(broker.name, other!.name, { oneWay: true })
        return this.#later(lastsMs, `mend ${broker.id} and ${other!.id}`, () => world.heal(broker.name, other!.name))
      case 'isolate': {
        // From the other brokers only, or from clients too.
        const withClients = random.chance(0.3)
        this.#count(kind, `${broker.id}${withClients ? ', from clients too,' : ''} for ${lastsMs.toFixed(0)}`)
        const others = brokers.filter(each => each !== broker)
        if (withClients) world.isolate(broker.name)
        else for (const each of others) world.cut(broker.name, each.name)
        return this.#later(lastsMs, `mend ${broker.id}`, () => {
          if (withClients) world.heal()
          else for (const each of others) world.heal(broker.name, each.name)
        })
      }
      case 'slowLink':
        this.#count(kind, pair)
        world.slow(broker.name, other!.name, { latencyMs: [1, random.between(2, 400)], loss: random.chance(0.5) ? 0.05 : 0 })
        return this.#later(lastsMs, `quick ${broker.id} and ${other!.id}`, () =>
          world.slow(broker.name, other!.name, { latencyMs: [0.05, 0.5], loss: 0 }),
        )
      case 'slowDisk':
        this.#count(kind, `${broker.id} for ${lastsMs.toFixed(0)}`)
        world.disk(broker.name).times = { operationMs: [1, random.between(2, 60)], syncMs: [5, random.between(10, 300)] }
        return this.#later(lastsMs, `quick disk ${broker.id}`, () => (world.disk(broker.name).times = USUAL_DISK_TIMES))
      case 'fullDisk': {
        if (this.#lost !== undefined) return
        const disk = world.disk(broker.name)
        this.#count(kind, `${broker.id} for ${lastsMs.toFixed(0)}`)
        disk.capacityBytes = disk.usedBytes + random.below(8000)
        this.#full.add(broker.id)
        return this.#later(lastsMs, `room on the disk of ${broker.id}`, () => {
          disk.capacityBytes = Number.MAX_SAFE_INTEGER
          this.#full.delete(broker.id)
        })
      }
      case 'folderFails':
        return this.#failFolder(broker, lastsMs)
      case 'reset':
        this.#count(kind, `${broker.id} and ${other!.id}`)
        return world.breakConnections(broker.name, other!.name)
      case 'clockSkew':
        this.#count(kind, `${broker.id}`)
        return world.setClockSkew(broker.name, Math.floor(random.between(-60_000, 60_000)))
    }
  }

  #later(delayMs: number, what: string, end: () => void): void {
    const endOnce = () => {
      if (!this.#ongoing.delete(endOnce)) return
      this.note(what)
      end()
    }
    this.#ongoing.add(endOnce)
    void this.#pause(delayMs).then(endOnce)
  }

  #kill(broker: SimulatedBroker, downMs: number, kind: FaultKind): void {
    if (broker.state === 'down') return
    // While one has lost what was not synced, the others may only stop cleanly: what it lost may be with one of them only, who has to be believed.
    if (this.#lost !== undefined) return
    const silently = this.#random.chance(0.2)
    this.#count(kind, `${broker.id}${silently ? ' silently' : ''} for ${downMs.toFixed(0)}`)
    if (kind === 'powerLoss') this.#lost = broker.id
    this.#unclean.add(broker.id)
    this.#cluster.kill(broker.id, { power: kind === 'powerLoss', silently })
    void this.#pause(downMs).then(() => this.#start(broker))
  }

  /** The second log folder, if there is one. Only a new process uses it again. */
  #failFolder(broker: SimulatedBroker, forMs: number): void {
    if (broker.state !== 'up' || this.#cluster.logDirs.length < 2 || this.#failing.has(broker.id) || this.#lost !== undefined) return
    this.#count('folderFails', `${broker.id} for ${forMs.toFixed(0)}`)
    const operation = (['append', 'sync', 'replaceFile', 'read'] as const)[this.#random.below(4)]!
    const operations = this.#random.chance(0.5)
      ? ([operation] as const)
      : (['append', 'sync', 'replaceFile', 'read', 'rename', 'open'] as const)
    const { faults } = this.#cluster.world.disk(broker.name)
    const mend = faults.add({ operations, path: path => path.startsWith(`${this.#cluster.logDirs[1]}/`), code: 'EIO' })
    this.#failing.add(broker.id)
    this.#later(forMs, `another disk for ${broker.id}`, () => {
      mend()
      this.#failing.delete(broker.id)
      if (broker.state === 'down' || this.#stopping.has(broker.id)) return
      this.#unclean.add(broker.id)
      this.#cluster.kill(broker.id)
      void this.#pause(this.#random.between(20, 500)).then(() => this.#start(broker))
    })
  }

  #stop(broker: SimulatedBroker, downMs: number, kind: FaultKind): void {
    if (broker.state !== 'up' || this.#stopping.has(broker.id)) return
    this.#count(kind, `${broker.id} for ${downMs.toFixed(0)}`)
    const { server } = broker
    this.#stopping.add(broker.id)
    const stopped = server!.stop({ handOver: this.#random.chance(0.8) }).then(
      () => this.note(`stopped ${broker.id}`),
      (problem: unknown) => this.#failed(new Error(`broker ${broker.id} cannot stop`, { cause: problem })),
    )
    void Promise.race([stopped, this.#patience()]).then(async () => {
      this.#stopping.delete(broker.id)
      // Somebody may have killed and started it meanwhile.
      if (broker.server !== server) return
      if (!this.#leftInOrder(broker)) this.#unclean.add(broker.id)
      this.#cluster.kill(broker.id)
      await this.#pause(downMs)
      this.#start(broker)
    })
  }

  #start(broker: SimulatedBroker): void {
    if (broker.state !== 'down') return
    this.note(`start ${broker.id}`)
    this.#cluster.startBroker(broker.id).then(
      () => this.note(`${broker.id} serves clients`),
      async (problem: unknown) => {
        if (!isOutOfSpace(problem)) return this.#failed(new Error(`broker ${broker.id} cannot start`, { cause: problem }))
        this.note(`no room for ${broker.id} to start`)
        this.#unclean.add(broker.id)
        this.#cluster.kill(broker.id)
        await this.#pause(500)
        this.#start(broker)
      },
    )
  }

  /** Is over when a clean stop takes too long; never while that may be the only broker that has everything. */
  async #patience(): Promise<void> {
    do await this.#pause(STOP_PATIENCE_MS)
    while (this.#lost !== undefined)
  }

  /** Whether the next process finds that this one stopped cleanly. */
  #leftInOrder({ name }: SimulatedBroker): boolean {
    const files = this.#cluster.world.disk(name).files()
    return this.#cluster.logDirs.every(directory => files.has(`${directory}/${CLEAN_SHUTDOWN_FILE}`))
  }

  /** Of every partition there is somebody else who has all that is committed, and whom the cluster will believe it. */
  #mayLosePower(broker: SimulatedBroker): boolean {
    if (broker.state !== 'up' || this.#lost !== undefined) return false
    if (this.#stopping.size + this.#failing.size + this.#full.size + this.#unclean.size > 0) return false
    const image = this.#newestImage()
    if (image === undefined) return false
    return [...image.topicsById.values()].every(({ name, partitions }) => {
      // Whoever is told to give its replica up is not asked whether it was the one that had everything.
      if (name === this.#movingTopic)
        return partitions.every(partition => partition.replicas.every(id => membersOf(partition).includes(id)))
      return partitions.every(partition => membersOf(partition).some(id => id !== broker.id))
    })
  }

  /** The committed metadata of whoever has most of it. */
  #newestImage(): MetadataImage | undefined {
    const images = this.#cluster.brokers.flatMap(({ server }) => server?.metadata.image ?? [])
    return images.toSorted((one, other) => other.lastAppliedOffset - one.lastAppliedOffset)[0]
  }

  /** To be called after every event: once the cluster knows that whoever lost power is another now, nobody counts on what was lost any more. */
  watch(): void {
    for (const id of this.#unclean) if (this.#cluster.broker(id).server?.metadata.isFollowed === true) this.#unclean.delete(id)
    const lost = this.#lost
    if (lost === undefined || this.#unclean.has(lost)) return
    // The last known leader of a partition leads it again when nobody else is sure to have everything.
    const topics = this.#newestImage()?.topicsById.values() ?? []
    const mayLead = [...topics].some(({ partitions }) => partitions.some(({ lastKnownElr }) => lastKnownElr.includes(lost)))
    if (!mayLead) this.#lost = undefined
  }
}

/** Who has all that is committed. */
function membersOf({ isr, elr }: PartitionImage): number[] {
  return [...isr, ...elr]
}
