import { NO_LEADER, type TopicImage } from '../metadata/image.ts'
import type { ElectLeaders, ElectLeadersRequest } from '../protocol/messages/electLeaders.ts'
import type { ResponseInput } from '../protocol/schema.ts'
import { accepted, type ControllerState, type Decision, refusal, type Refusal, refused } from './decision.ts'
import { partitionChange, type PartitionChange, rulesFor } from './elections.ts'

type PartitionResult = ResponseInput<typeof ElectLeaders>['replicaElectionResults'][number]['partitionResult'][number]

const PREFERRED = 0
const UNCLEAN = 1

/** Elects leaders because somebody asked (KIP-460). Asked for all partitions, those that need no election are left out of the answer. */
export function decideElections(
  { image, settings }: ControllerState,
  request: ElectLeadersRequest,
): Decision<ResponseInput<typeof ElectLeaders>> {
  const { electionType, topicPartitions } = request
  if (electionType !== PREFERRED && electionType !== UNCLEAN) {
    return {
      records: [],
      reply: { throttleTimeMs: 0, errorCode: refused(refusal('INVALID_REQUEST')).errorCode, replicaElectionResults: [] },
    }
  }
  const asked =
    topicPartitions ?? [...image.topicsById.values()].map(({ name, partitions }) => ({ topic: name, partitions: [...partitions.keys()] }))
  const records: PartitionChange[] = []
  const results = asked.map(({ topic, partitions }) => ({
    topic,
    partitionResult: [...new Set(partitions)].flatMap((partitionId): readonly PartitionResult[] => {
      const outcome = elect(image.topicsByName.get(topic), partitionId)
      if ('type' in outcome) {
        records.push(outcome)
        return [{ partitionId, ...accepted }]
      }
      return topicPartitions === null && outcome.error === 'ELECTION_NOT_NEEDED' ? [] : [{ partitionId, ...refused(outcome) }]
    }),
  }))
  const replicaElectionResults = topicPartitions === null ? results.filter(each => each.partitionResult.length > 0) : results
  return { records, reply: { throttleTimeMs: 0, errorCode: 0, replicaElectionResults } }

  function elect(topic: TopicImage | undefined, partitionId: number): PartitionChange | Refusal {
    const partition = topic?.partitions[partitionId]
    if (topic === undefined || partition === undefined) return refusal('UNKNOWN_TOPIC_OR_PARTITION')
    const isNeeded = electionType === PREFERRED ? partition.leader !== partition.replicas[0] : partition.leader === NO_LEADER
    if (!isNeeded) return refusal('ELECTION_NOT_NEEDED', 'The partition has the leader that this election would give it.')
    const rules = rulesFor(image, topic.name, settings.staticConfigs, electionType === PREFERRED ? 'preferred' : 'unclean')
    const change = partitionChange(topic.topicId, partition, {}, rules)
    return change ?? refusal(electionType === PREFERRED ? 'PREFERRED_LEADER_NOT_AVAILABLE' : 'ELIGIBLE_LEADERS_NOT_AVAILABLE')
  }
}
