import { randomUuid, type Uuid, ZERO_UUID } from '../base/uuid.ts'
import { describedConfigs } from '../metadata/describedConfigs.ts'
import { configResourceType } from '../metadata/configResource.ts'
import type { MetadataImage, TopicImage } from '../metadata/image.ts'
import type { CreateTopics, CreateTopicsRequest } from '../protocol/messages/createTopics.ts'
import type { DeleteTopics, DeleteTopicsRequest } from '../protocol/messages/deleteTopics.ts'
import { type MetadataRecord, metadataRecord } from '../protocol/messages/metadataRecords.ts'
import type { ResponseInput } from '../protocol/schema.ts'
import { newAssignmentProblem, placementProblem } from './assignments.ts'
import { topicConfigsProblem } from './configs.ts'
import {
  accepted,
  type ControllerState,
  type Decision,
  isRefusal,
  MAX_PARTITIONS_PER_REQUEST,
  MAX_RECORDS_PER_REQUEST,
  type Refusal,
  refusal,
  refused,
  repeated,
} from './decision.ts'
import { type Placeable, placeReplicas } from './placement.ts'
import { collidingForm, topicNameProblem } from './topicNames.ts'

type AskedTopic = CreateTopicsRequest['topics'][number]
type CreatedTopic = ResponseInput<typeof CreateTopics>['topics'][number]

const METADATA_TOPIC = '__cluster_metadata'
/** Asks for the broker's default. */
const BROKERS_CHOICE = -1

/** Creates topics, each for itself: one that is refused does not stop the others. */
export function decideTopicCreation(state: ControllerState, request: CreateTopicsRequest): Decision<ResponseInput<typeof CreateTopics>> {
  const twice = repeated(request.topics.map(topic => topic.name))
  const forms = new Map([...state.image.topicsByName.keys()].map(name => [collidingForm(name), name]))
  const records: MetadataRecord[] = []
  const answered = new Set<string>()
  const topics: CreatedTopic[] = []
  let partitions = 0

  for (const asked of request.topics) {
    if (answered.has(asked.name)) continue
    answered.add(asked.name)
    const plan = twice.has(asked.name)
      ? refusal('INVALID_REQUEST', 'The topic is named twice in the request.')
      : (nameRefusal(state.image, forms, asked.name) ?? planTopic(state, asked))
    const tooMuch =
      !isRefusal(plan) &&
      (partitions + plan.partitions.length > MAX_PARTITIONS_PER_REQUEST ||
        records.length + plan.partitions.length + asked.configs.length + 1 > MAX_RECORDS_PER_REQUEST)
    const outcome = tooMuch ? refusal('POLICY_VIOLATION', 'The request asks for too many partitions at once.') : plan
    if (isRefusal(outcome)) {
      topics.push({ name: asked.name, ...refused(outcome) })
      continue
    }
    const topicId = request.validateOnly ? ZERO_UUID : randomUuid(count => state.random.bytes(count))
    forms.set(collidingForm(asked.name), asked.name)
    if (!request.validateOnly) records.push(...recordsOfTopic(state, topicId, asked, outcome))
    partitions += outcome.partitions.length
    topics.push({
      name: asked.name,
      topicId,
      ...accepted,
      numPartitions: outcome.partitions.length,
      replicationFactor: outcome.partitions[0]!.length,
      configs: configsOf(state, asked),
    })
  }
  return { records, reply: { throttleTimeMs: 0, topics } }
}

function nameRefusal(image: MetadataImage, forms: ReadonlyMap<string, string>, name: string): Refusal | undefined {
  if (name === METADATA_TOPIC) return refusal('INVALID_REQUEST', `The topic ${METADATA_TOPIC} cannot be created.`)
  const problem = topicNameProblem(name)
  if (problem !== undefined) return refusal('INVALID_TOPIC_EXCEPTION', problem)
  if (image.topicsByName.has(name)) return refusal('TOPIC_ALREADY_EXISTS', `Topic '${name}' already exists.`)
  const other = forms.get(collidingForm(name))
  if (other !== undefined) return refusal('INVALID_TOPIC_EXCEPTION', `Topic '${name}' collides with the existing topic '${other}'.`)
  return undefined
}

