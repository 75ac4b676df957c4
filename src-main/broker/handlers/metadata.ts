import { ZERO_UUID } from '../../base/uuid.ts'
import type { MetadataImage, PartitionImage, TopicImage } from '../../metadata/image.ts'
import { errorCode, type ErrorName } from '../../protocol/errors.ts'
import { Metadata, type MetadataRequest } from '../../protocol/messages/metadata.ts'
import type { ResponseInput } from '../../protocol/schema.ts'
import type { Call } from '../../wire/handler.ts'
import { isInternalTopic, isLegalTopicName } from '../internalTopics.ts'
import { everyClusterOperation, everyTopicOperation, NOT_ASKED } from './authorizedOperations.ts'
import { type BrokerParts, handle } from './handle.ts'
import { aliveEndpoints, endpointOf } from './whereabouts.ts'

type Answer = ResponseInput<typeof Metadata>
type AnsweredTopic = Answer['topics'][number]
type AnsweredPartition = AnsweredTopic['partitions'][number]

const FIRST_VERSION_WITH_CREATION_SWITCH = 4
const FIRST_VERSION_WITH_LISTENER_NOT_FOUND = 6

export const metadata = handle(Metadata, (request, parts, call): Answer => {
  const image = parts.metadata()
  const brokers = aliveEndpoints(image, call.listener)
  return {
    throttleTimeMs: 0,
    brokers,
    clusterId: parts.clusterId,
    controllerId: controllerFor(brokers, parts),
    topics: asksForAll(request, call)
      ? [...image.topicsByName.values()]
          .filter(({ name }) => parts.allowed(call, 'describe', { type: 'topic', name }))
          .map(topic => known(topic, image, request, call))
      : (request.topics ?? []).map(asked => one(asked, request, parts, call)),
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? everyClusterOperation : NOT_ASKED,
  }
})

/** In version 0 an empty list stands for all, because null did not exist. */
function asksForAll({ topics }: MetadataRequest, { apiVersion }: Call): boolean {
  return topics === null || (apiVersion === 0 && topics.length === 0)
}

/** Clients send controller requests there. Any broker forwards them; the active controller spares the detour. */
function controllerFor(brokers: readonly { nodeId: number }[], { quorum, brokerId }: BrokerParts): number {
  const { leaderId } = quorum
  if (leaderId !== undefined && brokers.some(({ nodeId }) => nodeId === leaderId)) return leaderId
  return brokers.some(({ nodeId }) => nodeId === brokerId) ? brokerId : (brokers[0]?.nodeId ?? -1)
}

function one(
  asked: NonNullable<MetadataRequest['topics']>[number],
  request: MetadataRequest,
  parts: BrokerParts,
  call: Call,
): AnsweredTopic {
  const image = parts.metadata()
  if (asked.name === null) {
    const topic = image.topicsById.get(asked.topicId)
    if (topic === undefined) return unknown(null, asked.topicId, 'UNKNOWN_TOPIC_ID')
    if (!parts.allowed(call, 'describe', { type: 'topic', name: topic.name }))
      return unknown(null, asked.topicId, 'TOPIC_AUTHORIZATION_FAILED')
    return known(topic, image, request, call)
  }
  const { name } = asked
  if (!parts.allowed(call, 'describe', { type: 'topic', name })) return unknown(name, ZERO_UUID, 'TOPIC_AUTHORIZATION_FAILED')
  const topic = image.topicsByName.get(name)
  if (topic !== undefined) return known(topic, image, request, call)
  if (!isLegalTopicName(name)) return unknown(name, ZERO_UUID, 'INVALID_TOPIC_EXCEPTION')
  const mayCreate = call.apiVersion < FIRST_VERSION_WITH_CREATION_SWITCH || request.allowAutoTopicCreation
  if (mayCreate && parts.config.autoCreateTopicsEnable) {
    if (!parts.allowed(call, 'create', { type: 'topic', name })) return unknown(name, ZERO_UUID, 'TOPIC_AUTHORIZATION_FAILED')
    // The client asks again until it is there.
    parts.topicCreation.ensure(name)
  }
  return unknown(name, ZERO_UUID, 'UNKNOWN_TOPIC_OR_PARTITION')
}

function unknown(name: string | null, topicId: string, error: ErrorName): AnsweredTopic {
  return { errorCode: errorCode(error), name, topicId, isInternal: name !== null && isInternalTopic(name), partitions: [] }
}

function known({ name, topicId, partitions }: TopicImage, image: MetadataImage, request: MetadataRequest, call: Call): AnsweredTopic {
  return {
    errorCode: 0,
    name,
    topicId,
    isInternal: isInternalTopic(name),
    partitions: partitions.map(partition => describe(partition, image, call)),
    topicAuthorizedOperations: request.includeTopicAuthorizedOperations ? everyTopicOperation : NOT_ASKED,
  }
}

function describe(state: PartitionImage, image: MetadataImage, { apiVersion, listener }: Call): AnsweredPartition {
  const isAlive = (id: number) => image.brokers.get(id)?.fenced === false
  const hasEndpoint = (id: number) => endpointOf(image.brokers.get(id), listener) !== undefined
  let error: ErrorName = 'NONE'
  if (state.leader < 0 || !isAlive(state.leader)) error = 'LEADER_NOT_AVAILABLE'
  else if (!hasEndpoint(state.leader)) {
    error = apiVersion >= FIRST_VERSION_WITH_LISTENER_NOT_FOUND ? 'LISTENER_NOT_FOUND' : 'LEADER_NOT_AVAILABLE'
  }
  // Version 0 had no list of the offline ones: clients of that time expect to see living brokers only, and an error instead of the others.
  const isShown = (id: number) => apiVersion > 0 || isAlive(id)
  const replicaNodes = state.replicas.filter(isShown)
  const isrNodes = state.isr.filter(isShown)
  if (error === 'NONE' && replicaNodes.length < state.replicas.length) error = 'REPLICA_NOT_AVAILABLE'
  return {
    errorCode: errorCode(error),
    partitionIndex: state.partition,
    leaderId: error === 'NONE' || error === 'REPLICA_NOT_AVAILABLE' ? state.leader : -1,
    leaderEpoch: state.leaderEpoch,
    replicaNodes,
    isrNodes,
    offlineReplicas: state.replicas.filter(id => !isAlive(id) || !image.hasOnlineDirectory(state, id)),
  }
}
