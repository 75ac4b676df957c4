import type { GroupMember, GroupState } from '../contract/groups.ts'
import { ListGroups } from '../protocol/messages/listGroups.ts'
import type { TopicMetadata } from './clusterMetadata.ts'
import { committedOffsets } from './committedOffsets.ts'
import { describedGroup, describedGroups, known, type DescribedGroup, type ListedGroup, stateOf } from './describedGroups.ts'
import { type CommittedOffset, groupLag, type PartitionPosition } from './groupLag.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { KafkaError, throwIfRefused } from './kafkaError.ts'
import { LATEST, listOffsets, type OffsetTable } from './offsets.ts'

/** A broker that has not said by then which groups it looks after is left out of a list. */
const LIST_TIMEOUT_MS = 2_500
const ENDS_PATIENCE_MS = 1_200
/** Of share groups, who have no offsets as others do (KIP-932). */
const SHARE = 'share'

/** A group and how far it is, at one moment. */
export interface GroupLook {
  readonly groupId: string
  readonly state: GroupState
  readonly protocolType: string
  readonly assignor: string
  readonly isClassic: boolean
  readonly coordinator: number
  /** Null where its coordinator did not say. */
  readonly members: readonly GroupMember[] | null
  readonly hasMembers: boolean
  /** Of every topic that it has read or is to read. */
  readonly topics: readonly string[]
  readonly partitions: readonly PartitionPosition[]
  readonly totalLag: number | null
  readonly atMs: number
}

/** What one coordinator says of its groups; what it did not say is absent. */
interface OfCoordinator {
  readonly coordinator: number
  readonly listed: readonly ListedGroup[]
  readonly described: ReadonlyMap<string, DescribedGroup>
  readonly committed: ReadonlyMap<string, readonly CommittedOffset[]>
}

/**
 * The groups of every broker that answers: one that is down or frozen takes only its own out, until they have another coordinator. However many
 * groups there are, it is one question of each kind for each coordinator, and one for each leader.
 */
export async function lookAtGroups(client: KafkaClient): Promise<GroupLook[]> {
  const { brokers, topics: metadata } = await client.cluster()
  const asked = await Promise.allSettled(brokers.map(({ brokerId }) => ofCoordinator(client, brokerId)))
  const answers = asked.filter(each => each.status === 'fulfilled').map(each => each.value)
  if (answers.length === 0) for (const each of asked) if (each.status === 'rejected') throw each.reason

  const topics = new Map(metadata.map(topic => [topic.name, topic]))
  const names = new Set(answers.flatMap(answer => [...answer.committed.values()].flatMap(committed => committed.map(({ topic }) => topic))))
  const ends = await endsOf(client, names, topics)
  const atMs = client.clock.now()
  const looks = answers.flatMap(answer => answer.listed.map(listed => lookOf(listed, answer, { topics, ends, atMs })))
  // While a group moves, two brokers may name it.
  const unique = new Map(looks.map(each => [each.groupId, each]))
  return [...unique.values()].sort((one, other) => (one.groupId < other.groupId ? -1 : 1))
}

async function ofCoordinator(client: KafkaClient, coordinator: number): Promise<OfCoordinator> {
  const options = { timeoutMs: LIST_TIMEOUT_MS }
  const { errorCode, groups: listed } = await client.broker(coordinator, 'query', ListGroups, () => ({}), options)
  // While some of its groups load, a coordinator lists the others.
  if (listed.length === 0) throwIfRefused(errorCode)
  const groupIds = listed.filter(({ groupType }) => groupType.toLowerCase() !== SHARE).map(({ groupId }) => groupId)
  if (groupIds.length === 0) return { coordinator, listed, described: new Map(), committed: new Map() }
  const [described, committed] = await Promise.all([
    describedGroups(client, coordinator, listed),
    known(committedOffsets(client, coordinator, groupIds)),
  ])
  return { coordinator, listed, described, committed: committed ?? new Map() }
}

interface Surroundings {
  readonly topics: ReadonlyMap<string, TopicMetadata>
  readonly ends: OffsetTable
  readonly atMs: number
}

function lookOf(listed: ListedGroup, answer: OfCoordinator, { topics, ends, atMs }: Surroundings): GroupLook {
  const { groupId } = listed
  const described = answer.described.get(groupId)
  const committed = answer.committed.get(groupId)
  const state = described?.state ?? stateOf(listed.groupState)
  const { partitions, totalLag } = groupLag(committed ?? [], described?.members ?? [], topics, ends)
  return {
    groupId,
    state,
    protocolType: described?.protocolType ?? listed.protocolType,
    assignor: described?.assignor ?? '',
    isClassic: described?.isClassic ?? false,
    coordinator: answer.coordinator,
    members: described?.members ?? null,
    hasMembers: described === undefined ? state !== 'Empty' && state !== 'Dead' : described.members.length > 0,
    topics: topicsOf(committed ?? [], described?.members ?? []),
    partitions,
    totalLag: committed === undefined ? null : totalLag,
    atMs,
  }
}

/** One group. Throws GROUP_ID_NOT_FOUND when there is none. */
export async function lookAtGroup(client: KafkaClient, groupId: string): Promise<GroupLook & { readonly members: readonly GroupMember[] }> {
  return client.retrying(async () => {
    const coordinator = await client.coordinatorOf(groupId)
    const [described, offsets] = await Promise.all([
      describedGroup(client, coordinator, groupId, () => listedGroup(client, coordinator, groupId)),
      committedOffsets(client, coordinator, [groupId]),
    ])
    const committed = offsets.get(groupId) ?? []
    if (described === undefined || (described.state === 'Dead' && committed.length === 0)) {
      throw new KafkaError('GROUP_ID_NOT_FOUND', `There is no group ${groupId}.`)
    }
    const { members } = described
    const names = topicsOf(committed, members)
    const topics = await topicsByName(client, names)
    const ends = await endsOf(client, new Set(names), topics)
    const lag = groupLag(committed, members, topics, ends)
    return { ...described, ...lag, coordinator, topics: names, hasMembers: members.length > 0, atMs: client.clock.now() }
  })
}

async function listedGroup(client: KafkaClient, coordinator: number, groupId: string): Promise<ListedGroup | undefined> {
  const { errorCode, groups } = await client.broker(coordinator, 'query', ListGroups, () => ({}))
  const listed = groups.find(each => each.groupId === groupId)
  if (listed === undefined) throwIfRefused(errorCode)
  return listed
}

function topicsOf(committed: readonly CommittedOffset[], members: readonly GroupMember[]): string[] {
  const assigned = members.flatMap(member => member.assignment.map(({ topic }) => topic))
  return [...new Set([...committed.map(({ topic }) => topic), ...assigned])].sort()
}

/** Those that exist and can be learned of. */
export async function topicsByName(client: KafkaClient, names: readonly string[]): Promise<ReadonlyMap<string, TopicMetadata>> {
  const found = await Promise.all(names.map(name => known(client.topic(name))))
  return new Map(found.filter(topic => topic !== undefined).map(topic => [topic.name, topic]))
}

function endsOf(client: KafkaClient, names: ReadonlySet<string>, topics: ReadonlyMap<string, TopicMetadata>): Promise<OffsetTable> {
  const wanted = [...names].map(name => topics.get(name)).filter(topic => topic !== undefined)
  return listOffsets(
    client,
    wanted.filter(({ error }) => error === 'NONE'),
    LATEST,
    client.deadline(ENDS_PATIENCE_MS),
  )
}
