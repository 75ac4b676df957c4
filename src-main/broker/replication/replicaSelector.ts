/** A replica from which a consumer could read, as its leader knows it. */
export interface FollowerView {
  readonly brokerId: number
  readonly logEndOffset: number
  /** As `FollowerProgress` has it; of the leader itself, now. */
  readonly lastCaughtUpMs: number
}

export interface ReplicaView extends FollowerView {
  /** Null when its broker stands nowhere in particular. */
  readonly rack: string | null
}

/** Kafka's name for the rule below, as replica.selector.class has it. */
export const RACK_AWARE_SELECTOR = 'org.apache.kafka.common.replica.RackAwareReplicaSelector'

/** From where a client in that rack should read (KIP-392): from the leader unless only others are in its rack, and then from who has most. */
export function nearestReplica(clientRack: string, leader: ReplicaView, followers: readonly ReplicaView[]): number {
  if (clientRack === '' || leader.rack === clientRack) return leader.brokerId
  let best: ReplicaView | undefined
  for (const each of followers) if (each.rack === clientRack && (best === undefined || isBetter(each, best))) best = each
  return (best ?? leader).brokerId
}

function isBetter(one: ReplicaView, other: ReplicaView): boolean {
  if (one.logEndOffset !== other.logEndOffset) return one.logEndOffset > other.logEndOffset
  if (one.lastCaughtUpMs !== other.lastCaughtUpMs) return one.lastCaughtUpMs > other.lastCaughtUpMs
  return one.brokerId > other.brokerId
}
