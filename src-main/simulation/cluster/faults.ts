import type { MetadataImage, PartitionImage } from '../../metadata/image.ts'
import { CLEAN_SHUTDOWN_FILE } from '../../protocol/files/cleanShutdown.ts'
import type { Server } from '../../server/server.ts'
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
  'wipe',
  'reset',
  'clockSkew',
] as const
export type FaultKind = (typeof faultKinds)[number]

/** A fault that was drawn: one of a seed's sequence, with what else it has to draw. */
interface Drawn {
  readonly index: number
  readonly kind: FaultKind
  readonly random: SeededRandom
}

/** A fault that happened. The index is its place among all that the seed draws, whether they happen or not. */
export interface Happened {
  readonly index: number
  readonly kind: FaultKind
  readonly atMs: number
}

export interface FaultOptions {
  readonly kinds?: readonly FaultKind[]
  /** Of all that the seed draws, only those with these indices happen. */
  readonly keep?: readonly number[]
  readonly failed: (problem: Error) => void
  /** What was done, for whoever has to understand a failing seed. */
  readonly note: (what: string) => void
}

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
  /** Those that happened, in their order. */
  readonly happened: Happened[] = []
  readonly #cluster: SimulatedCluster
  readonly #random: SeededRandom
  readonly #kinds: readonly FaultKind[]
  readonly #keep: ReadonlySet<number> | undefined
  readonly #failed: (problem: Error) => void
  readonly #note: (what: string) => void
  /** Freezes and link faults that wait for their end. */
  readonly #ongoing = new Set<() => void>()
  /** By broker, the process that stops: somebody may kill it meanwhile, and start another. */
  readonly #stopping = new Map<number, Server>()
  /** Have a log folder that fails as soon as it is touched. */
  readonly #failing = new Set<number>()
  /** Have no room on their disk, and may not be able to write that they stop cleanly. */
  readonly #full = new Set<number>()
  /** Ended without a clean stop, and are not registered again. */
  readonly #unclean = new Set<number>()
  /** The committed metadata as anybody has ever known it. */
  #newest: MetadataImage | undefined
  /** Lost what was not synced, and may still be counted on. */
  #lost: number | undefined

  constructor(cluster: SimulatedCluster, { kinds, keep, failed, note }: FaultOptions) {
    this.#cluster = cluster
    this.#random = cluster.world.random.fork('faults')
    // A seed has its own few favourites, so that each of them comes often and undisturbed in some runs.
    const all = kinds ?? faultKinds
    const some = all.filter(() => this.#random.chance(0.5))
    this.#kinds = some.length === 0 ? all : some
    this.#keep = keep === undefined ? undefined : new Set(keep)
    this.#failed = failed
    this.#note = note
  }

  /** Lets faults begin for so long. */
  async run(forMs: number): Promise<void> {
    const end = this.#cluster.world.elapsed + forMs
    const [from, to] = [
      [50, 800],
      [200, 2500],
      [1500, 5000],
    ][this.#random.below(3)]!
    for (let index = 0; ; index++) {
      await this.#pause(this.#random.between(from!, to!))
      if (this.#cluster.world.elapsed >= end) return
      const kind = this.#kinds[this.#random.below(this.#kinds.length)]!
      // Whatever else it draws comes out of a stream of its own, so that the others stay the same when it is left out.
      const random = this.#random.fork(`fault ${index}`)
      if (this.#keep?.has(index) !== false) this.#begin({ index, kind, random })
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
    this.#note('all faults end')
    while (this.#cluster.brokers.some(broker => this.#isStopping(broker))) await this.#pause(100)
    for (const broker of this.#cluster.brokers) if (broker.state === 'down') this.#start(broker)
  }

  #pause(ms: number): Promise<void> {
    return new Promise(resolve => void this.#cluster.world.env('faults').clock.after(ms, resolve))
  }

  #count({ index, kind }: Drawn, what: string): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
    if (this.happened.at(-1)?.index !== index) this.happened.push({ index, kind, atMs: this.#cluster.world.elapsed })
    this.#note(`fault ${index}: ${kind} ${what}`)
  }

  #begin(fault: Drawn): void {
    const { world, brokers } = this.#cluster
    const { kind, random } = fault
    const broker = brokers[random.below(brokers.length)]!
    const others = brokers.filter(each => each !== broker)
    const other = others[random.below(others.length)]!
    const lastsMs = random.chance(0.5) ? random.between(20, 1500) : random.between(500, 6000)
    const pair = `${broker.id} and ${other.id} for ${lastsMs.toFixed(0)} ms`
    const single = `${broker.id} for ${lastsMs.toFixed(0)} ms`
    switch (kind) {
      case 'kill':
        return this.#kill(broker, lastsMs, fault)
      case 'powerLoss':
        if (this.#mayLosePower(broker)) this.#kill(broker, lastsMs, fault)
        return
      case 'wipe':
        if (this.#mayLosePower(broker) && others.every(each => each.state === 'up')) this.#kill(broker, lastsMs, fault)
        return
      case 'killAll':
        if (this.#lost === undefined) for (const each of brokers) this.#kill(each, random.between(20, 1500), fault)
        return
      case 'stop':
        return this.#stop(broker, lastsMs, fault)
      case 'stopAll':
        for (const each of brokers) this.#stop(each, random.between(20, 1500), fault)
        return
      case 'freeze':
        this.#count(fault, single)
        world.freeze(broker.name)
        return this.#later(lastsMs, `thaw ${broker.id}`, () => world.thaw(broker.name))
      case 'cut':
        this.#count(fault, pair)
        world.cut(broker.name, other.name)
        return this.#later(lastsMs, `mend ${broker.id} and ${other.id}`, () => world.heal(broker.name, other.name))
      case 'oneWayCut':
        this.#count(fault, pair)
        world.cut(broker.name, other.name, { oneWay: true })
        return this.#later(lastsMs, `mend ${broker.id} and ${other.id}`, () => world.heal(broker.name, other.name))
      case 'isolate': {
        // From the other brokers only, or from clients too.
        const withClients = random.chance(0.3)
        this.#count(fault, `${broker.id}${withClients ? ', from clients too,' : ''} for ${lastsMs.toFixed(0)} ms`)
        if (withClients) world.isolate(broker.name)
        else for (const each of others) world.cut(broker.name, each.name)
        return this.#later(lastsMs, `mend ${broker.id}`, () => {
          if (withClients) world.heal()
          else for (const each of others) world.heal(broker.name, each.name)
        })
      }
      case 'slowLink':
        this.#count(fault, pair)
        world.slow(broker.name, other.name, { latencyMs: [1, random.between(2, 400)], loss: random.chance(0.5) ? 0.05 : 0 })
        return this.#later(lastsMs, `quick ${broker.id} and ${other.id}`, () =>
          world.slow(broker.name, other.name, { latencyMs: [0.05, 0.5], loss: 0 }),
        )
      case 'slowDisk':
        this.#count(fault, single)
        world.disk(broker.name).times = { operationMs: [1, random.between(2, 60)], syncMs: [5, random.between(10, 300)] }
        return this.#later(lastsMs, `quick disk ${broker.id}`, () => (world.disk(broker.name).times = USUAL_DISK_TIMES))
      case 'fullDisk': {
        if (this.#lost !== undefined) return
        const disk = world.disk(broker.name)
        this.#count(fault, single)
        disk.capacityBytes = disk.usedBytes + random.below(8000)
        this.#full.add(broker.id)
        return this.#later(lastsMs, `room on the disk of ${broker.id}`, () => {
          disk.capacityBytes = Number.MAX_SAFE_INTEGER
          this.#full.delete(broker.id)
        })
      }
      case 'folderFails':
        return this.#failFolder(broker, lastsMs, fault)
      case 'reset':
        this.#count(fault, `${broker.id} and ${other.id}`)
        return world.breakConnections(broker.name, other.name)
      case 'clockSkew':
        this.#count(fault, `${broker.id}`)
        return world.setClockSkew(broker.name, Math.floor(random.between(-60_000, 60_000)))
    }
  }

  #later(delayMs: number, what: string, end: () => void): void {
    const endOnce = () => {
      if (!this.#ongoing.delete(endOnce)) return
      this.#note(what)
      end()
    }
    this.#ongoing.add(endOnce)
    void this.#pause(delayMs).then(endOnce)
  }

  #kill(broker: SimulatedBroker, downMs: number, fault: Drawn): void {
    if (broker.state === 'down') return
    // While one has lost what was not synced, the others may only stop cleanly: what it lost may be with one of them only, who has to be believed.
    if (this.#lost !== undefined) return
    const { kind, random } = fault
    const silently = random.chance(0.2)
    this.#count(fault, `${broker.id}${silently ? ' silently' : ''} for ${downMs.toFixed(0)} ms`)
    if (kind === 'powerLoss' || kind === 'wipe') this.#lost = broker.id
    this.#unclean.add(broker.id)
    this.#cluster.kill(broker.id, { power: kind === 'powerLoss', silently })
    if (kind === 'wipe') this.#cluster.wipe(broker.id)
    void this.#pause(downMs).then(() => this.#start(broker))
  }

  /** The second log folder, if there is one. Only a new process uses it again. */
  #failFolder(broker: SimulatedBroker, forMs: number, fault: Drawn): void {
    if (broker.state !== 'up' || this.#cluster.logDirs.length < 2 || this.#failing.has(broker.id) || this.#lost !== undefined) return
    const { random } = fault
    this.#count(fault, `${broker.id} for ${forMs.toFixed(0)} ms`)
    const operation = (['append', 'sync', 'replaceFile', 'read'] as const)[random.below(4)]!
    const operations = random.chance(0.5) ? ([operation] as const) : (['append', 'sync', 'replaceFile', 'read', 'rename', 'open'] as const)
    const { faults } = this.#cluster.world.disk(broker.name)
    const mend = faults.add({ operations, path: path => path.startsWith(`${this.#cluster.logDirs[1]}/`), code: 'EIO' })
    this.#failing.add(broker.id)
    this.#later(forMs, `another disk for ${broker.id}`, () => {
      mend()
      this.#failing.delete(broker.id)
      // Who is down, or on its way there, has its start before it.
      if (broker.state === 'down' || this.#isStopping(broker)) return
      this.#unclean.add(broker.id)
      this.#cluster.kill(broker.id)
      void this.#pause(random.between(20, 500)).then(() => this.#start(broker))
    })
  }

  #isStopping({ id, server }: SimulatedBroker): boolean {
    return server !== undefined && this.#stopping.get(id) === server
  }

  #stop(broker: SimulatedBroker, downMs: number, fault: Drawn): void {
    const { server } = broker
    if (broker.state !== 'up' || server === undefined || this.#isStopping(broker)) return
    this.#count(fault, `${broker.id} for ${downMs.toFixed(0)} ms`)
    this.#stopping.set(broker.id, server)
    const stopped = server.stop({ handOver: fault.random.chance(0.8) }).then(
      () => this.#note(`stopped ${broker.id}`),
      (problem: unknown) => this.#failed(new Error(`broker ${broker.id} cannot stop`, { cause: problem })),
    )
    void Promise.race([stopped, this.#patience()]).then(async () => {
      // Somebody may have killed and started it meanwhile.
      if (broker.server !== server) return
      this.#stopping.delete(broker.id)
      if (!this.#leftInOrder(broker)) this.#unclean.add(broker.id)
      this.#cluster.kill(broker.id)
      await this.#pause(downMs)
      this.#start(broker)
    })
  }

  #start(broker: SimulatedBroker): void {
    if (broker.state !== 'down') return
    this.#note(`start ${broker.id}`)
    this.#cluster.startBroker(broker.id).then(
      () => this.#note(`${broker.id} serves clients`),
      async (problem: unknown) => {
        if (!isOutOfSpace(problem)) return this.#failed(new Error(`broker ${broker.id} cannot start`, { cause: problem }))
        this.#note(`no room for ${broker.id} to start`)
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
    const image = this.#newest
    if (image === undefined) return false
    const isOthersToo = (partition: PartitionImage) => membersOf(partition).some(id => id !== broker.id)
    return [...image.topicsById.values()].every(({ partitions }) => partitions.every(isOthersToo))
  }

  /** To be called after every event: once the cluster knows that whoever lost power is another now, nobody counts on what was lost any more. */
  watch(): void {
    this.#learn()
    for (const id of this.#unclean) if (this.#cluster.broker(id).server?.metadata.isFollowed === true) this.#unclean.delete(id)
    const lost = this.#lost
    if (lost === undefined || this.#unclean.has(lost)) return
    // The last known leader of a partition leads it again when nobody else is sure to have everything.
    const topics = this.#newest?.topicsById.values() ?? []
    const mayLead = [...topics].some(({ partitions }) => partitions.some(({ lastKnownElr }) => lastKnownElr.includes(lost)))
    if (!mayLead) this.#lost = undefined
  }

  /** Whoever knew most may be down by now, and whoever is up may have been cut off for long. */
  #learn(): void {
    for (const { server } of this.#cluster.brokers) {
      if (server === undefined) continue
      const { image } = server.metadata
      if (this.#newest === undefined || image.lastAppliedOffset > this.#newest.lastAppliedOffset) this.#newest = image
    }
  }
}

/** Who has all that is committed. */
function membersOf({ isr, elr }: PartitionImage): number[] {
  return [...isr, ...elr]
}
