import type { Served } from '../../contract/operations.ts'
import type { PartitionOutcome, PreferredElection, Reassignment, ReassignmentList, reassignments } from '../../contract/reassignments.ts'
import { errorMessage, errorName } from '../../protocol/errors.ts'
import { AlterPartitionReassignments } from '../../protocol/messages/alterPartitionReassignments.ts'
import { ElectLeaders } from '../../protocol/messages/electLeaders.ts'
import type { ListPartitionReassignmentsResponse } from '../../protocol/messages/listPartitionReassignments.ts'
import type { ClusterMetadata } from '../clusterMetadata.ts'
import type { KafkaClient } from '../kafkaClient.ts'
import { throwIfRefused } from '../kafkaError.ts'
import { describeLogDirs, type LogDirs } from '../logDirs.ts'
import type { PartitionName } from './keptThrottle.ts'
import { planReassignment } from './plan.ts'
import { throttleInForce, unthrottle } from './throttle.ts'
import type { ThrottleWatch } from './throttleWatch.ts'
import { movesUnderway } from './underway.ts'

/** The controller may take its time over thousands of partitions. */
const TIMEOUT_MS = 15_000
const ASK = { timeoutMs: TIMEOUT_MS + 2_000 }
const PREFERRED = 0

/** Where leaders and replicas are, and where they should be, on any cluster. */
export function reassignmentServices(
  clientOf: (clusterId: string) => KafkaClient,
  watchOf: (clusterId: string) => ThrottleWatch,
): Served<typeof reassignments> {
  return {
    elections: async ({ clusterId, topics }) => electionsIn(await clientOf(clusterId).cluster(), topics),
    elect: ({ clusterId, partitions }) => elect(clientOf(clusterId), partitions),
    plan: ({ clusterId, wish }) => planReassignment(clientOf(clusterId), wish),
    start: ({ clusterId, placements, bytesPerSecond }) => {
      const begin = () => alter(clientOf(clusterId), placements)
      return bytesPerSecond === null ? begin() : watchOf(clusterId).during(placements, bytesPerSecond, begin)
    },
    list: ({ clusterId }) => list(clientOf(clusterId), watchOf(clusterId)),
    cancel: ({ clusterId, partitions }) =>
      alter(
        clientOf(clusterId),
        partitions.map(each => ({ ...each, replicas: null })),
      ),
    unthrottle: ({ clusterId }) => watchOf(clusterId).overtaken(() => unthrottle(clientOf(clusterId))),
  }
}

function electionsIn({ brokers, topics }: ClusterMetadata, wanted: readonly string[] | null): PreferredElection[] {
  const alive = new Set(brokers.map(({ brokerId }) => brokerId))
  return topics
    .filter(({ name, error }) => error === 'NONE' && (wanted?.includes(name) ?? true))
    .flatMap(({ name: topic, partitions }) =>
      partitions.flatMap(({ partition, leader, replicas: [preferred], inSyncReplicas }): PreferredElection[] => {
        if (preferred === undefined || leader === preferred) return []
        const obstacle = !alive.has(preferred) ? 'notAlive' : inSyncReplicas.includes(preferred) ? null : 'notInSync'
        return [{ topic, partition, leader, preferred, obstacle }]
      }),
    )
}

async function elect(client: KafkaClient, partitions: readonly PartitionName[]): Promise<PartitionOutcome[]> {
  const topicPartitions = byTopic(partitions).map(([topic, own]) => ({ topic, partitions: own.map(({ partition }) => partition) }))
  return client.retrying(async () => {
    const request = { electionType: PREFERRED, topicPartitions, timeoutMs: TIMEOUT_MS }
    const { errorCode, replicaElectionResults } = await client.controller(
      ElectLeaders,
      // Version 0 knows preferred elections only, and cannot name them.
      version => (version === 0 ? { topicPartitions, timeoutMs: TIMEOUT_MS } : request),
      ASK,
    )
    throwIfRefused(errorCode)
    return replicaElectionResults.flatMap(({ topic, partitionResult }) =>
      partitionResult.map(({ partitionId, errorCode: code, errorMessage: message }) => ({
        topic,
        partition: partitionId,
        // Somebody was quicker, to the same end.
        problem: errorName(code) === 'ELECTION_NOT_NEEDED' ? null : problemOf(code, message),
      })),
    )
  })
}

/** Null replicas call a move off. */
async function alter(
  client: KafkaClient,
  wanted: readonly (PartitionName & { readonly replicas: readonly number[] | null })[],
): Promise<PartitionOutcome[]> {
  const topics = byTopic(wanted).map(([name, own]) => ({
    name,
    partitions: own.map(({ partition, replicas }) => ({ partitionIndex: partition, replicas })),
  }))
  return client.retrying(async () => {
    const answer = await client.controller(AlterPartitionReassignments, () => ({ timeoutMs: TIMEOUT_MS, topics }), ASK)
    throwIfRefused(answer.errorCode, answer.errorMessage)
    return answer.responses.flatMap(({ name, partitions }) =>
      partitions.map(each => ({ topic: name, partition: each.partitionIndex, problem: problemOf(each.errorCode, each.errorMessage) })),
    )
  })
}

async function list(client: KafkaClient, watch: ThrottleWatch): Promise<ReassignmentList> {
  const [topics, limit] = await Promise.all([movesUnderway(client), throttleInForce(client)])
  const asked = topics.map(({ name, partitions }) => ({ topic: name, partitions: partitions.map(({ partitionIndex }) => partitionIndex) }))
  const involved = new Set(topics.flatMap(({ partitions }) => partitions.flatMap(({ replicas }) => replicas)))
  const sizes = await describeLogDirs(client, [...involved], asked)
  const underway = topics.flatMap(topic => topic.partitions.map(each => progressOf(topic.name, each, sizes)))
  return { reassignments: underway, throttle: limit && { ...limit, removal: watch.removal(underway) } }
}

type Listed = ListPartitionReassignmentsResponse['topics'][number]['partitions'][number]

/** By sizes on disk, since nobody tells how many records a new replica has. */
function progressOf(topic: string, listed: Listed, sizes: LogDirs): Reassignment {
  const { partitionIndex: partition, replicas, addingReplicas: adding, removingReplicas: removing } = listed
  const sizeOn = (id: number) => sizes.get(id, topic, partition)?.sizeBytes
  const whole = Math.max(...replicas.filter(id => !adding.includes(id)).map(id => sizeOn(id) ?? -1))
  // A replica that its broker does not have yet has nothing.
  const copied = adding.reduce((sum, id) => sum + Math.min(whole, sizeOn(id) ?? 0), 0)
  const isKnown = whole >= 0
  return {
    topic,
    partition,
    replicas: [...replicas],
    adding: [...adding],
    removing: [...removing],
    bytes: isKnown ? whole * adding.length : null,
    copiedBytes: isKnown ? copied : null,
  }
}

const byTopic = <T extends PartitionName>(partitions: readonly T[]) => [...Map.groupBy(partitions, ({ topic }) => topic)]

function problemOf(code: number, message: string | null): string | null {
  const error = errorName(code)
  return error === 'NONE' ? null : (message ?? errorMessage(error) ?? error)
}
