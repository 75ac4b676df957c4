import { GroupState, type GroupDetail, type GroupMember, type groups, type GroupSummary } from '../contract/groups.ts'
import type { Served } from '../contract/operations.ts'
import { MalformedMessage } from '../protocol/byteReader.ts'
import { errorName } from '../protocol/errors.ts'
import { decodeAssignment } from '../protocol/messages/consumerProtocol.ts'
import { DeleteGroups } from '../protocol/messages/deleteGroups.ts'
import { DescribeGroups, type DescribeGroupsResponse } from '../protocol/messages/describeGroups.ts'
import { ListGroups, type ListGroupsResponse } from '../protocol/messages/listGroups.ts'
import { OffsetFetch } from '../protocol/messages/offsetFetch.ts'
import type { TopicMetadata } from './clusterMetadata.ts'
import { type CommittedOffset, groupLag } from './groupLag.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { isTransient, KafkaError, throwIfRefused } from './kafkaError.ts'
import { LATEST, listOffsets, type OffsetTable } from './offsets.ts'
import { sleep } from './waiting.ts'

/** A broker that has not said by then which groups it looks after is left out of a list. */
const LIST_TIMEOUT_MS = 2_500
const ENDS_PATIENCE_MS = 1_200
const FIRST_VERSION_WITH_MANY_GROUPS = 8
const CONSUMERS = 'consumer'
const NOTHING_COMMITTED = -1

/** What a person does with consumer groups, on any cluster. */
export function groupServices(clientOf: (clusterId: string) => KafkaClient): Served<typeof groups> {
  return {
    list: async ({ clusterId }) => list(clientOf(clusterId)),
    describe: async ({ clusterId, groupId }) => describe(clientOf(clusterId), groupId),
    watch: ({ clusterId, groupId, everyMs }, signal) => watch(clientOf(clusterId), groupId, everyMs, signal),
    delete: async ({ clusterId, groupId }) => remove(clientOf(clusterId), groupId),
  }
}

type Listed = ListGroupsResponse['groups'][number]
type Described = DescribeGroupsResponse['groups'][number]

/** What one coordinator says of its groups; what it did not say is absent. */
interface OfCoordinator {
  readonly coordinator: number
  readonly listed: readonly Listed[]
  readonly described: ReadonlyMap<string, Described>
  readonly committed: ReadonlyMap<string, readonly CommittedOffset[]>
}

/** The groups of every broker that answers: one that is down or frozen takes only its own out of the list, until they have another coordinator. */
async function list(client: KafkaClient): Promise<GroupSummary[]> {
  const { brokers, topics: metadata } = await client.cluster()
  const asked = await Promise.allSettled(brokers.map(({ brokerId }) => ofCoordinator(client, brokerId)))
  const answers = asked.filter(each => each.status === 'fulfilled').map(each => each.value)
  if (answers.length === 0) for (const each of asked) if (each.status === 'rejected') throw each.reason

  const topics = new Map(metadata.map(topic => [topic.name, topic]))
  const committed = answers.flatMap(answer => [...answer.committed.values()].flat())
  const ends = await endsOf(client, topicsOf(committed), topics)
  const summaries = answers.flatMap(answer => answer.listed.map(listed => summary(listed, answer, topics, ends)))
  // While a group moves, two brokers may name it.
  const unique = new Map(summaries.map(each => [each.groupId, each]))
  return [...unique.values()].sort((one, other) => (one.groupId < other.groupId ? -1 : 1))
}

async function ofCoordinator(client: KafkaClient, coordinator: number): Promise<OfCoordinator> {
  const options = { timeoutMs: LIST_TIMEOUT_MS }
  const { errorCode, groups: listed } = await client.broker(coordinator, 'query', ListGroups, () => ({}), options)
  // While some of its groups load, a coordinator lists the others.
  if (listed.length === 0) throwIfRefused(errorCode)
  const groupIds = listed.map(({ groupId }) => groupId)
  if (groupIds.length === 0) return { coordinator, listed, described: new Map(), committed: new Map() }
  const [described, committed] = await Promise.all([
    known(
      client
        .broker(coordinator, 'query', DescribeGroups, () => ({ groups: groupIds }), options)
        .then(answer => new Map(answer.groups.filter(group => errorName(group.errorCode) === 'NONE').map(group => [group.groupId, group]))),
    ),
    known(committedOffsets(client, coordinator, groupIds)),
  ])
  return { coordinator, listed, described: described ?? new Map(), committed: committed ?? new Map() }
}

