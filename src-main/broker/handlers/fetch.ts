import { METADATA_TOPIC_ID } from '../../base/uuid.ts'
import { errorCode, type ErrorName } from '../../protocol/errors.ts'
import { Fetch, type FetchRequest } from '../../protocol/messages/fetch.ts'
import type { ResponseInput } from '../../protocol/schema.ts'
import type { Call } from '../../wire/handler.ts'
import { fetchRecords, type FetchResult, type FetchTarget } from '../replication/delayedFetch.ts'
import type { SessionPartition } from '../replication/fetchSessions.ts'
import type { Reader } from '../replication/fetchPlan.ts'
import type { Partition } from '../replication/partition.ts'
import { PEER_LISTENER } from '../replication/fetchers.ts'
import { type BrokerParts, handle } from './handle.ts'
import { NewLeaders } from './whereabouts.ts'

type Answer = ResponseInput<typeof Fetch>
type AnsweredTopic = Answer['responses'][number]
type AnsweredPartition = AnsweredTopic['partitions'][number]

const METADATA_TOPIC = '__cluster_metadata'
const FIRST_VERSION_WITH_TOPIC_IDS = 13
const FIRST_VERSION_WITH_LEADERS = 16
const READ_COMMITTED = 1

export const fetch = handle(Fetch, async (request, parts, call): Promise<Answer> => {
  if (call.listener === PEER_LISTENER && isOfMetadata(request)) return parts.quorum.fetchMetadata(request)
  call.spent() // nothing that was decoded is a view of its bytes
  const usesTopicIds = call.apiVersion >= FIRST_VERSION_WITH_TOPIC_IDS
  const reader = readerOf(request, call)
  const { replica } = reader
  const isFollower = replica !== undefined && call.listener === PEER_LISTENER
  const opened = parts.fetchSessions.open(request, usesTopicIds, isFollower ? { replica, closed: call.closed } : undefined)
  if (typeof opened === 'string') return refused(opened)

  const { partitions: asked, idle } = opened
  const targetOf = (each: SessionPartition): FetchTarget => ({
    partition: find(each, reader, usesTopicIds, parts, call),
    asked: each.asked,
  })
  const targets = asked.map(targetOf)
  const settling = parts.replicas.settled(targets.map(each => each.partition))
  if (settling !== undefined) await settling
  const memory = parts.memory.lend()
  call.whenSent(() => memory.giveBack())
  const results = await fetchRecords(parts.clock, targets, reader, {
    maxWaitMs: request.maxWaitMs,
    minBytes: request.minBytes,
    maxBytes: Math.min(request.maxBytes, parts.config.fetchMaxBytes),
    memory,
    closed: call.closed,
    idle: idle && { watch: idle.watch, moved: () => idle.moved().map(targetOf) },
  })

  const closed = opened.close(
    results.map((each, index) => ({
      hasError: each.error !== 'NONE',
      hasRecords: each.records.length > 0,
      isDiverging: each.diverging !== undefined,
      isElsewhere: each.preferredReadReplica >= 0,
      highWatermark: each.highWatermark,
      logStartOffset: each.logStartOffset,
      at: isFollower ? heldBy(targets[index]) : undefined,
    })),
  )
  if (typeof closed === 'string') return refused(closed)
  const { sessionId, isSent } = closed
  const leaders = new NewLeaders(parts.metadata(), call.listener)
  const responses: { topic: string; topicId: string; partitions: AnsweredPartition[] }[] = []
  for (const [index, result] of results.entries()) {
    if (!isSent[index]) continue
    const each = asked[index]!
    const name = nameOf(each, parts)
    const last = responses.at(-1)
    const topic =
      last?.topicId === each.topicId && last.topic === each.topic ? last : { topic: each.topic, topicId: each.topicId, partitions: [] }
    if (topic !== last) responses.push(topic)
    topic.partitions.push(answer(name, each.asked.partition, result, leaders, call))
  }
  const nodeEndpoints = call.apiVersion >= FIRST_VERSION_WITH_LEADERS ? leaders.nodeEndpoints : []
  return { throttleTimeMs: 0, errorCode: 0, sessionId, responses, nodeEndpoints }
})

/** What moved while the fetch waited is looked at again by the next one in any case. */
function heldBy(target: FetchTarget | undefined): Partition | undefined {
  return target === undefined || typeof target.partition === 'string' ? undefined : target.partition
}

/** The session is not what the client believes it to be: it has to begin anew. */
function refused(error: ErrorName): Answer {
  return { throttleTimeMs: 0, errorCode: errorCode(error), sessionId: 0, responses: [] }
}

function isOfMetadata({ topics }: FetchRequest): boolean {
  const [first] = topics
  return first !== undefined && (first.topicId === METADATA_TOPIC_ID || first.topic === METADATA_TOPIC)
}

/** Version 15 moved the replica's id into a struct with its epoch; consumers have -1. */
function readerOf(request: FetchRequest, call: Call): Reader {
  const id = request.replicaState.replicaId >= 0 ? request.replicaState.replicaId : request.replicaId
  return {
    replica: id >= 0 ? { id, brokerEpoch: request.replicaState.replicaEpoch } : undefined,
    rackId: request.rackId,
    listener: call.listener,
    readCommitted: request.isolationLevel === READ_COMMITTED,
  }
}

function find(
  each: SessionPartition,
  reader: Reader,
  usesTopicIds: boolean,
  parts: BrokerParts,
  call: Call,
): Partition | Exclude<ErrorName, 'NONE'> {
  // Differs from Kafka: followers come over the listener of the peers, so that a stranger cannot pass for one and move the high watermark.
  if (reader.replica !== undefined && call.listener !== PEER_LISTENER) return 'CLUSTER_AUTHORIZATION_FAILED'
  const found = usesTopicIds
    ? parts.replicas.findById(each.topicId, each.asked.partition)
    : parts.replicas.find(each.topic, each.asked.partition)
  if (call.listener === PEER_LISTENER || parts.allowed(call, 'read', { type: 'topic', name: nameOf(each, parts) })) return found
  return 'TOPIC_AUTHORIZATION_FAILED'
}

function nameOf({ topic, topicId }: SessionPartition, parts: BrokerParts): string {
  return topic === '' ? (parts.metadata().topicsById.get(topicId)?.name ?? '') : topic
}

function answer(topic: string, partitionIndex: number, result: FetchResult, leaders: NewLeaders, call: Call): AnsweredPartition {
  const { error, highWatermark, lastStableOffset, logStartOffset, diverging, preferredReadReplica, abortedTransactions, records } = result
  const isElsewhere = error === 'NOT_LEADER_OR_FOLLOWER' || error === 'FENCED_LEADER_EPOCH'
  return {
    partitionIndex,
    errorCode: errorCode(error),
    highWatermark,
    lastStableOffset,
    logStartOffset,
    abortedTransactions,
    preferredReadReplica,
    records,
    ...(diverging === undefined ? {} : { divergingEpoch: { epoch: diverging.epoch, endOffset: diverging.endOffset } }),
    ...(isElsewhere && call.apiVersion >= FIRST_VERSION_WITH_LEADERS ? { currentLeader: leaders.of(topic, partitionIndex) } : {}),
  }
}
