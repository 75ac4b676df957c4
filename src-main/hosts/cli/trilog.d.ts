/**
 * What `import { startCluster } from 'trilog'` gives: a Kafka cluster of real broker processes for a test suite.
 *
 * ```ts
 * await using cluster = await startCluster()
 * const kafka = new Kafka({ brokers: cluster.bootstrapServers.split(',') })
 * await cluster.kill(2) // kill -9; the other two go on
 * await cluster.start(2)
 * ```
 *
 * Declared by hand, because it stands alone: whoever imports it needs nothing of what the program is made of.
 */

export interface StartClusterOptions {
  /** How many brokers, 1 to 7; as the folder has, or 3. */
  readonly brokers?: number
  /** Log folders of each broker, 1 to 8; as the folder has, or 1. */
  readonly logDirs?: number
  /** The cluster's folder; a temporary one that `stop` removes when left out. */
  readonly directory?: string
  /** Broker i listens on port + i - 1, and the ports behind those of all brokers are for their own talk. Left out, free ports are taken. */
  readonly port?: number
  /** `dev`, the default, shortens what makes a person wait; `kafka-defaults` changes nothing of Kafka's. */
  readonly profile?: 'dev' | 'kafka-defaults'
  /** Broker configs by Kafka's names, such as `{ 'num.partitions': '1' }`. */
  readonly settings?: Readonly<Record<string, string>>
}

/**
 * A cluster of real brokers: ready when this resolves, in about a second. Each call starts a cluster of its own, so that test files can run at the same
 * time. Its processes end with yours, however yours ends; stop it, because until then it keeps your process alive.
 */
export function startCluster(options?: StartClusterOptions): Promise<RunningCluster>

/** Verbs reject when they cannot be done, with a sentence that says why. Broker ids count from 1. */
export interface RunningCluster extends AsyncDisposable {
  /** `host:port` of each broker, separated by commas, as clients want it. */
  readonly bootstrapServers: string
  readonly directory: string
  readonly brokerIds: readonly number[]
  /** `null` while the broker does not run. */
  pidOf(brokerId: number): number | null
  portOf(brokerId: number): number
  /** SIGKILL, as if the power failed; resolves when the process is gone. Calls off a start that is under way. */
  kill(brokerId: number): Promise<void>
  /** In order: leaders move to other brokers first. Resolves when the process has ended. Calls off a start that is under way. */
  stopBroker(brokerId: number): Promise<void>
  /** Resolves when the broker serves clients again. Waits as long as no quorum can be had. Harmless when it runs. */
  start(brokerId: number): Promise<void>
  /** Stops in order, then starts. */
  restart(brokerId: number): Promise<void>
  /** SIGSTOP: the broker keeps its connections and does nothing, as one that swaps or collects garbage. Only a running one. */
  pause(brokerId: number): Promise<void>
  /** The end of `pause`. */
  resume(brokerId: number): Promise<void>
  /** Kills the broker, destroys its disk and starts it empty; it catches up from the others. */
  wipe(brokerId: number): Promise<void>
  /**
   * Cuts or slows the link between two brokers, or between a broker and all `clients`; from now on, in place of what was done to it before, and over
   * restarts. A cut is one of the network: packets vanish, connections stall, and nobody is told.
   */
  link(a: LinkEnd, b: LinkEnd, change: LinkChange): Promise<void>
  /** Every link is well again. */
  healLinks(): Promise<void>
  /** What is known now: brokers, partitions, replicas, links. */
  snapshot(): ClusterSnapshot
  /** Tells what happens from now on. Returns how to stop listening. */
  onEvent(listen: (event: ClusterEvent) => void): () => void
  /** Stops everything; a temporary folder goes. The same as leaving the block of an `await using`. Harmless when it was called before. */
  stop(): Promise<void>
}

/** A broker's id, or whoever connects to the other end and is no broker. */
export type LinkEnd = number | 'clients'

