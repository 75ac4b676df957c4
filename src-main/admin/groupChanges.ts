import { errorName, type ErrorName } from '../protocol/errors.ts'
import { DeleteGroups } from '../protocol/messages/deleteGroups.ts'
import { LeaveGroup } from '../protocol/messages/leaveGroup.ts'
import { OffsetCommit } from '../protocol/messages/offsetCommit.ts'
import { OffsetDelete } from '../protocol/messages/offsetDelete.ts'
import type { GroupOffers } from '../contract/groups.ts'
import type { CommittedOffset } from './groupLag.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { isTransient, KafkaError, throwIfRefused } from './kafkaError.ts'

/** A static member can be named, and several taken out at once, from this version on (KIP-345). */
const FIRST_LEAVE_WITH_MEMBERS = 3
const FIRST_LEAVE_WITH_REASON = 5
const FIRST_COMMIT_WITH_INSTANCE = 7
/** Who commits from outside has no generation; the coordinator takes that while nobody is a member. */
const NO_GENERATION = -1

/** What a coordinator can be asked to change; nothing where it does not answer. */
export async function offersOf(client: KafkaClient, coordinator: number, isClassic: boolean): Promise<GroupOffers> {
  const offers = async (api: Parameters<KafkaClient['offers']>[1]) => {
    try {
      return await client.offers(coordinator, api)
    } catch (problem) {
      if (isTransient(problem)) return false
      throw problem
    }
  }
  const [resetOffsets, deleteOffsets, leaving, deleteGroup] = await Promise.all([
    offers(OffsetCommit),
    offers(OffsetDelete),
    offers(LeaveGroup),
    offers(DeleteGroups),
  ])
  return { resetOffsets, deleteOffsets, removeMember: leaving && isClassic, deleteGroup }
}

/** With its offsets. Refused while it has members. */
export async function deleteGroup(client: KafkaClient, groupId: string): Promise<void> {
  await changing(client, async mayBeDone => {
    const coordinator = await client.coordinatorOf(groupId)
    const { results } = await client.broker(coordinator, 'change', DeleteGroups, () => ({ groupsNames: [groupId] }))
    for (const { errorCode } of results) {
      const error = errorName(errorCode)
      if (error === 'GROUP_ID_NOT_FOUND' && mayBeDone) return
      refuseMembers(groupId, error)
      throwIfRefused(errorCode)
    }
  })
}

export async function deleteOffsets(
  client: KafkaClient,
  groupId: string,
  { topic, partitions }: { readonly topic: string; readonly partitions: readonly number[] },
): Promise<void> {
  await changing(client, async mayBeDone => {
    const coordinator = await client.coordinatorOf(groupId)
    const asked = [{ name: topic, partitions: partitions.map(partitionIndex => ({ partitionIndex })) }]
    const answer = await client.broker(coordinator, 'change', OffsetDelete, () => ({ groupId, topics: asked }))
    const error = errorName(answer.errorCode)
    if (error === 'GROUP_ID_NOT_FOUND' && mayBeDone) return
    refuseMembers(groupId, error)
    throwIfRefused(answer.errorCode)
    for (const of of answer.topics) for (const { errorCode } of of.partitions) throwIfRefused(errorCode)
  })
}

export interface LeavingMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
}

/** Takes out one member; a static one by its instance id alone, since its member id changes whenever it restarts. */
export async function removeMember(
  client: KafkaClient,
  groupId: string,
  { memberId, groupInstanceId }: LeavingMember,
  reason: string,
): Promise<void> {
  await changing(client, async mayBeDone => {
    const coordinator = await client.coordinatorOf(groupId)
    const answer = await client.broker(coordinator, 'change', LeaveGroup, version => {
      if (version < FIRST_LEAVE_WITH_MEMBERS) {
        if (groupInstanceId === null) return { groupId, memberId }
        throw new KafkaError('UNSUPPORTED_VERSION', 'This cluster cannot take out a static member.')
      }
      const member = groupInstanceId === null ? { memberId } : { memberId: '', groupInstanceId }
      return { groupId, members: [{ ...member, ...(version >= FIRST_LEAVE_WITH_REASON ? { reason } : {}) }] }
    })
    for (const errorCode of [answer.errorCode, ...answer.members.map(each => each.errorCode)]) {
      if (errorName(errorCode) === 'UNKNOWN_MEMBER_ID' && mayBeDone) return
      throwIfRefused(errorCode)
    }
  })
}

/** Commits offsets for a group without members, as Kafka's own tool does. Throws NON_EMPTY_GROUP while there are any. */
export async function commitOffsets(client: KafkaClient, groupId: string, offsets: readonly CommittedOffset[]): Promise<void> {
  // Sent twice, it does the same: the offsets are what the person has seen.
  await client.retrying(async () => {
    const coordinator = await client.coordinatorOf(groupId)
    const answer = await client.broker(coordinator, 'change', OffsetCommit, version => ({
      groupId,
      generationIdOrMemberEpoch: NO_GENERATION,
      memberId: '',
      ...(version >= FIRST_COMMIT_WITH_INSTANCE ? { groupInstanceId: null } : {}),
      topics: [...Map.groupBy(offsets, ({ topic }) => topic)].map(([name, of]) => ({
        name,
        partitions: of.map(({ partition, offset }) => ({ partitionIndex: partition, committedOffset: offset, committedMetadata: '' })),
      })),
    }))
    for (const topic of answer.topics) {
      for (const { errorCode } of topic.partitions) {
        const error = errorName(errorCode)
        // What a coordinator says to a stranger while there are members, in the words of the older and the newer protocol.
        if (error === 'UNKNOWN_MEMBER_ID' || error === 'ILLEGAL_GENERATION') refuseMembers(groupId, 'NON_EMPTY_GROUP')
        throwIfRefused(errorCode)
      }
    }
  })
}

export function refuseMembers(groupId: string, error: ErrorName): void {
  if (error === 'NON_EMPTY_GROUP') throw new KafkaError(error, `The group ${groupId} still has members.`)
}

/** Tries again while failures are transient. A change whose answer did not come may have been made all the same, which the next attempt is told. */
async function changing(client: KafkaClient, attempt: (mayBeDone: boolean) => Promise<void>): Promise<void> {
  let mayBeDone = false
  await client.retrying(async () => {
    try {
      await attempt(mayBeDone)
    } catch (problem) {
      if (!(problem instanceof KafkaError)) mayBeDone = true
      throw problem
    }
  })
}
