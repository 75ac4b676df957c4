import { join } from 'node:path'
import type { BrokerLogLine, ClusterEvent, ClusterSnapshot, ProfileValue } from '../contract/cluster.ts'
import { DiskError, type Clock, type Disk, type DiskLock, type Network, type Random } from '../env/env.ts'
import type { Processes } from '../env/processes.ts'
import { brokerEntry, brokerNodeOptions, brokerProperties, profileValues, type FromBroker, type Profile } from '../server/config.ts'
import { BrokerLog } from './brokerLog.ts'
import { BrokerProcess } from './brokerProcess.ts'
import { ClusterFolder, type ClusterFile } from './clusterFolder.ts'
import { ClusterView } from './clusterView.ts'
import { claimPorts, firstUsedPort, portsOf, type PortClaim } from './ports.ts'

const HOST = '127.0.0.1'
/** How often at most the watchers get a new snapshot. */
const SNAPSHOT_EVERY_MS = 200
/** A broker that died and is to be restarted waits this long, so that one that cannot start does not spin. */
const RESTART_AFTER_MS = 1_000

export interface ClusterEnv {
  readonly clock: Clock
  readonly random: Random
  readonly disk: Disk
  readonly network: Network
  readonly processes: Processes
}

export interface LocalClusterOptions {
  readonly directory: string
  readonly brokers: number
  /** Broker i listens on port + i - 1. 0 chooses ports that stay the folder's own; `undefined` takes the folder's, or 19092. */
  readonly port: number | undefined
  readonly profile: Profile | undefined
  /** Kafka's names and values; added to what the folder already has. */
  readonly settings: Readonly<Record<string, string>>
  /** Whether a broker that died unasked is started again. */
  readonly restartDied: boolean
}

interface Member {
  readonly brokerId: number
  readonly process: BrokerProcess
  readonly log: BrokerLog
  /** The last thing asked of it; one thing at a time. */
  turn: Promise<void>
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
  readonly #claim: PortClaim | undefined
  readonly #members = new Map<number, Member>()
  readonly #watchers = new Set<() => void>()
  readonly #eventListeners = new Set<(event: ClusterEvent) => void>()
  readonly #lineListeners = new Set<(line: BrokerLogLine) => void>()
  #closing = false
  #snapshotDue = false

