import { z } from 'zod'
import { BrokerId, Nothing, Offset, TimestampMs } from './common.ts'
import { call, stream } from './operations.ts'
import { BrokerRates } from './requestRates.ts'

/**
 * What the supervisor knows of one broker process.
 * starting → running → (frozen ↔ running) → stopping → stopped; killed: SIGKILL by a person; died: it ended and nobody had asked.
 */
export const BrokerState = z.enum(['starting', 'running', 'frozen', 'stopping', 'stopped', 'killed', 'died'])
export type BrokerState = z.infer<typeof BrokerState>

/** A full one takes no records until there is space; an offline one has failed, and stays out of use until its broker starts again. */
export const LogDirState = z.enum(['online', 'full', 'offline'])
export type LogDirState = z.infer<typeof LogDirState>

export const LogDir = z.object({
  path: z.string(),
  state: LogDirState,
  /** Why it is offline. */
  problem: z.string().nullable(),
})
export type LogDir = z.infer<typeof LogDir>

export const LocalBroker = z.object({
  brokerId: BrokerId,
  state: BrokerState,
  stateSinceMs: TimestampMs,
  /** Why it is `died`: exit status or signal, and the last line it said. */
  reason: z.string().nullable(),
  pid: z.number().int().nullable(),
  host: z.string(),
  port: z.number().int(),
  directory: z.string(),
  /** All its log folders, as its process sees them; the first is `directory`. */
  logDirs: z.array(LogDir),
  startedAtMs: TimestampMs.nullable(),
  isController: z.boolean(),
  /** Unfenced: the controller lets it serve. */
  isActive: z.boolean(),
  cpuPercent: z.number().nullable(),
  memoryBytes: z.number().nullable(),
  logBytes: z.number(),
  leaders: z.number().int(),
  followers: z.number().int(),
  bytesInPerSecond: z.number(),
  bytesOutPerSecond: z.number(),
})
export type LocalBroker = z.infer<typeof LocalBroker>

export const ReplicaState = z.enum(['leader', 'inSync', 'lagging', 'offline'])
export type ReplicaState = z.infer<typeof ReplicaState>

export const PartitionReplicas = z.object({
  topic: z.string(),
  partition: z.number().int(),
  isInternal: z.boolean(),
  leader: BrokerId.nullable(),
  leaderEpoch: z.number().int(),
  highWatermark: Offset.nullable(),
  inSyncReplicas: z.array(BrokerId),
  replicas: z.array(
    z.object({
      brokerId: BrokerId,
      state: ReplicaState,
      /** Why a broker that runs cannot serve it: its disk has failed, or what is on it is damaged. */
      problem: z.string().nullable(),
      /** Of an offline replica: the last ones known. */
      logStartOffset: Offset.nullable(),
      logEndOffset: Offset.nullable(),
      sizeBytes: z.number().nullable(),
    }),
  ),
  /** The last change of leader, kept for a minute. */
  moved: z.object({ from: BrokerId, to: BrokerId, atMs: TimestampMs }).nullable(),
})
export type PartitionReplicas = z.infer<typeof PartitionReplicas>

export const ClusterEvent = z.object({
  id: z.number().int(),
  atMs: TimestampMs,
  kind: z.enum([
    'brokerStarting',
    'brokerReady',
    'brokerStopping',
    'brokerStopped',
    'brokerKilled',
    'brokerDied',
    'brokerFrozen',
    'brokerResumed',
    'brokerWiped',
    'brokerFenced',
    'brokerUnfenced',
    'logDirFailed',
    'logDirFull',
    'logDirHasSpace',
    'controllerElected',
    'leadersMoved',
    'isrShrunk',
    'isrExpanded',
    'topicCreated',
    'topicDeleted',
  ]),
  brokerId: BrokerId.nullable(),
  topic: z.string().nullable(),
  partition: z.number().int().nullable(),
  /** How many partitions this event is about. */
  count: z.number().int(),
  inSyncReplicas: z.array(BrokerId).nullable(),
  from: BrokerId.nullable(),
  detail: z.string().nullable(),
})
export type ClusterEvent = z.infer<typeof ClusterEvent>

/** A broker, or all that connects to one and is no broker. */
export const LinkEnd = z.union([BrokerId, z.literal('clients')])
export type LinkEnd = z.infer<typeof LinkEnd>

/** What is wrong with one direction of a link. */
export const LinkFault = z.object({
  /** Nothing arrives, and nobody is told. */
  cut: z.boolean(),
  delayMs: z.number().int().min(0).max(60_000),
  /** Probability that what is sent is lost and must be sent again. */
  drop: z.number().min(0).lt(1),
})
export type LinkFault = z.infer<typeof LinkFault>

export const FaultyLink = LinkFault.extend({ from: LinkEnd, to: LinkEnd })
export type FaultyLink = z.infer<typeof FaultyLink>

