import type { Uuid } from '../base/uuid.ts'
import { changedPartition } from '../metadata/delta.ts'
import type { MetadataImage, PartitionImage, TopicImage } from '../metadata/image.ts'
import { errorCode, type ErrorName } from '../protocol/errors.ts'
import type { AssignReplicasToDirs, AssignReplicasToDirsRequest } from '../protocol/messages/assignReplicasToDirs.ts'
import type { ResponseInput } from '../protocol/schema.ts'
import { type ControllerState, type Decision, refuse } from './decision.ts'
import { partitionChange, type PartitionChange, rulesFor, without } from './elections.ts'
import { brokerEpochError } from './registrations.ts'

/**
 * A broker says in which log folder each of its replicas is (KIP-858). One that is in a folder that does not work, or is lost, leaves the ISR where
 * others remain, and somebody else leads. The folder's own standing does not change: one that failed comes back by a registration only.
 *
 * Differs from Kafka: a partition that waited for this replica has it as leader at once, not at the next election that happens for another reason.
 */
export function decideDirectoryAssignments(
  { image, settings }: ControllerState,
  request: AssignReplicasToDirsRequest,
): Decision<ResponseInput<typeof AssignReplicasToDirs>> {
  const { brokerId } = request
  const stale = brokerEpochError(image, brokerId, request.brokerEpoch)
  if (stale !== undefined) return refuse({ throttleTimeMs: 0, errorCode: errorCode(stale), directories: [] })

  const records: PartitionChange[] = []
  /** As they are by now: a replica that is named twice is where it was named last. */
  const changed = new Map<string, PartitionImage>()

  function assign(directory: Uuid, topic: TopicImage | undefined, partitionIndex: number): ErrorName {
    if (topic === undefined) return 'UNKNOWN_TOPIC_ID'
    const { topicId, name } = topic
    const key = `${topicId}-${partitionIndex}`
    const before = changed.get(key) ?? topic.partitions[partitionIndex]
    if (before === undefined) return 'UNKNOWN_TOPIC_OR_PARTITION'
    if (!before.replicas.includes(brokerId)) return 'NOT_LEADER_OR_FOLLOWER'
    const change = partitionChange(
      topicId,
      before,
      targetOf(image, before, brokerId, directory),
      rulesFor(image, name, settings.staticConfigs),
    )
    if (change !== undefined) {
      records.push(change)
      changed.set(key, changedPartition(before, change))
    }
    return 'NONE'
  }

  const directories = request.directories.map(({ id, topics }) => ({
    id,
    topics: topics.map(({ topicId, partitions }) => {
      const topic = image.topicsById.get(topicId)
      return {
        topicId,
        partitions: partitions.map(({ partitionIndex }) => ({
          partitionIndex,
          errorCode: errorCode(assign(id, topic, partitionIndex)),
        })),
      }
    }),
  }))
  return { records, reply: { throttleTimeMs: 0, errorCode: 0, directories } }
}

function targetOf(image: MetadataImage, { isr }: PartitionImage, brokerId: number, directory: Uuid) {
  const directories = new Map([[brokerId, directory]])
  return image.isOnlineDirectory(brokerId, directory) ? { directories } : { directories, isr: without(isr, brokerId) }
}