interface TopicPlan {
  /** Replicas of each partition. */
  readonly partitions: readonly (readonly number[])[]
}

function planTopic(state: ControllerState, asked: AskedTopic): TopicPlan | Refusal {
  const { image, settings, random } = state
  const problem = topicConfigsProblem(image, settings.staticConfigs, asked.name, asked.configs)
  if (problem !== undefined) return refusal('INVALID_CONFIG', problem)
  if (asked.assignments.length > 0) return planAssigned(image, asked)

  const count = asked.numPartitions === BROKERS_CHOICE ? settings.numPartitions : asked.numPartitions
  if (count < 1) return refusal('INVALID_PARTITIONS', 'The number of partitions must be positive, or -1 for the default.')
  if (count > MAX_PARTITIONS_PER_REQUEST) return refusal('POLICY_VIOLATION', 'The request asks for too many partitions at once.')
  const replicationFactor = asked.replicationFactor === BROKERS_CHOICE ? settings.defaultReplicationFactor : asked.replicationFactor
  if (replicationFactor < 1) return refusal('INVALID_REPLICATION_FACTOR', 'The replication factor must be positive, or -1 for the default.')
  const impossible = placementProblem(image, replicationFactor)
  if (impossible !== undefined) return impossible
  return { partitions: placeReplicas({ brokers: placeable(state), replicationFactor, count, random }) }
}

/** Brokers as placement sees them. */
export function placeable(state: ControllerState): Placeable[] {
  const brokers = [...state.image.brokers.values()]
  const living = new Set(livingOf(state, idsOf(brokers)))
  return brokers.map(({ brokerId, rack }) => ({ brokerId, rack, active: living.has(brokerId) }))
}

const idsOf = (brokers: readonly { readonly brokerId: number }[]) => brokers.map(({ brokerId }) => brokerId)

/**
 * Those among brokers that a new partition can begin with: they are active, and the controller has heard of them. One that is active only by the log may
 * have died together with the last controller; a partition that began with nobody else could never be led by others. Before anybody was heard,
 * the log has to do. Differs from Kafka, which goes by the log until the session ends.
 */
function livingOf({ image, isHeard }: ControllerState, brokerIds: readonly number[]): readonly number[] {
  const active = brokerIds.filter(brokerId => image.isActive(brokerId))
  const heard = active.filter(isHeard)
  return heard.length > 0 ? heard : active
}

function planAssigned(image: MetadataImage, asked: AskedTopic): TopicPlan | Refusal {
  if (asked.numPartitions !== BROKERS_CHOICE || asked.replicationFactor !== BROKERS_CHOICE) {
    return refusal('INVALID_REQUEST', 'With a manual assignment, the number of partitions and the replication factor must be -1.')
  }
  const byIndex = new Map(asked.assignments.map(({ partitionIndex, brokerIds }) => [partitionIndex, brokerIds]))
  if (byIndex.size !== asked.assignments.length) return refusal('INVALID_REPLICA_ASSIGNMENT', 'A partition is assigned twice.')
  const partitions: (readonly number[])[] = []
  for (let index = 0; index < byIndex.size; index++) {
    const replicas = byIndex.get(index)
    if (replicas === undefined) return refusal('INVALID_REPLICA_ASSIGNMENT', 'Assigned partitions must be numbered from 0 without gaps.')
    const problem = newAssignmentProblem(image, replicas, partitions[0]?.length)
    if (problem !== undefined) return problem
    partitions.push(replicas)
  }
  return { partitions }
}

function recordsOfTopic(state: ControllerState, topicId: Uuid, asked: AskedTopic, { partitions }: TopicPlan): MetadataRecord[] {
  const resourceType = configResourceType.TOPIC
  return [
    metadataRecord({ type: 'TopicRecord', topicId, name: asked.name }),
    ...asked.configs.map(config => metadataRecord({ type: 'ConfigRecord', resourceType, resourceName: asked.name, ...config })),
    ...partitions.map((replicas, index) => newPartition(state, topicId, index, replicas)),
  ]
}

