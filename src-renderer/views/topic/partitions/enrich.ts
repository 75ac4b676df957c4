import type { PartitionReplicas, ReplicaState } from '../../../../src-main/contract/cluster.ts'
import type { PartitionDetail, TopicDetail } from '../../../../src-main/contract/topics.ts'

export interface ReplicaRow {
  readonly brokerId: number
  readonly state: ReplicaState
  /** Why its broker cannot serve it. */
  readonly problem: string | null
  readonly logStartOffset: number | null
  readonly highWatermark: number | null
  readonly logEndOffset: number | null
  readonly sizeBytes: number | null
}
export interface PartitionRow extends Omit<PartitionDetail, 'replicas' | 'replicaLogs'> {
  readonly replicas: readonly ReplicaRow[]
}

/** What any cluster says of its replicas, and where it is the local one, what its processes say, which is newer and knows the dead ones. */
export function enrich(topic: TopicDetail, snapshot: readonly PartitionReplicas[]): PartitionRow[] {
  const local = new Map(snapshot.filter(each => each.topic === topic.name).map(each => [each.partition, each]))
  return topic.partitions.map(partition => {
    const seen = local.get(partition.partition)
    return {
      ...partition,
      highWatermark: seen?.highWatermark ?? partition.highWatermark,
      replicas: partition.replicas.map(brokerId => {
        const log = partition.replicaLogs.find(each => each.brokerId === brokerId)
        const process = seen?.replicas.find(each => each.brokerId === brokerId)
        return {
          brokerId,
          state: process?.state ?? stateOf(partition, brokerId, log?.isOnline),
          problem: process?.problem ?? null,
          logStartOffset: process?.logStartOffset ?? log?.logStartOffset ?? null,
          highWatermark: log?.highWatermark ?? null,
          logEndOffset: process?.logEndOffset ?? log?.logEndOffset ?? null,
          sizeBytes: process?.sizeBytes ?? log?.sizeBytes ?? null,
        }
      }),
    }
  })
}

function stateOf(partition: PartitionDetail, brokerId: number, isOnline: boolean | undefined): ReplicaState {
  if (partition.leader === brokerId) return 'leader'
  if (isOnline === false) return 'offline'
  return partition.inSyncReplicas.includes(brokerId) ? 'inSync' : 'lagging'
}
