import type { MetadataImage, PartitionImage } from '../metadata/image.ts'
import { errorCode } from '../protocol/errors.ts'
import type { AlterPartitionReassignments, AlterPartitionReassignmentsRequest } from '../protocol/messages/alterPartitionReassignments.ts'
import type { ListPartitionReassignments, ListPartitionReassignmentsRequest } from '../protocol/messages/listPartitionReassignments.ts'
import type { ResponseInput } from '../protocol/schema.ts'
import { assignmentProblem } from './assignments.ts'
import { accepted, type ControllerState, type Decision, type Refusal, refusal, refused, repeated } from './decision.ts'
import { type ElectionRules, partitionChange, type PartitionChange, type PartitionTarget, rulesFor } from './elections.ts'
import { mayGiveUpOthers } from './eligibleLeaders.ts'

type PartitionReply = ResponseInput<typeof AlterPartitionReassignments>['responses'][number]['partitions'][number]

/**
 * Moves partitions to other brokers, or calls that off (KIP-455). The move ends when the new replicas are in sync, and never leaves fewer in sync than
 * min.insync.replicas asks for: see `partitionChange`.
 */
export function decideReassignments(
  state: ControllerState,
  request: AlterPartitionReassignmentsRequest,
): Decision<ResponseInput<typeof AlterPartitionReassignments>> {
  const { image, settings } = state
  const records: PartitionChange[] = []
  const responses = request.topics.map(({ name, partitions }) => {
    const topic = image.topicsByName.get(name)
    const twice = repeated(partitions.map(each => each.partitionIndex))
    return {
      name,
      partitions: partitions.map(({ partitionIndex, replicas }): PartitionReply => {
        const partition = topic?.partitions[partitionIndex]
        const rules = rulesFor(image, name, settings.staticConfigs)
        const outcome = twice.has(partitionIndex)
          ? refusal('INVALID_REQUEST', 'The partition is named twice in the request.')
          : topic === undefined || partition === undefined
            ? refusal('UNKNOWN_TOPIC_OR_PARTITION')
            : replicas === null
              ? cancelled(partition, `${name}-${partitionIndex}`, rules)
              : reassigned(image, partition, replicas, request.allowReplicationFactorChange)
        if ('error' in outcome) return { partitionIndex, ...refused(outcome) }
        const change = partitionChange(topic!.topicId, partition!, outcome, rules)
        if (change !== undefined) records.push(change)
        return { partitionIndex, ...accepted }
      }),
    }
  })
  const { allowReplicationFactorChange } = request
  return { records, reply: { throttleTimeMs: 0, allowReplicationFactorChange, errorCode: 0, errorMessage: null, responses } }
}

function reassigned(
  image: MetadataImage,
  partition: PartitionImage,
  target: readonly number[],
  allowReplicationFactorChange: boolean,
): PartitionTarget | Refusal {
  const problem = assignmentProblem(image, target)
  if (problem !== undefined) return problem
  const settled = original(partition)
  if (!allowReplicationFactorChange && target.length !== settled.length) {
    return refusal('INVALID_REPLICATION_FACTOR', `The partition has ${settled.length} replicas, and their number may not change.`)
  }
  const removingReplicas = partition.replicas.filter(replica => !target.includes(replica))
  const addingReplicas = target.filter(replica => !settled.includes(replica))
  return { replicas: [...target, ...removingReplicas], removingReplicas, addingReplicas }
}

/** Replicas as they were before the reassignment that is under way. */
function original({ replicas, addingReplicas }: PartitionImage): number[] {
  return replicas.filter(replica => !addingReplicas.includes(replica))
}

function cancelled(partition: PartitionImage, name: string, rules: ElectionRules): PartitionTarget | Refusal {
  if (!isReassigning(partition)) return refusal('NO_REASSIGNMENT_IN_PROGRESS')
  const replicas = original(partition)
  const isr = partition.isr.filter(replica => replicas.includes(replica))
  const impossible = (why: string) => refusal('INVALID_REPLICA_ASSIGNMENT', why)
  // Only those that are to be added have everything: giving them up would give up records.
  if (isr.length === 0 || !isr.some(replica => rules.image.isOnline(partition, replica))) {
    return impossible(`None of the former replicas of ${name} is in sync and online.`)
  }
  if (!mayGiveUpOthers(partition, partition, { replicas, isr }, rules)) {
    return impossible(`Fewer of the former replicas of ${name} are in sync than min.insync.replicas asks for.`)
  }
  return { replicas, isr, addingReplicas: [], removingReplicas: [] }
}

function isReassigning({ addingReplicas, removingReplicas }: PartitionImage): boolean {
  return addingReplicas.length + removingReplicas.length > 0
}

/** The reassignments that are under way, all or those asked for. */
export function listReassignments(
  { image }: ControllerState,
  request: ListPartitionReassignmentsRequest,
): Decision<ResponseInput<typeof ListPartitionReassignments>> {
  const asked =
    request.topics ?? [...image.topicsByName.values()].map(({ name, partitions }) => ({ name, partitionIndexes: [...partitions.keys()] }))
  const topics = asked.flatMap(({ name, partitionIndexes }) => {
    const partitions = partitionIndexes.flatMap(partitionIndex => {
      const partition = image.topicsByName.get(name)?.partitions[partitionIndex]
      if (partition === undefined || !isReassigning(partition)) return []
      const { replicas, addingReplicas, removingReplicas } = partition
      return [{ partitionIndex, replicas, addingReplicas, removingReplicas }]
    })
    return partitions.length > 0 ? [{ name, partitions }] : []
  })
  return { records: [], reply: { throttleTimeMs: 0, errorCode: 0, errorMessage: null, topics } }
}

/** For `refuse`-ing a whole request: both responses have an error of their own. */
export function refusedReassignments(reason: Refusal): { throttleTimeMs: number; errorCode: number; errorMessage: string } {
  return { throttleTimeMs: 0, errorCode: errorCode(reason.error), errorMessage: reason.message }
}
