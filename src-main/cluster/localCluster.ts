import type { BrokerLogLine, BrokerState, ClusterEvent, ClusterSnapshot, LinkEnd, LinkFault, ProfileValue } from '../contract/cluster.ts'
import type { BrokerRates } from '../contract/requestRates.ts'
import type { Clock, Disk, DiskLock, Network, Random } from '../env/env.ts'
import type { Processes } from '../env/processes.ts'
import { brokerEntry, brokerEnvironment, brokerNodeOptions, profileValues, votersAmong, type FromBroker } from '../server/config.ts'
import type { BrokerCommand } from './brokerProcess.ts'
import { ClusterFolder, type ClusterFile } from './clusterFolder.ts'
import { ClusterLinks } from './clusterLinks.ts'
import { brokerIdsOf, clientPort, HOST, peerPort, planCluster, type ClusterPlan, type ClusterWish } from './clusterPlan.ts'
import { ClusterView } from './clusterView.ts'
import { livingSnapshot } from './livingSnapshot.ts'
import { Member } from './member.ts'
import { majorityOf, NoQuorum, unlessNoQuorum } from './noQuorum.ts'
import { replicaLogs, type ReplicaLog } from './replicaLogs.ts'
import type { BrokerDisks } from './segments/replicaFolders.ts'

/** How often at most the watchers get a new snapshot. */
const SNAPSHOT_EVERY_MS = 200
/** To gather ten thousand partitions, and to find what of them changed, takes the thread that answers everybody: they come every two seconds. */
const SNAPSHOT_MS_PER_PARTITION = 0.2
/** A broker that died and is to be restarted waits this long, so that one that cannot start does not spin. */
const RESTART_AFTER_MS = 1_000

export interface ClusterEnv {
  readonly clock: Clock
  readonly random: Random
  readonly disk: Disk
  readonly network: Network
  readonly processes: Processes
}

/** States in which a voter takes part, or soon will. */
const TAKES_PART: ReadonlySet<BrokerState> = new Set<BrokerState>(['starting', 'running'])

export interface LocalClusterOptions extends ClusterWish {
  readonly directory: string
  /** Whether a broker that died unasked is started again. */
  readonly restartDied: boolean
}

/**
 * The brokers on this machine, from outside: starts and stops processes, keeps their folder, and knows what they tell.
 * It is no part of the consensus; when it ends, however it ends, its brokers stop.
 */
export class LocalCluster {
  readonly folder: ClusterFolder
  readonly view: ClusterView
  readonly file: ClusterFile
  readonly #env: ClusterEnv
  readonly #options: LocalClusterOptions
  readonly #lock: DiskLock
  readonly #plan: ClusterPlan
  readonly #members = new Map<number, Member>()
  readonly #links: ClusterLinks
  readonly #watchers = new Set<() => void>()
  readonly #eventListeners = new Set<(event: ClusterEvent) => void>()
  readonly #lineListeners = new Set<(line: BrokerLogLine) => void>()
  #frozen = ''
  #closing: Promise<void> | undefined
  #snapshotDue = false
  /** In the snapshot that was taken last. */
  #partitions = 0

