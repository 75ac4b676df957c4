import { GroupState, type GroupMember } from '../contract/groups.ts'
import { MalformedMessage } from '../protocol/byteReader.ts'
import { errorName } from '../protocol/errors.ts'
import { ConsumerGroupDescribe, type ConsumerGroupDescribeResponse } from '../protocol/messages/consumerGroupDescribe.ts'
import { decodeAssignment } from '../protocol/messages/consumerProtocol.ts'
import { DescribeGroups, type DescribeGroupsResponse } from '../protocol/messages/describeGroups.ts'
import type { ListGroupsResponse } from '../protocol/messages/listGroups.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { isTransient, KafkaError, throwIfRefused } from './kafkaError.ts'

const TIMEOUT_MS = 2_500
const CONSUMERS = 'consumer'

export type ListedGroup = ListGroupsResponse['groups'][number]

/** What its coordinator tells of a group beside its offsets. */
export interface DescribedGroup {
  readonly groupId: string
  readonly state: GroupState
  readonly protocolType: string
  readonly assignor: string
  /** Whether its members agree among themselves on who reads what; the coordinator of newer groups decides that (KIP-848). */
  readonly isClassic: boolean
  readonly members: readonly GroupMember[]
}

/** Groups of one coordinator, each asked for as the list says that it has to be. What is not told of, or may not be, is left out. */
export async function describedGroups(
  client: KafkaClient,
  coordinator: number,
  listed: readonly ListedGroup[],
): Promise<ReadonlyMap<string, DescribedGroup>> {
  const classic = listed.filter(group => !isOfNewerProtocol(group)).map(({ groupId }) => groupId)
  const newer = listed.filter(isOfNewerProtocol).map(({ groupId }) => groupId)
  const options = { timeoutMs: TIMEOUT_MS }
  const [described, consumers] = await Promise.all([
    classic.length === 0
      ? undefined
      : known(client.broker(coordinator, 'query', DescribeGroups, () => ({ groups: classic }), options).then(({ groups }) => groups)),
    newer.length === 0 ? undefined : known(describedConsumers(client, coordinator, newer)),
  ])
  const found = [
    ...(described ?? []).filter(group => errorName(group.errorCode) === 'NONE').map(ofClassic),
    ...(consumers ?? []).filter(group => errorName(group.errorCode) === 'NONE').map(ofConsumers),
  ]
  return new Map(found.map(group => [group.groupId, group]))
}

/** One group; undefined when its coordinator knows of none. Throws what it refuses with. */
export async function describedGroup(
  client: KafkaClient,
  coordinator: number,
  groupId: string,
  listed: () => Promise<ListedGroup | undefined>,
): Promise<DescribedGroup | undefined> {
  const { groups } = await client.broker(coordinator, 'query', DescribeGroups, () => ({ groups: [groupId] }))
  const group = groups.find(each => each.groupId === groupId)
  if (group === undefined) return undefined
  const error = errorName(group.errorCode)
  if (error !== 'GROUP_ID_NOT_FOUND' && (error !== 'NONE' || group.groupState !== 'Dead')) {
    throwIfRefused(group.errorCode, group.errorMessage)
    return ofClassic(group)
  }
  const found = await listed()
  if (found === undefined) return undefined
  const [consumers] = isOfNewerProtocol(found) ? ((await known(describedConsumers(client, coordinator, [groupId]))) ?? []) : []
  if (consumers !== undefined && errorName(consumers.errorCode) === 'NONE') return ofConsumers(consumers)
  return { groupId, state: stateOf(found.groupState), protocolType: found.protocolType, assignor: '', isClassic: false, members: [] }
}

/** Undefined for what a broker did not say, or may not. */
export async function known<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (problem) {
    if (isTransient(problem) || problem instanceof KafkaError) return undefined
    throw problem
  }
}

export function stateOf(name: string): GroupState {
  const parsed = GroupState.safeParse(name)
  return parsed.success ? parsed.data : 'Unknown'
}

const isOfNewerProtocol = ({ groupType }: ListedGroup) => groupType.toLowerCase() === CONSUMERS

async function describedConsumers(client: KafkaClient, coordinator: number, groupIds: readonly string[]) {
  const ask = () => ({ groupIds, includeAuthorizedOperations: false })
  return (await client.broker(coordinator, 'query', ConsumerGroupDescribe, ask, { timeoutMs: TIMEOUT_MS })).groups
}

function ofClassic(group: DescribeGroupsResponse['groups'][number]): DescribedGroup {
  const { groupId, groupState, protocolType, protocolData } = group
  const members = group.members.map(({ memberId, groupInstanceId, clientId, clientHost, memberAssignment }) => ({
    memberId,
    groupInstanceId,
    clientId,
    clientHost: hostOf(clientHost),
    assignment: protocolType === CONSUMERS ? assignmentOf(memberAssignment) : [],
  }))
  return { groupId, state: stateOf(groupState), protocolType, assignor: protocolData, isClassic: true, members }
}

function ofConsumers({ groupId, groupState, assignorName, members }: ConsumerGroupDescribeResponse['groups'][number]): DescribedGroup {
  return {
    groupId,
    state: stateOf(groupState),
    protocolType: CONSUMERS,
    assignor: assignorName,
    isClassic: false,
    members: members.map(({ memberId, instanceId, clientId, clientHost, assignment }) => ({
      memberId,
      groupInstanceId: instanceId,
      clientId,
      clientHost: hostOf(clientHost),
      assignment: assignment.topicPartitions.map(({ topicName, partitions }) => ({ topic: topicName, partitions: [...partitions] })),
    })),
  }
}

/** Without the slash that Java prints before an address. */
const hostOf = (clientHost: string) => clientHost.replace(/^\//, '')

/** What members tell each other is theirs: an assignor of somebody's own may write what no one else reads. */
function assignmentOf(bytes: Buffer): GroupMember['assignment'] {
  try {
    return decodeAssignment(bytes).assignedPartitions.map(({ topic, partitions }) => ({ topic, partitions: [...partitions] }))
  } catch (problem) {
    if (problem instanceof MalformedMessage) return []
    throw problem
  }
}