/** Undefined for what a broker did not say, or may not. */
async function known<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (problem) {
    if (isTransient(problem) || problem instanceof KafkaError) return undefined
    throw problem
  }
}

function summary(listed: Listed, answer: OfCoordinator, topics: ReadonlyMap<string, TopicMetadata>, ends: OffsetTable): GroupSummary {
  const { groupId } = listed
  const described = answer.described.get(groupId)
  const committed = answer.committed.get(groupId)
  const members = membersOf(described)
  const read = new Set([
    ...(committed ?? []).map(({ topic }) => topic),
    ...members.flatMap(member => member.assignment.map(each => each.topic)),
  ])
  return {
    groupId,
    state: stateOf(described?.groupState ?? listed.groupState),
    protocolType: described?.protocolType ?? listed.protocolType,
    members: described === undefined ? null : members.length,
    coordinator: answer.coordinator,
    topics: [...read].sort(),
    totalLag: committed === undefined ? null : groupLag(committed, [], topics, ends).totalLag,
  }
}

async function describe(client: KafkaClient, groupId: string): Promise<GroupDetail> {
  return client.retrying(async () => {
    const coordinator = await client.coordinatorOf(groupId)
    const [described, offsets] = await Promise.all([
      describedOrListed(client, coordinator, groupId),
      committedOffsets(client, coordinator, [groupId]),
    ])
    const committed = offsets.get(groupId) ?? []
    if (described === undefined || (described.groupState === 'Dead' && committed.length === 0)) {
      throw new KafkaError('GROUP_ID_NOT_FOUND', `There is no group ${groupId}.`)
    }
    const members = membersOf(described)
    const names = new Set([...topicsOf(committed), ...members.flatMap(member => member.assignment.map(({ topic }) => topic))])
    const topics = await topicsByName(client, names)
    const ends = await endsOf(client, names, topics)
    return {
      groupId,
      state: stateOf(described.groupState),
      protocolType: described.protocolType,
      assignor: described.protocolData,
      coordinator,
      members,
      ...groupLag(committed, members, topics, ends),
      atMs: client.clock.now(),
    }
  })
}

/** Groups of the newer protocol (KIP-848) exist without this question knowing them: of those, what the list says. */
async function describedOrListed(client: KafkaClient, coordinator: number, groupId: string): Promise<Described | undefined> {
  const { groups: described } = await client.broker(coordinator, 'query', DescribeGroups, () => ({ groups: [groupId] }))
  const group = described.find(each => each.groupId === groupId)
  if (group === undefined) return undefined
  const error = errorName(group.errorCode)
  const isMissing = error === 'GROUP_ID_NOT_FOUND' || (error === 'NONE' && group.groupState === 'Dead')
  if (!isMissing) {
    throwIfRefused(group.errorCode, group.errorMessage)
    return group
  }
  const { errorCode, groups: all } = await client.broker(coordinator, 'query', ListGroups, () => ({}))
  const listed = all.find(each => each.groupId === groupId)
  if (listed === undefined) {
    throwIfRefused(errorCode)
    return undefined
  }
  return { ...group, errorCode: 0, groupState: listed.groupState, protocolType: listed.protocolType, members: [] }
}

async function* watch(
  client: KafkaClient,
  groupId: string,
  everyMs: number,
  signal: AbortSignal,
): AsyncGenerator<GroupDetail, void, undefined> {
  const stopped = AbortSignal.any([signal, client.closed])
  while (!stopped.aborted) {
    const began = client.clock.elapsed()
    yield await describe(client, groupId)
    await sleep(client.clock, Math.max(0, began + everyMs - client.clock.elapsed()), stopped)
  }
}

