import { z } from 'zod'
import { BrokerId, InCluster, Nothing } from './common.ts'
import { call } from './operations.ts'

const Partition = z.object({ topic: z.string().min(1), partition: z.number().int().min(0) })
const Partitions = z.array(Partition).min(1).max(100_000)

/** A partition that is not led by its preferred replica. */
export const PreferredElection = Partition.extend({
  leader: BrokerId.nullable(),
  preferred: BrokerId,
  /** Why it would go on as it is: `notAlive`, or `notInSync`. Null when the election would move it. */
  obstacle: z.enum(['notAlive', 'notInSync']).nullable(),
})
export type PreferredElection = z.infer<typeof PreferredElection>

/** What became of one partition; without a problem it was done as asked. */
export const PartitionOutcome = Partition.extend({ problem: z.string().nullable() })
export type PartitionOutcome = z.infer<typeof PartitionOutcome>

/** Where the replicas of a partition are to be, the preferred leader first. */
export const Placement = Partition.extend({ replicas: z.array(BrokerId).min(1).max(100) })
export type Placement = z.infer<typeof Placement>

/** A partition of a plan: where it is, and where it is to be. The lists are the same where the plan leaves it as it is. */
export const PlannedMove = Placement.extend({
  now: z.array(BrokerId),
  leader: BrokerId.nullable(),
  /** Of the leader's replica; null when nobody says. */
  sizeBytes: z.number().nullable(),
  /** Brokers that have to copy all of it. */
  copies: z.array(BrokerId),
  /** It cannot leave a broker: all others that are alive have a replica already. */
  isStuck: z.boolean(),
})
export type PlannedMove = z.infer<typeof PlannedMove>

/** What a plan makes of a broker. */
export const BrokerLoad = z.object({
  brokerId: BrokerId,
  isAlive: z.boolean(),
  replicasNow: z.number().int(),
  replicasThen: z.number().int(),
  preferredNow: z.number().int(),
  preferredThen: z.number().int(),
  bytesNow: z.number().nullable(),
  bytesThen: z.number().nullable(),
})
export type BrokerLoad = z.infer<typeof BrokerLoad>

/**
 * `balance`: as many replicas and as many preferred leaderships on each broker as on the others, moving as little as that takes; of these topics, or of
 * all. `drain`: nothing on this broker any more. `as`: what somebody typed.
 */
export const PlanWish = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('balance'), topics: z.array(z.string()).nullable() }),
  z.object({ kind: z.literal('drain'), brokerId: BrokerId }),
  z.object({ kind: z.literal('as'), placements: z.array(Placement).min(1).max(100_000) }),
])
export type PlanWish = z.infer<typeof PlanWish>

export const ReassignmentPlan = z.object({
  /** Those that would change, and those that cannot. */
  moves: z.array(PlannedMove),
  /** How many partitions were looked at. */
  partitions: z.number().int(),
  brokers: z.array(BrokerLoad),
})
export type ReassignmentPlan = z.infer<typeof ReassignmentPlan>

/** A partition on its way to other brokers, whoever sent it there. */
export const Reassignment = Partition.extend({
  replicas: z.array(BrokerId),
  adding: z.array(BrokerId),
  removing: z.array(BrokerId),
  /** All that has to be copied, and what was: by the sizes of the replicas on disk. Null when nobody says. */
  bytes: z.number().nullable(),
  copiedBytes: z.number().nullable(),
})
export type Reassignment = z.infer<typeof Reassignment>

/** That the throttle was set here, and is taken away here once the last of these moves has ended. */
export const ThrottleRemoval = z.object({
  moves: z.number().int(),
  /** Of them, those that are under way. */
  left: z.number().int(),
  /** Why it could not be taken away the last time; it is tried again. */
  problem: z.string().nullable(),
})
export type ThrottleRemoval = z.infer<typeof ThrottleRemoval>

export const ReassignmentList = z.object({
  reassignments: z.array(Reassignment),
  /**
   * What holds copying back, if anything does: bytes a second of each broker, and the topics whose replicas it is about. Without a `removal`, somebody
   * else set it, who has to take it away.
   */
  throttle: z.object({ bytesPerSecond: z.number(), topics: z.array(z.string()), removal: ThrottleRemoval.nullable() }).nullable(),
})
export type ReassignmentList = z.infer<typeof ReassignmentList>

export const reassignments = {
  /** Partitions that are not led by their preferred replica: of these topics, or of all. */
  elections: call(InCluster.extend({ topics: z.array(z.string()).nullable() }), z.array(PreferredElection)),
  /** Has these led by their preferred replicas (KIP-460). */
  elect: call(InCluster.extend({ partitions: Partitions }), z.array(PartitionOutcome)),
  plan: call(InCluster.extend({ wish: PlanWish }), ReassignmentPlan),
  /** Begins the moves (KIP-455), each by itself. With a throttle, brokers copy no faster than that until the last of them has ended. */
  start: call(
    InCluster.extend({ placements: z.array(Placement).min(1).max(100_000), bytesPerSecond: z.number().int().min(1).nullable() }),
    z.array(PartitionOutcome),
  ),
  /** Those under way, of all clients, and how far they are. */
  list: call(InCluster, ReassignmentList),
  /** Partitions stay where they were when their moves began. */
  cancel: call(InCluster.extend({ partitions: Partitions }), z.array(PartitionOutcome)),
  /** Takes away the throttle of all topics, whoever set it. */
  unthrottle: call(InCluster, Nothing),
}
