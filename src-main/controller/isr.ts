import type { Uuid } from '../base/uuid.ts'
import { changedPartition } from '../metadata/delta.ts'
import { leaderRecoveryState, type MetadataImage, type PartitionImage } from '../metadata/image.ts'
import { errorCode, type ErrorName } from '../protocol/errors.ts'
import type { AlterPartition, AlterPartitionRequest } from '../protocol/messages/alterPartition.ts'
import type { ResponseInput } from '../protocol/schema.ts'
import { type ControllerState, type Decision, refuse, repeated } from './decision.ts'
import { partitionChange, type PartitionChange, rulesFor } from './elections.ts'
import { brokerEpochError } from './registrations.ts'

type AskedPartition = AlterPartitionRequest['topics'][number]['partitions'][number]
type PartitionReply = ResponseInput<typeof AlterPartition>['topics'][number]['partitions'][number]

/** Changes in-sync replicas because a leader says who keeps up (KIP-497). Each partition stands for itself. */
export function decideIsr(state: ControllerState, request: AlterPartitionRequest): Decision<ResponseInput<typeof AlterPartition>> {
  const { image, settings } = state
  const stale = brokerEpochError(image, request.brokerId, request.brokerEpoch)
  if (stale !== undefined) return refuse({ throttleTimeMs: 0, errorCode: errorCode(stale), topics: [] })

  const records: PartitionChange[] = []
  const topics = request.topics.map(({ topicId, partitions }) => {
    const topic = image.topicsById.get(topicId)
    const twice = repeated(partitions.map(each => each.partitionIndex))
    return {
      topicId,
      partitions: partitions.map(asked => {
        const partition = topic?.partitions[asked.partitionIndex]
        if (topic === undefined) return refusedPartition(asked, 'UNKNOWN_TOPIC_ID')
        if (partition === undefined) return refusedPartition(asked, 'UNKNOWN_TOPIC_OR_PARTITION')
        // Both would be decided on the same state, and then follow each other.
        if (twice.has(asked.partitionIndex)) return refusedPartition(asked, 'INVALID_REQUEST')
        const error = isrError(image, request.brokerId, partition, asked)
        if (error !== undefined) return refusedPartition(asked, error)

        const change = changeOf(topicId, partition, asked, rulesFor(image, topic.name, settings.staticConfigs))
        if (change !== undefined) records.push(change)
        const after = change === undefined ? partition : changedPartition(partition, change)
        // The caller was only needed until the others had caught up.
        return after.replicas.includes(request.brokerId) ? accepted(after) : refusedPartition(asked, 'NEW_LEADER_ELECTED')
      }),
    }
  })
  return { records, reply: { throttleTimeMs: 0, errorCode: 0, topics } }
}

function changeOf(topicId: Uuid, partition: PartitionImage, asked: AskedPartition, rules: Parameters<typeof partitionChange>[3]) {
  return partitionChange(topicId, partition, { isr: membersOf(asked), leaderRecoveryState: asked.leaderRecoveryState }, rules)
}

/** The new in-sync replicas, in whichever of its two forms the request's version has them. */
function membersOf({ newIsr, newIsrWithEpochs }: AskedPartition): number[] {
  return newIsrWithEpochs.length > 0 ? newIsrWithEpochs.map(member => member.brokerId) : [...newIsr]
}

/** The first thing that is wrong, in Kafka's order: which error it is tells the leader whether to wait, to retry, or to think again. */
export function isrError(image: MetadataImage, brokerId: number, partition: PartitionImage, asked: AskedPartition): ErrorName | undefined {
  // Somebody ahead of us has heard from a newer controller than us.
  if (asked.leaderEpoch > partition.leaderEpoch || asked.partitionEpoch > partition.partitionEpoch) return 'NOT_CONTROLLER'
  if (asked.leaderEpoch < partition.leaderEpoch) return 'FENCED_LEADER_EPOCH'
  if (brokerId !== partition.leader) return 'INVALID_REQUEST'
  if (asked.partitionEpoch < partition.partitionEpoch) return 'INVALID_UPDATE_VERSION'

  const isr = membersOf(asked)
  const isWithinReplicas = isr.every(replica => partition.replicas.includes(replica)) && new Set(isr).size === isr.length
  if (!isWithinReplicas || !isr.includes(partition.leader)) return 'INVALID_REQUEST'
  if (asked.leaderRecoveryState === leaderRecoveryState.RECOVERING) {
    if (isr.length > 1 || partition.leaderRecoveryState === leaderRecoveryState.RECOVERED) return 'INVALID_REQUEST'
  }
  return isr.every(replica => isEligible(image, partition, replica, asked)) ? undefined : 'INELIGIBLE_REPLICA'
}

function isEligible(image: MetadataImage, partition: PartitionImage, replica: number, { newIsrWithEpochs }: AskedPartition): boolean {
  const epoch = newIsrWithEpochs.find(member => member.brokerId === replica)?.brokerEpoch ?? -1
  return image.isOnline(partition, replica) && (epoch === -1 || epoch === image.brokers.get(replica)!.brokerEpoch)
}

function accepted(partition: PartitionImage): PartitionReply {
  return {
    partitionIndex: partition.partition,
    errorCode: 0,
    leaderId: partition.leader,
    leaderEpoch: partition.leaderEpoch,
    isr: partition.isr,
    leaderRecoveryState: partition.leaderRecoveryState,
    partitionEpoch: partition.partitionEpoch,
  }
}

function refusedPartition({ partitionIndex }: AskedPartition, error: ErrorName): PartitionReply {
  return { partitionIndex, errorCode: errorCode(error), leaderId: 0, leaderEpoch: 0, isr: [], partitionEpoch: 0 }
}