  private constructor(
    env: ClusterEnv,
    options: LocalClusterOptions,
    made: { folder: ClusterFolder; file: ClusterFile; lock: DiskLock; claim: PortClaim | undefined },
  ) {
    this.#env = env
    this.#options = options
    this.folder = made.folder
    this.file = made.file
    this.#lock = made.lock
    this.#claim = made.claim
    const ids = Array.from({ length: made.file.brokers }, (_, index) => index + 1)
    this.view = new ClusterView(ids, env.clock.now(), event => {
      for (const listen of this.#eventListeners) listen(event)
    })
    for (const brokerId of ids) this.#members.set(brokerId, this.#member(brokerId))
  }

  /**
   * Takes hold of the folder, creating the cluster when it is new. Nothing runs yet.
   * Throws when another cluster holds the folder (names its pid), when a port is in use (names it), or when the folder has another number of brokers.
   */
  static async open(env: ClusterEnv, options: LocalClusterOptions): Promise<LocalCluster> {
    const folder = new ClusterFolder(env, options.directory)
    await env.disk.makeDirectory(options.directory)
    const lock = await lockFolder(env.disk, options.directory)
    let claim: PortClaim | undefined
    try {
      const before = await folder.read()
      if (before !== undefined && before.brokers !== options.brokers) {
        throw new Error(
          `The cluster in ${options.directory} has ${before.brokers} brokers, not ${options.brokers}. Choose another folder with --data`,
        )
      }
      let port = options.port ?? before?.port ?? 19092
      if (port === 0 && before !== undefined) port = before.port
      if (port === 0) {
        claim = await claimPorts(env, HOST, options.brokers)
        port = claim.firstPort
      }
      const used = await firstUsedPort(env.network, HOST, portsOf(port, options.brokers))
      if (used !== undefined) {
        throw new Error(
          `Port ${used} is in use by another program. Free it, or choose other ports with --port (${options.brokers * 2} in a row are needed)`,
        )
      }
      const file: ClusterFile = {
        version: 1,
        clusterId: before?.clusterId ?? folder.newClusterId(),
        brokers: options.brokers,
        port,
        profile: options.profile ?? before?.profile ?? 'dev',
        settings: { ...before?.settings, ...options.settings },
      }
      const cluster = new LocalCluster(env, options, { folder, file, lock, claim })
      await cluster.#writeFiles()
      return cluster
    } catch (error) {
      await claim?.release()
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
    return this.file.port + brokerId - 1
  }

  pidOf(brokerId: number): number | null {
    return this.#find(brokerId).process.pid
  }

  /** Starts all brokers. Resolves when each of them serves clients and the quorum has a leader. */
  async startAll(): Promise<void> {
    await Promise.all([...this.#members.keys()].map(brokerId => this.start(brokerId)))
  }

  start(brokerId: number): Promise<void> {
    return this.#inTurn(brokerId, async member => {
      await this.folder.format(brokerId, this.file.clusterId)
      await member.process.start({
        entry: brokerEntry(),
        propertiesFile: this.folder.propertiesFile(brokerId),
        nodeOptions: brokerNodeOptions,
      })
      this.#guardFrozen()
    })
  }

  stop(brokerId: number): Promise<void> {
    return this.#inTurn(brokerId, member => member.process.stop({ handOver: true }))
  }

  /** Does not wait for what else was asked of the broker: a kill is for now. */
  async kill(brokerId: number): Promise<void> {
    await this.#find(brokerId).process.kill()
    this.#guardFrozen()
  }

  async pause(brokerId: number): Promise<void> {
    const { process } = this.#find(brokerId)
    if (process.state !== 'running' && process.state !== 'frozen')
      throw new Error(`Broker ${brokerId} is ${process.state}; only a running broker can be frozen`)
    process.pause()
    this.#guardFrozen()
  }

  async resume(brokerId: number): Promise<void> {
    this.#find(brokerId).process.resume()
    this.#guardFrozen()
  }

  async restart(brokerId: number): Promise<void> {
    await this.stop(brokerId)
    await this.start(brokerId)
  }

  /** The broker's disk is destroyed; it comes back empty and catches up from the others. */
  async wipe(brokerId: number): Promise<void> {
    await this.kill(brokerId)
    await this.#inTurn(brokerId, async () => {
      await this.folder.wipe(brokerId)
      this.view.wiped(brokerId, this.#env.clock.now())
    })
    await this.start(brokerId)
  }

  /** Stops every broker in order and lets go of the folder. */
  async close(): Promise<void> {
    if (this.#closing) return
    this.#closing = true
    await Promise.all([...this.#members.values()].map(member => member.process.stop({ handOver: false }))) // not in turn: a start that hangs must not be waited for
    for (const member of this.#members.values()) await member.log.close()
    this.#env.processes.thawWhenGone([])
    await this.#claim?.release()
    await this.#lock.release()
  }

  snapshot(): ClusterSnapshot {
    const nowMs = this.#env.clock.now()
    const { view, file } = this
    return {
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
      story: view.story,
    }
  }

  profileValues(): ProfileValue[] {
    return profileValues(this.file.profile, this.file.settings)
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
    const { clock } = this.#env
    const log = new BrokerLog(this.#env, {
      brokerId,
      path: this.folder.logFile(brokerId),
      onLine: line => {
        for (const listen of this.#lineListeners) listen(line)
      },
    })
    const process = new BrokerProcess(this.#env, {
      entered: (state, facts) => {
        this.view.brokerEntered(brokerId, state, clock.now(), facts)
        this.#changed()
        if (state === 'died' && this.#options.restartDied) this.#restartLater(brokerId)
      },
      told: message => this.#told(brokerId, message),
      line: line => log.write(line),
    })
    return { brokerId, process, log, turn: Promise.resolve() }
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

  #changed() {
    if (this.#snapshotDue || this.#watchers.size === 0) return
    this.#snapshotDue = true
    this.#env.clock.after(SNAPSHOT_EVERY_MS, () => {
      this.#snapshotDue = false
      for (const listen of this.#watchers) listen()
    })
  }

  #restartLater(brokerId: number) {
    this.#env.clock.after(RESTART_AFTER_MS, () => {
      if (this.#closing || this.#find(brokerId).process.state !== 'died') return
      this.start(brokerId).catch((error: unknown) => this.#find(brokerId).log.write(`Not restarted: ${String(error)}`))
    })
  }

  #inTurn(brokerId: number, act: (member: Member) => Promise<void>): Promise<void> {
    const member = this.#find(brokerId)
    const done = member.turn.then(() => act(member))
    member.turn = done.catch(() => undefined) // the asker hears of the failure; the next one starts fresh
    return done
  }

  #guardFrozen() {
    const frozen = [...this.#members.values()].filter(member => member.process.state === 'frozen')
    this.#env.processes.thawWhenGone(frozen.flatMap(member => member.process.pid ?? []))
  }

  #find(brokerId: number): Member {
    const member = this.#members.get(brokerId)
    if (member === undefined) throw new RangeError(`There is no broker ${brokerId}; there are ${this.brokerIds.join(', ')}`)
    return member
  }

  async #writeFiles(): Promise<void> {
    await this.folder.write(this.file)
    const voters = this.brokerIds.map(brokerId => ({ id: brokerId, host: HOST, port: this.#peerPort(brokerId) }))
    for (const brokerId of this.brokerIds) {
      const text = brokerProperties({
        nodeId: brokerId,
        directory: this.folder.brokerDirectory(brokerId),
        client: { host: HOST, port: this.portOf(brokerId) },
        peer: { host: HOST, port: this.#peerPort(brokerId) },
        voters,
        profile: this.file.profile,
        settings: this.file.settings,
      })
      await this.folder.writeProperties(brokerId, text)
    }
  }

  #peerPort(brokerId: number): number {
    return this.file.port + this.file.brokers + brokerId - 1
  }
}

async function lockFolder(disk: Disk, directory: string): Promise<DiskLock> {
  try {
    return await disk.lock(join(directory, '.lock'))
  } catch (error) {
    if (!(error instanceof DiskError) || error.code !== 'ELOCKED') throw error
    throw new Error(
      `Another cluster holds ${directory}: ${error.message}. Stop it with \`trilog down --data ${directory}\`, or choose another folder with --data`,
      {
        cause: error,
      },
    )
  }
}