/** What is to be wrong with a link from now on. */
export interface LinkChange {
  readonly cut?: boolean
  /** What all that is sent takes longer, each way. */
  readonly delayMs?: number
  /** Probability, below 1, that what is sent is lost and must be sent again, which takes 200 ms the first time. */
  readonly drop?: number
  /** Nothing is wrong any more. */
  readonly heal?: boolean
  /** Only from the first end to the second. */
  readonly oneWay?: boolean
}

export interface ClusterSnapshot {
  /** Times are milliseconds since 1970. */
  readonly atMs: number
  readonly bootstrapServers: string
  readonly profile: 'dev' | 'kafka-defaults'
  readonly dataDirectory: string
  /** The active controller; `null` while there is none. */
  readonly controllerId: number | null
  readonly controllerEpoch: number | null
  readonly brokers: readonly BrokerSnapshot[]
  readonly partitions: readonly PartitionSnapshot[]
  /** Those that are cut or slowed, one for each direction. */
  readonly links: readonly {
    readonly from: LinkEnd
    readonly to: LinkEnd
    readonly cut: boolean
    readonly delayMs: number
    readonly drop: number
  }[]
}

/** killed: SIGKILL on request; died: it ended and nobody had asked. */
export type BrokerState = 'starting' | 'running' | 'frozen' | 'stopping' | 'stopped' | 'killed' | 'died'

export interface BrokerSnapshot {
  readonly brokerId: number
  readonly state: BrokerState
  readonly stateSinceMs: number
  /** Why it died: exit status or signal, and its own words. */
  readonly reason: string | null
  readonly pid: number | null
  readonly host: string
  readonly port: number
  readonly directory: string
  /** All its log folders; the first is `directory`. */
  readonly logDirs: readonly {
    readonly path: string
    /** A full one takes no records until there is space; an offline one has failed, until the broker starts again. */
    readonly state: 'online' | 'full' | 'offline'
    /** Why it is offline. */
    readonly problem: string | null
  }[]
  readonly startedAtMs: number | null
  readonly isController: boolean
  /** Unfenced: the controller lets it serve. */
  readonly isActive: boolean
  readonly cpuPercent: number | null
  readonly memoryBytes: number | null
  readonly logBytes: number
  /** Partitions that it leads, and that it follows. */
  readonly leaders: number
  readonly followers: number
  readonly bytesInPerSecond: number
  readonly bytesOutPerSecond: number
}

export interface PartitionSnapshot {
  readonly topic: string
  readonly partition: number
  readonly isInternal: boolean
  readonly leader: number | null
  readonly leaderEpoch: number
  readonly highWatermark: number | null
  readonly inSyncReplicas: readonly number[]
  readonly replicas: readonly ReplicaSnapshot[]
}

export interface ReplicaSnapshot {
  readonly brokerId: number
  readonly state: 'leader' | 'inSync' | 'lagging' | 'offline'
  /** Why a broker that runs cannot serve it: its disk has failed, or what is on it is damaged. */
  readonly problem: string | null
  /** Of an offline replica: the last ones known. */
  readonly logStartOffset: number | null
  readonly logEndOffset: number | null
  readonly sizeBytes: number | null
}

export interface ClusterEvent {
  readonly id: number
  readonly atMs: number
  readonly kind:
    | 'brokerStarting'
    | 'brokerReady'
    | 'brokerStopping'
    | 'brokerStopped'
    | 'brokerKilled'
    | 'brokerDied'
    | 'brokerFrozen'
    | 'brokerResumed'
    | 'brokerWiped'
    | 'brokerFenced'
    | 'brokerUnfenced'
    | 'logDirFailed'
    | 'logDirFull'
    | 'logDirHasSpace'
    | 'controllerElected'
    | 'leadersMoved'
    | 'isrShrunk'
    | 'isrExpanded'
    | 'topicCreated'
    | 'topicDeleted'
  readonly brokerId: number | null
  readonly topic: string | null
  readonly partition: number | null
  /** How many partitions this event is about. */
  readonly count: number
  readonly inSyncReplicas: readonly number[] | null
  /** Who had it before: the controller's place, or leaderships. */
  readonly from: number | null
  readonly detail: string | null
}