async function remove(client: KafkaClient, groupId: string): Promise<void> {
  let mayBeDone = false
  await client.retrying(async () => {
    const coordinator = await client.coordinatorOf(groupId)
    try {
      const { results } = await client.broker(coordinator, 'change', DeleteGroups, () => ({ groupsNames: [groupId] }))
      for (const { errorCode } of results) {
        const error = errorName(errorCode)
        if (error === 'GROUP_ID_NOT_FOUND' && mayBeDone) return
        if (error === 'NON_EMPTY_GROUP') throw new KafkaError(error, `The group ${groupId} still has members.`)
        throwIfRefused(errorCode)
      }
    } catch (problem) {
      if (!(problem instanceof KafkaError)) mayBeDone = true
      throw problem
    }
  })
}

/** How far groups have read, all topics. Throws what the coordinator says of any of them. */
export async function committedOffsets(client: KafkaClient, coordinator: number, groupIds: readonly string[]) {
  const found = new Map<string, CommittedOffset[]>()
  for (let waiting = groupIds; waiting.length > 0;) {
    let asked = waiting
    const answer = await client.broker(
      coordinator,
      'query',
      OffsetFetch,
      version => {
        if (version >= FIRST_VERSION_WITH_MANY_GROUPS) return { groups: waiting.map(groupId => ({ groupId, topics: null })) }
        asked = waiting.slice(0, 1)
        return { groupId: asked[0] ?? '', topics: null }
      },
      { timeoutMs: LIST_TIMEOUT_MS },
    )
    const groups =
      answer.groups.length > 0 ? answer.groups : [{ groupId: asked[0] ?? '', topics: answer.topics, errorCode: answer.errorCode }]
    for (const { groupId, topics, errorCode } of groups) {
      if (errorName(errorCode) === 'GROUP_ID_NOT_FOUND') continue
      throwIfRefused(errorCode)
      const committed = topics.flatMap(({ name, partitions }) =>
        partitions
          .filter(each => errorName(each.errorCode) === 'NONE' && each.committedOffset !== NOTHING_COMMITTED)
          .map(({ partitionIndex, committedOffset }) => ({ topic: name, partition: partitionIndex, offset: committedOffset })),
      )
      found.set(groupId, committed)
    }
    waiting = waiting.slice(asked.length)
  }
  return found
}

function membersOf(group: Described | undefined): GroupMember[] {
  if (group === undefined) return []
  return group.members.map(({ memberId, groupInstanceId, clientId, clientHost, memberAssignment }) => ({
    memberId,
    groupInstanceId,
    clientId,
    // As Java prints an address.
    clientHost: clientHost.replace(/^\//, ''),
    assignment: group.protocolType === CONSUMERS ? assignmentOf(memberAssignment) : [],
  }))
}

/** What members tell each other is theirs: an assignor of somebody's own may write what no one else reads. */
function assignmentOf(bytes: Buffer): GroupMember['assignment'] {
  try {
    return decodeAssignment(bytes).assignedPartitions.map(({ topic, partitions }) => ({ topic, partitions: [...partitions] }))
  } catch (problem) {
    if (problem instanceof MalformedMessage) return []
    throw problem
  }
}

function stateOf(name: string): GroupState {
  const parsed = GroupState.safeParse(name)
  return parsed.success ? parsed.data : 'Unknown'
}

const topicsOf = (committed: readonly CommittedOffset[]) => new Set(committed.map(({ topic }) => topic))

async function topicsByName(client: KafkaClient, names: ReadonlySet<string>): Promise<ReadonlyMap<string, TopicMetadata>> {
  const found = await Promise.all([...names].map(name => known(client.topic(name))))
  return new Map(found.filter(topic => topic !== undefined).map(topic => [topic.name, topic]))
}

function endsOf(client: KafkaClient, names: ReadonlySet<string>, topics: ReadonlyMap<string, TopicMetadata>): Promise<OffsetTable> {
  const wanted = [...names].map(name => topics.get(name)).filter(topic => topic !== undefined && topic.error === 'NONE')
  return listOffsets(
    client,
    wanted.filter(topic => topic !== undefined),
    LATEST,
    client.deadline(ENDS_PATIENCE_MS),
  )
}