  private constructor(env: ClusterEnv, options: LocalClusterOptions, made: { folder: ClusterFolder; plan: ClusterPlan; lock: DiskLock }) {
    this.#env = env
    this.#options = options
    this.folder = made.folder
    this.file = made.plan.file
    this.#plan = made.plan
    this.#lock = made.lock
    const ids = brokerIdsOf(this.file)
    this.#links = new ClusterLinks(ids)
    this.view = new ClusterView(ids, env.clock.now(), event => {
      for (const listen of this.#eventListeners) listen(event)
    })
    for (const brokerId of ids) this.#members.set(brokerId, this.#member(brokerId))
  }

  /**
   * Takes hold of the folder, creating the cluster when it is new. Nothing runs yet. Throws, with the folder as it was, when another cluster holds it
   * (names its pid), when a port is in use (names it and, where the system tells, by whom), or when what is wished does not fit what is there.
   */
  static async open(env: ClusterEnv, options: LocalClusterOptions): Promise<LocalCluster> {
    const folder = new ClusterFolder(env, options.directory)
    const lock = await folder.hold()
    let plan: ClusterPlan | undefined
    try {
      plan = await planCluster(env, folder, options)
      await folder.write(plan.file)
      if (plan.file.isNew) {
        // All of them before any of them starts: from then on a disk without its mark is one that was destroyed.
        const voters = new Set(votersAmong(brokerIdsOf(plan.file).map(id => ({ id }))).map(each => each.id))
        for (const id of brokerIdsOf(plan.file)) await folder.format(id, plan.file.clusterId, { isNewVoter: voters.has(id) })
        plan = { ...plan, file: { ...plan.file, isNew: false } }
        await folder.write(plan.file)
      }
      for (const [brokerId, text] of plan.properties) await folder.writeProperties(brokerId, text)
      return new LocalCluster(env, options, { folder, plan, lock })
    } catch (error) {
      await plan?.claim?.release()
      await lock.release()
      throw error
    }
  }

  get bootstrapServers(): string {
    return [...this.#members.keys()].map(brokerId => `${HOST}:${this.portOf(brokerId)}`).join(',')
  }

  get brokerIds(): number[] {
    return [...this.#members.keys()]
  }

  portOf(brokerId: number): number {
    return clientPort(this.file, brokerId)
  }

  pidOf(brokerId: number): number | null {
    return this.#find(brokerId).process.pid
  }

  /** Starts all brokers. Resolves when each of them serves clients and the quorum has a leader. */
  async startAll(): Promise<void> {
    await Promise.all([...this.#members.values()].map(member => member.start()))
  }

  /** Rejects with `NoQuorum` when the broker waits for voters that do not run; it goes on waiting then. */
  start(brokerId: number): Promise<void> {
    return this.#unlessNoQuorum(brokerId, this.#find(brokerId).start())
  }

  stop(brokerId: number): Promise<void> {
    return this.#find(brokerId).stop({ handOver: true })
  }

  kill(brokerId: number): Promise<void> {
    return this.#find(brokerId).kill()
  }

  async pause(brokerId: number): Promise<void> {
    this.#find(brokerId).pause()
  }

  async resume(brokerId: number): Promise<void> {
    this.#find(brokerId).resume()
  }

  /** As `start`. */
  restart(brokerId: number): Promise<void> {
    return this.#unlessNoQuorum(brokerId, this.#find(brokerId).restart())
  }

  /** The broker's disk is destroyed; it comes back empty and catches up from the others. Rejects as `start` does. */
  wipe(brokerId: number): Promise<void> {
    const wiped = this.#find(brokerId).wipe(async () => {
      await this.folder.wipe(brokerId)
      this.view.wiped(brokerId, this.#env.clock.now())
    })
    return this.#unlessNoQuorum(brokerId, wiped)
  }

  /** Rejects when there is no such link. A broker that does not run hears of it when it starts. */
  async link(link: { a: LinkEnd; b: LinkEnd; fault: LinkFault | null; oneWay: boolean }): Promise<void> {
    this.#links.set(link)
    for (const end of [link.a, link.b]) if (end !== 'clients') this.#tellLinks(end)
    this.#changed()
  }

  async healLinks(): Promise<void> {
    this.#links.healAll()
    for (const brokerId of this.brokerIds) this.#tellLinks(brokerId)
    this.#changed()
  }

  /** Whether `close` was called: what fails from then on fails because of that. */
  get isClosing(): boolean {
    return this.#closing !== undefined
  }

  /** Stops every broker in order and lets go of the folder. `whileHeld` runs in between, when nothing runs and nobody else can have the folder. */
  close(whileHeld?: () => Promise<void>): Promise<void> {
    return (this.#closing ??= this.#close(whileHeld))
  }

  async #close(whileHeld: (() => Promise<void>) | undefined): Promise<void> {
    try {
      const closed = await Promise.allSettled([...this.#members.values()].map(member => member.close()))
      this.#env.processes.thawWhenGone([])
      await whileHeld?.()
      for (const each of closed) if (each.status === 'rejected') throw each.reason
    } finally {
      await this.#plan.claim?.release()
      await this.#lock.release()
    }
  }

  snapshot(): ClusterSnapshot {
    const nowMs = this.#env.clock.now()
    const { view, file } = this
    const snapshot = livingSnapshot({
      atMs: nowMs,
      bootstrapServers: this.bootstrapServers,
      profile: file.profile,
      dataDirectory: this.folder.path,
      controllerId: view.controllerId,
      controllerEpoch: view.controllerEpoch,
      brokers: [...view.brokers.values()].map(broker => ({
        brokerId: broker.brokerId,
        state: broker.state,
        stateSinceMs: broker.stateSinceMs,
        reason: broker.reason,
        pid: broker.pid,
        host: HOST,
        port: this.portOf(broker.brokerId),
        directory: this.folder.brokerDirectory(broker.brokerId),
        logDirs: view.logDirs(broker.brokerId, this.folder.brokerDirectories(broker.brokerId, file.logDirs)),
        startedAtMs: broker.startedAtMs,
        isController: view.controllerId === broker.brokerId,
        isActive: !broker.fenced && broker.state === 'running',
        cpuPercent: broker.cpuPercent,
        memoryBytes: broker.memoryBytes,
        bytesInPerSecond: broker.bytesInPerSecond,
        bytesOutPerSecond: broker.bytesOutPerSecond,
        ...view.holdings(broker.brokerId),
      })),
      partitions: view.partitions(nowMs),
      links: this.#links.inForce,
      story: view.story,
    })
    this.#partitions = snapshot.partitions.length
    return snapshot
  }

  /** Rejects a broker that there is not. */
  requestRates(brokerId: number): BrokerRates {
    this.#find(brokerId)
    return { brokerId, ...this.view.brokers.get(brokerId)!.requests.rates() }
  }

  /** Where the committed records of a topic lie on this machine's disks, whether brokers run or not. */
  replicaLogs(topic: string): Promise<ReplicaLog[]> {
    return replicaLogs(this.#env.disk, this.brokerDisks(), topic, this.snapshot().partitions)
  }

  /** Where each broker keeps its logs, and whether a process may be writing to them. */
  brokerDisks(): BrokerDisks[] {
    return [...this.view.brokers.values()].map(({ brokerId, state }) => ({
      brokerId,
      directories: this.folder.brokerDirectories(brokerId, this.file.logDirs),
      isRunning: state === 'running' || state === 'frozen' || state === 'starting' || state === 'stopping',
    }))
  }

  profileValues(): ProfileValue[] {
    return profileValues(this.file.profile, this.file.brokers, this.file.settings)
  }

  recentLines(brokerId: number | null, count: number): BrokerLogLine[] {
    const chosen = brokerId === null ? [...this.#members.values()] : [this.#find(brokerId)]
    return chosen
      .flatMap(member => member.log.lines)
      .sort((a, b) => a.atMs - b.atMs)
      .slice(count === 0 ? Infinity : -count)
  }

  /** Told at most a few times a second that a new snapshot is worth taking. Returns how to stop listening. */
  onChange(listen: () => void): () => void {
    this.#watchers.add(listen)
    return () => this.#watchers.delete(listen)
  }

  onEvent(listen: (event: ClusterEvent) => void): () => void {
    this.#eventListeners.add(listen)
    return () => this.#eventListeners.delete(listen)
  }

  onLine(listen: (line: BrokerLogLine) => void): () => void {
    this.#lineListeners.add(listen)
    return () => this.#lineListeners.delete(listen)
  }

  #member(brokerId: number): Member {
    return new Member(this.#env, {
      brokerId,
      logFile: this.folder.logFile(brokerId),
      prepare: () => this.#prepare(brokerId),
      entered: (state, facts) => this.#entered(brokerId, state, facts),
      told: message => this.#told(brokerId, message),
      line: line => {
        for (const listen of this.#lineListeners) listen(line)
      },
    })
  }

  async #prepare(brokerId: number): Promise<BrokerCommand> {
    await this.folder.format(brokerId, this.file.clusterId)
    return {
      entry: brokerEntry(),
      propertiesFile: this.folder.propertiesFile(brokerId),
      nodeOptions: brokerNodeOptions,
      environment: brokerEnvironment,
    }
  }

  #entered(brokerId: number, state: BrokerState, facts: { pid?: number | null; reason?: string | null }) {
    this.view.brokerEntered(brokerId, state, this.#env.clock.now(), facts)
    this.#guardFrozen()
    // Before it has read its config, so that its first connections already meet what is in force.
    if (state === 'starting' && this.#links.inForce.length > 0) this.#tellLinks(brokerId)
    this.#changed()
    if (state === 'died' && this.#options.restartDied) this.#restartLater(brokerId)
  }

  #told(brokerId: number, message: FromBroker) {
    switch (message.type) {
      case 'quorum':
        this.view.quorumTold(message)
        break
      case 'metadata':
        this.view.metadataTold(message)
        break
      case 'stats':
        this.view.statsTold(brokerId, message)
        break
      case 'listening':
      case 'ready':
      case 'failed':
        break // the process itself acts on these
    }
    this.#changed()
  }

  #unlessNoQuorum(brokerId: number, started: Promise<void>): Promise<void> {
    const stateOf = (id: number) => this.#find(id).process.state
    return unlessNoQuorum(this.#env.clock, started, () => {
      const voters = votersAmong(this.brokerIds.map(id => ({ id }))).map(({ id }) => id)
      const running = voters.filter(id => TAKES_PART.has(stateOf(id)))
      return stateOf(brokerId) === 'starting' && running.length < majorityOf(voters.length)
        ? new NoQuorum(brokerId, { voters, running })
        : undefined
    })
  }

  #tellLinks(brokerId: number) {
    this.#find(brokerId).process.tell({
      type: 'faults',
      links: this.#links.faultsOf(brokerId).map(({ to, ...faults }) => ({
        to: to === 'clients' ? to : { brokerId: to, host: HOST, port: peerPort(this.file, to) },
        ...faults,
      })),
    })
  }

  #changed() {
    if (this.#snapshotDue || this.#watchers.size === 0) return
    this.#snapshotDue = true
    this.#env.clock.after(Math.max(SNAPSHOT_EVERY_MS, this.#partitions * SNAPSHOT_MS_PER_PARTITION), () => {
      this.#snapshotDue = false
      for (const listen of this.#watchers) listen()
    })
  }

  #restartLater(brokerId: number) {
    this.#env.clock.after(RESTART_AFTER_MS, () => {
      const member = this.#find(brokerId)
      if (this.isClosing || member.process.state !== 'died') return
      member.start().catch((error: unknown) => member.log.write(`Not restarted: ${String(error)}`))
    })
  }

  #guardFrozen() {
    const pids = [...this.#members.values()].flatMap(({ process }) => (process.state === 'frozen' ? (process.pid ?? []) : []))
    if (pids.join() === this.#frozen) return
    this.#frozen = pids.join()
    this.#env.processes.thawWhenGone(pids)
  }

  #find(brokerId: number): Member {
    const member = this.#members.get(brokerId)
    if (member === undefined) throw new RangeError(`There is no broker ${brokerId}; there are ${this.brokerIds.join(', ')}`)
    return member
  }
}