/** A partition as it begins: in sync is who lives, the first of them leads. The caller has made sure that somebody is. */
export function newPartition(state: ControllerState, topicId: Uuid, partitionId: number, replicas: readonly number[]): MetadataRecord {
  const isr = livingOf(state, replicas)
  return metadataRecord({
    type: 'PartitionRecord',
    topicId,
    partitionId,
    replicas,
    isr,
    addingReplicas: [],
    removingReplicas: [],
    leader: isr[0]!,
    leaderEpoch: 0,
    partitionEpoch: 0,
    directories: replicas.map(replica => state.image.directoryOfNewReplica(replica)),
  })
}

/** What will hold for the topic, once it is there with the configs that were asked for. */
function configsOf({ image, settings }: ControllerState, asked: AskedTopic): NonNullable<CreatedTopic['configs']> {
  const resource = { type: configResourceType.TOPIC, name: asked.name } as const
  const given = new Map(asked.configs.map(config => [config.name, config.value]))
  const options = { keys: null, includeSynonyms: false, includeDocumentation: false }
  return describedConfigs(image, { values: settings.staticConfigs }, resource, options).map(
    ({ name, value, readOnly, configSource, isSensitive }) =>
      given.has(name)
        ? { name, value: given.get(name)!, readOnly, configSource: 1, isSensitive }
        : { name, value, readOnly, configSource, isSensitive },
  )
}

type AskedDeletion = { readonly name: string | null; readonly topicId: Uuid }

/** Deletes topics, by name (up to version 5) or by name or id (KIP-516). */
export function decideTopicDeletion(
  { image, settings }: ControllerState,
  request: DeleteTopicsRequest,
  apiVersion: number,
): Decision<ResponseInput<typeof DeleteTopics>> {
  const asked: readonly AskedDeletion[] = apiVersion >= 6 ? request.topics : request.topicNames.map(name => ({ name, topicId: ZERO_UUID }))
  const named = asked.map(each => ({ ...each, found: findTopic(image, each) }))
  const twice = repeated(named.flatMap(({ found }) => (isRefusal(found) ? [] : [found.topicId])))
  const records: MetadataRecord[] = []
  const responses = named.map(({ name, topicId, found }) => {
    const outcome = !settings.deleteTopicEnable
      ? // The error has a name of its own since version 3.
        refusal(apiVersion >= 3 ? 'TOPIC_DELETION_DISABLED' : 'INVALID_REQUEST', 'Topics cannot be deleted: delete.topic.enable is false.')
      : !isRefusal(found) && twice.has(found.topicId)
        ? refusal('INVALID_REQUEST', 'The topic is named twice in the request.')
        : found
    // An old version cannot say that a topic has no name.
    if (isRefusal(outcome)) return { name: apiVersion >= 6 ? name : (name ?? ''), topicId, ...refused(outcome) }
    records.push(metadataRecord({ type: 'RemoveTopicRecord', topicId: outcome.topicId }))
    return { name: outcome.name, topicId: outcome.topicId, ...accepted }
  })
  return { records, reply: { throttleTimeMs: 0, responses } }
}

function findTopic(image: MetadataImage, { name, topicId }: AskedDeletion): TopicImage | Refusal {
  if (name !== null && topicId !== ZERO_UUID) return refusal('INVALID_REQUEST', 'Name a topic by its name or by its id, not by both.')
  if (name !== null) return image.topicsByName.get(name) ?? refusal('UNKNOWN_TOPIC_OR_PARTITION')
  if (topicId === ZERO_UUID) return refusal('INVALID_REQUEST', 'Neither a name nor an id is given.')
  return image.topicsById.get(topicId) ?? refusal('UNKNOWN_TOPIC_ID')
}

/** For `refuse`-ing a whole CreateTopics: the response has room for errors only beside each topic. */
export function refusedCreations({ topics }: CreateTopicsRequest, reason: Refusal): ResponseInput<typeof CreateTopics> {
  return { throttleTimeMs: 0, topics: topics.map(({ name }) => ({ name, ...refused(reason) })) }
}

/** For `refuse`-ing a whole DeleteTopics. */
export function refusedDeletions(request: DeleteTopicsRequest, reason: Refusal): ResponseInput<typeof DeleteTopics> {
  const asked = [...request.topics, ...request.topicNames.map(name => ({ name, topicId: ZERO_UUID }))]
  return { throttleTimeMs: 0, responses: asked.map(({ name, topicId }) => ({ name, topicId, ...refused(reason) })) }
}