/** The strip of the Cluster screen: the newest fault, and how long each step of the recovery took, in ms after it. */
export const FailoverStory = z.object({
  brokerId: BrokerId,
  fault: z.enum(['killed', 'died', 'frozen', 'stopped']),
  atMs: TimestampMs,
  controllerElectedMs: z.number().nullable(),
  controllerFrom: BrokerId.nullable(),
  controllerTo: BrokerId.nullable(),
  leadersMovedMs: z.number().nullable(),
  leadersMoved: z.number().int(),
  /** Partitions that had no leader left to elect. */
  leaderless: z.number().int(),
})
export type FailoverStory = z.infer<typeof FailoverStory>

export const ClusterSnapshot = z.object({
  atMs: TimestampMs,
  bootstrapServers: z.string(),
  profile: z.enum(['dev', 'kafka-defaults']),
  dataDirectory: z.string(),
  controllerId: BrokerId.nullable(),
  controllerEpoch: z.number().int().nullable(),
  brokers: z.array(LocalBroker),
  partitions: z.array(PartitionReplicas),
  /** Those with a fault, one for each direction. */
  links: z.array(FaultyLink),
  story: FailoverStory.nullable(),
})
export type ClusterSnapshot = z.infer<typeof ClusterSnapshot>

/**
 * Snapshots as a stream carries them: the first one whole, of each later one what differs. Ten thousand partitions are megabytes, and a page that has to
 * read them a few times a second answers nobody who types.
 */
export const ClusterUpdate = z.discriminatedUnion('type', [
  z.object({ type: z.literal('whole'), sequence: z.number().int(), snapshot: ClusterSnapshot }),
  z.object({
    type: z.literal('difference'),
    /** One more than that of the update it rests on. */
    sequence: z.number().int(),
    head: ClusterSnapshot.omit({ partitions: true }),
    /** Those that are new, or not as they were. */
    changed: z.array(PartitionReplicas),
    gone: z.array(PartitionReplicas.pick({ topic: true, partition: true })),
  }),
])
export type ClusterUpdate = z.infer<typeof ClusterUpdate>

export const BrokerLogLine = z.object({
  brokerId: BrokerId,
  atMs: TimestampMs,
  level: z.enum(['debug', 'info', 'warn', 'error']),
  message: z.string(),
})
export type BrokerLogLine = z.infer<typeof BrokerLogLine>

/** A config whose value in the running profile differs from Kafka's default. */
export const ProfileValue = z.object({ name: z.string(), value: z.string(), kafkaDefault: z.string() })
export type ProfileValue = z.infer<typeof ProfileValue>

const OneBroker = z.object({ brokerId: BrokerId })

/** The three brokers on this machine, from outside: only the local cluster has processes to stop, kill and freeze. */
export const cluster = {
  /** The newest snapshot at once, then what came to differ whenever something changed, a few times a second at most. Read with `afterUpdate`. */
  watch: stream(z.object({}), ClusterUpdate),
  /** The kept events oldest first, then each as it happens. */
  events: stream(z.object({}), ClusterEvent),
  /** The last `lines` lines of each broker's log (of one broker, when named), then each as it is written. */
  logs: stream(z.object({ brokerId: BrokerId.nullable(), lines: z.number().int().min(0).max(1000) }), BrokerLogLine),
  /** What a broker was asked lately, and what it took: at once, then each second in which its process tells. */
  requests: stream(OneBroker, BrokerRates),
  snapshot: call(z.object({}), ClusterSnapshot),
  profile: call(z.object({}), z.array(ProfileValue)),
  /** Resolves when the process has ended in order. */
  stop: call(OneBroker, Nothing),
  /** SIGKILL. Resolves when the process is gone. */
  kill: call(OneBroker, Nothing),
  /** SIGSTOP: it lives, holds its connections, and does nothing. */
  pause: call(OneBroker, Nothing),
  resume: call(OneBroker, Nothing),
  /** Resolves when the broker is ready. Harmless when it runs. */
  start: call(OneBroker, Nothing),
  restart: call(OneBroker, Nothing),
  /** Ends the process if it runs, destroys the broker's data folder, and starts it again empty. */
  wipe: call(OneBroker, Nothing),
  /** From now on and in place of what was before; null heals. `oneWay` leaves the direction from `b` to `a` as it is. Lasts over restarts of brokers. */
  link: call(z.object({ a: LinkEnd, b: LinkEnd, fault: LinkFault.nullable(), oneWay: z.boolean() }), Nothing),
  healLinks: call(z.object({}), Nothing),
  /** Stops all brokers, then the host itself; with `deleteData` the data folder goes too. Resolves before the host ends. */
  shutdown: call(z.object({ deleteData: z.boolean() }), Nothing),
}
