import type { ClusterSnapshot, LocalBroker } from '../contract/cluster.ts'

const mayLead = ({ state }: LocalBroker) => state === 'running' || state === 'stopping'
/** A majority elects before the first broker is ready. */
const mayControl = (broker: LocalBroker) => mayLead(broker) || broker.state === 'starting'

/**
 * The snapshot without what only the dead believe. Who leads is what the brokers told last, and with no majority left nobody tells anything newer:
 * a killed or frozen broker would lead its partitions, and the cluster, for ever.
 */
export function livingSnapshot(told: ClusterSnapshot): ClusterSnapshot {
  const idsOf = (brokers: readonly LocalBroker[]) => new Set<number | null>(brokers.map(each => each.brokerId))
  const leaders = idsOf(told.brokers.filter(mayLead))
  const controllers = idsOf(told.brokers.filter(mayControl))
  // Every broker has a vote, and a controller without a majority controls nothing.
  const hasMajority = controllers.size * 2 > told.brokers.length
  const controllerId = hasMajority && controllers.has(told.controllerId) ? told.controllerId : null
  return {
    ...told,
    controllerId,
    brokers: told.brokers.map(each => ({
      ...each,
      isController: each.brokerId === controllerId,
      ...(!leaders.has(each.brokerId) && { leaders: 0, followers: each.leaders + each.followers }),
    })),
    partitions: told.partitions.map(each => (leaders.has(each.leader) ? each : { ...each, leader: null })),
  }
}
