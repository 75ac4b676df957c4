import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../base/logger.ts'
import { aBroker, anImage, aTopic, uuidOf } from '../../metadata/builders.ts'
import { errorCode, type ErrorName } from '../../protocol/errors.ts'
import { decodeRequestBody, decodeRequestHeader, decodeResponse, encodeRequest, encodeResponse } from '../../protocol/header.ts'
import { encodeAssignment, encodeSubscription } from '../../protocol/messages/consumerProtocol.ts'
import { DeleteGroups } from '../../protocol/messages/deleteGroups.ts'
import { DescribeGroups } from '../../protocol/messages/describeGroups.ts'
import { FindCoordinator } from '../../protocol/messages/findCoordinator.ts'
import { Heartbeat } from '../../protocol/messages/heartbeat.ts'
import { JoinGroup } from '../../protocol/messages/joinGroup.ts'
import { LeaveGroup } from '../../protocol/messages/leaveGroup.ts'
import { ListGroups } from '../../protocol/messages/listGroups.ts'
import { OffsetCommit } from '../../protocol/messages/offsetCommit.ts'
import { OffsetDelete } from '../../protocol/messages/offsetDelete.ts'
import { OffsetFetch } from '../../protocol/messages/offsetFetch.ts'
import { SyncGroup } from '../../protocol/messages/syncGroup.ts'
import type { AnyApi, RequestInput, ResponseInput, ResponseOf } from '../../protocol/schema.ts'
import { simulatedWorld, type World } from '../../simulation/world.ts'
import type { Call, Handler } from '../../wire/handler.ts'
import { aConfig } from '../coordinators/group/aGroup.ts'
import { GroupCoordinators, OFFSETS_TOPIC } from '../coordinators/group/groupCoordinator.ts'
import { MemoryCoordinatorLog } from '../coordinators/memoryCoordinatorLog.ts'
import { deleteGroups } from './deleteGroups.ts'
import { describeGroups } from './describeGroups.ts'
import { findCoordinator } from './findCoordinator.ts'
import type { BrokerParts, Resource } from './handle.ts'
import { heartbeat } from './heartbeat.ts'
import { joinGroup } from './joinGroup.ts'
import { leaveGroup } from './leaveGroup.ts'
import { listGroups } from './listGroups.ts'
import { offsetCommit } from './offsetCommit.ts'
import { offsetDelete } from './offsetDelete.ts'
import { offsetFetch } from './offsetFetch.ts'
import { syncGroup } from './syncGroup.ts'

let world: World
let groups: GroupCoordinators
let image = anImage()
let topicsWanted: number
let denied: (resource: Resource) => boolean

beforeEach(async () => {
  world = simulatedWorld(1)
  image = anImage({ topics: [aTopic('orders', [{}, {}]), aTopic(OFFSETS_TOPIC, [{ replicas: [2, 1, 3] }])] })
  topicsWanted = 0
  denied = () => false
  const { clock } = world.env('broker')
  const log = new MemoryCoordinatorLog(clock)
  groups = new GroupCoordinators(world.env('broker'), {
    partitionCount: () => image.topicsByName.get(OFFSETS_TOPIC)?.partitions.length ?? 0,
    partition: () => log,
    ensureTopic: () => void topicsWanted++,
    config: aConfig({ groupInitialRebalanceDelayMs: 0 }),
    logger: silentLogger,
  })
  groups.becomeLeader(0, 0)
  await world.run(10)
})
afterEach(() => {
  groups.close()
  world.close()
})

/** The answer as a client of that version gets it: request and response go through their bytes. */
async function ask<A extends AnyApi>(
  handler: Handler<BrokerParts>,
  api: A,
  version: number,
  request: RequestInput<A>,
): Promise<ResponseOf<A>> {
  expect(handler.api).toBe(api)
  const sent = Buffer.concat(encodeRequest(api, version, 7, 'app', request)).subarray(4)
  const received = decodeRequestBody(api, decodeRequestHeader(sent))
  const parts = { groups, metadata: () => image, allowed: (_: Call, __: string, resource: Resource) => !denied(resource) }
  const call: Call = {
    apiVersion: version,
    correlationId: 7,
    clientId: 'app',
    clientHost: '127.0.0.1',
    listener: 'PLAINTEXT',
    principal: 'User:ANONYMOUS',
    connectionId: 1,
    closed: new AbortController().signal,
    decided: () => {},
    spent: () => {},
    whenSent: () => {},
  }
  const answer = await world.settle(Promise.resolve(handler.answer(received as never, parts as unknown as BrokerParts, call)))
  const answered = Buffer.concat(encodeResponse(api, version, 7, answer as ResponseInput<A>)).subarray(4)
  return decodeResponse(api, version, answered).body
}

const versionsOf = ({ advertised: [first, last] }: AnyApi) => Array.from({ length: last - first + 1 }, (_, index) => first + index)
const error = (name: ErrorName) => errorCode(name)

const SUBSCRIPTION = encodeSubscription({ topics: ['orders'] }, 1)
const ASSIGNMENT = encodeAssignment({ assignedPartitions: [{ topic: 'orders', partitions: [0, 1] }] }, 1)

function joinRequest(version: number, memberId = ''): RequestInput<typeof JoinGroup> {
  return {
    groupId: 'group',
    sessionTimeoutMs: 10_000,
    ...(version >= 1 && { rebalanceTimeoutMs: 60_000 }),
    memberId,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: SUBSCRIPTION }],
  }
}

/** A member in a stable group, joined and synced in these versions. */
async function member(joinVersion = 9, syncVersion = 5): Promise<{ readonly memberId: string; readonly generationId: number }> {
  let joined = await ask(joinGroup, JoinGroup, joinVersion, joinRequest(joinVersion))
  if (joinVersion >= 4) {
    expect(joined.errorCode).toBe(error('MEMBER_ID_REQUIRED'))
    joined = await ask(joinGroup, JoinGroup, joinVersion, joinRequest(joinVersion, joined.memberId))
  }
  const { memberId, generationId } = joined
  expect(joined).toMatchObject({ errorCode: 0, protocolName: 'range', leader: memberId, members: [{ memberId, metadata: SUBSCRIPTION }] })
  if (joinVersion >= 7) expect(joined.protocolType).toBe('consumer')
  const synced = await ask(syncGroup, SyncGroup, syncVersion, {
    groupId: 'group',
    generationId,
    memberId,
    ...(syncVersion >= 5 && { protocolType: 'consumer', protocolName: 'range' }),
    assignments: [{ memberId, assignment: ASSIGNMENT }],
  })
  expect(synced).toMatchObject({ errorCode: 0, assignment: ASSIGNMENT })
  return { memberId, generationId }
}

function commitRequest(given: Partial<RequestInput<typeof OffsetCommit>> = {}): RequestInput<typeof OffsetCommit> {
  const partitions = [{ partitionIndex: 0, committedOffset: 42, committedMetadata: 'note' }]
  return { groupId: 'group', memberId: '', topics: [{ name: 'orders', partitions }], ...given }
}

describe('FindCoordinator', () => {
  it.each(versionsOf(FindCoordinator))('version %i names the leader of the group’s partition', async version => {
    const request = version >= 4 ? { coordinatorKeys: ['group', 'other'] } : { key: 'group' }
    const found = await ask(findCoordinator, FindCoordinator, version, request)
    const place = { errorCode: 0, nodeId: 2, host: '127.0.0.1', port: 19093 }
    expect(version >= 4 ? found.coordinators[0] : found).toMatchObject(place)
    if (version >= 4) expect(found.coordinators.map(({ key }) => key)).toEqual(['group', 'other'])
  })

  it('has the internal topic created, and asks for patience meanwhile', async () => {
    image = anImage()
    const found = await ask(findCoordinator, FindCoordinator, 4, { coordinatorKeys: ['group'] })
    expect(found.coordinators).toMatchObject([{ errorCode: error('COORDINATOR_NOT_AVAILABLE'), nodeId: -1, host: '', port: -1 }])
    expect(topicsWanted).toBe(1)
  })

  it.each([
    { given: 'a partition without leader', topics: [aTopic(OFFSETS_TOPIC, [{ leader: -1 }])], brokers: [aBroker(1)] },
    { given: 'a leader that is fenced', topics: [aTopic(OFFSETS_TOPIC, [{ replicas: [1] }])], brokers: [aBroker(1, { fenced: true })] },
  ])('asks for patience with $given', async ({ topics, brokers }) => {
    image = anImage({ topics, brokers })
    expect(await ask(findCoordinator, FindCoordinator, 2, { key: 'group' })).toMatchObject({
      errorCode: error('COORDINATOR_NOT_AVAILABLE'),
    })
  })

  it('ends a transactional producer’s hopes at once', async () => {
    const found = await ask(findCoordinator, FindCoordinator, 4, { keyType: 1, coordinatorKeys: ['transfer'] })
    expect(found.coordinators).toMatchObject([{ errorCode: error('UNSUPPORTED_VERSION') }])
    expect(found.coordinators[0]?.errorMessage).toContain('Transactions')
  })

  it('knows no other kinds of coordinators', async () => {
    expect(await ask(findCoordinator, FindCoordinator, 3, { keyType: 9, key: 'x' })).toMatchObject({ errorCode: error('INVALID_REQUEST') })
  })
})

describe('a member', () => {
  it.each(versionsOf(JoinGroup))('joins in version %i', async version => {
    await member(version)
  })

  it.each(versionsOf(SyncGroup))('gets its assignment in version %i', async version => {
    await member(9, version)
  })

  it.each(versionsOf(JoinGroup))('is refused in version %i with an answer that its version can carry', async version => {
    expect(await ask(joinGroup, JoinGroup, version, joinRequest(version, 'stranger'))).toMatchObject({
      errorCode: error('UNKNOWN_MEMBER_ID'),
      memberId: 'stranger',
      generationId: -1,
      protocolName: version >= 7 ? null : '',
      members: [],
    })
  })

  it('has to name the protocol from SyncGroup version 5 on', async () => {
    const { memberId, generationId } = await member()
    const synced = await ask(syncGroup, SyncGroup, 5, { groupId: 'group', generationId, memberId, assignments: [] })
    expect(synced.errorCode).toBe(error('INCONSISTENT_GROUP_PROTOCOL'))
  })

  it.each(versionsOf(Heartbeat))('sends heartbeats in version %i', async version => {
    const { memberId, generationId } = await member()
    expect(await ask(heartbeat, Heartbeat, version, { groupId: 'group', memberId, generationId })).toMatchObject({ errorCode: 0 })
    expect(await ask(heartbeat, Heartbeat, version, { groupId: 'group', memberId, generationId: 99 })).toMatchObject({
      errorCode: error('ILLEGAL_GENERATION'),
    })
  })

  it.each(versionsOf(LeaveGroup))('leaves in version %i', async version => {
    const { memberId } = await member()
    const request = version >= 3 ? { groupId: 'group', members: [{ memberId }] } : { groupId: 'group', memberId }
    const left = await ask(leaveGroup, LeaveGroup, version, request)
    expect(left).toMatchObject({ errorCode: 0, members: version >= 3 ? [{ memberId, groupInstanceId: null, errorCode: 0 }] : [] })
    const again = await ask(leaveGroup, LeaveGroup, version, request)
    expect(version >= 3 ? again.members[0]?.errorCode : again.errorCode).toBe(error('UNKNOWN_MEMBER_ID'))
  })
})

describe('offsets', () => {
  it.each(versionsOf(OffsetCommit))('are committed in version %i', async version => {
    const committed = await ask(offsetCommit, OffsetCommit, version, commitRequest())
    expect(committed.topics).toEqual([{ name: 'orders', partitions: [{ partitionIndex: 0, errorCode: 0 }] }])
  })

  it.each(versionsOf(OffsetFetch))('are told in version %i, and -1 where there is none', async version => {
    const partitions = [{ partitionIndex: 0, committedOffset: 42, committedLeaderEpoch: 4, committedMetadata: 'note' }]
    await ask(offsetCommit, OffsetCommit, 9, commitRequest({ topics: [{ name: 'orders', partitions }] }))
    const topics = [{ name: 'orders', partitionIndexes: [0, 1] }]
    const request = version >= 8 ? { groups: [{ groupId: 'group', topics }] } : { groupId: 'group', topics }
    const fetched = await ask(offsetFetch, OffsetFetch, version, request)
    const answer = version >= 8 ? fetched.groups[0]! : fetched
    const committedLeaderEpoch = version >= 5 ? 4 : -1
    expect(answer.errorCode).toBe(0)
    expect(answer.topics).toEqual([
      {
        name: 'orders',
        partitions: [
          { partitionIndex: 0, committedOffset: 42, committedLeaderEpoch, metadata: 'note', errorCode: 0 },
          { partitionIndex: 1, committedOffset: -1, committedLeaderEpoch: -1, metadata: '', errorCode: 0 },
        ],
      },
    ])
  })

  it('are told of several groups at once, all topics where none is named', async () => {
    await ask(offsetCommit, OffsetCommit, 9, commitRequest())
    const { groups: answers } = await ask(offsetFetch, OffsetFetch, 8, {
      groups: [
        { groupId: 'group', topics: null },
        { groupId: 'nobody', topics: null },
        { groupId: '', topics: null },
      ],
      requireStable: true,
    })
    expect(answers).toMatchObject([
      { groupId: 'group', errorCode: 0, topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, committedOffset: 42 }] }] },
      { groupId: 'nobody', errorCode: 0, topics: [] },
      { groupId: '', errorCode: error('INVALID_GROUP_ID'), topics: [] },
    ])
  })

  it('of a topic that is gone are not those of a newer one of its name', async () => {
    await ask(offsetCommit, OffsetCommit, 9, commitRequest())
    image = anImage({ topics: [{ ...aTopic('orders', [{}, {}]), topicId: uuidOf('newer orders') }, aTopic(OFFSETS_TOPIC)] })
    const topics = [{ name: 'orders', partitionIndexes: [0] }]
    const fetch = async (asked: typeof topics | null) =>
      (await ask(offsetFetch, OffsetFetch, 8, { groups: [{ groupId: 'group', topics: asked }] })).groups[0]!.topics
    expect(await fetch(topics)).toMatchObject([{ name: 'orders', partitions: [{ committedOffset: -1, metadata: '', errorCode: 0 }] }])
    expect(await fetch(null)).toEqual([])
    await ask(offsetCommit, OffsetCommit, 9, commitRequest())
    expect(await fetch(topics)).toMatchObject([{ partitions: [{ committedOffset: 42 }] }])
  })

  it('carry a group’s error in each partition before there was another place for it', async () => {
    const request = { groupId: '', topics: [{ name: 'orders', partitionIndexes: [0] }] }
    const { topics } = await ask(offsetFetch, OffsetFetch, 1, request)
    expect(topics[0]?.partitions).toMatchObject([{ committedOffset: -1, errorCode: error('INVALID_GROUP_ID') }])
  })

  it('of topics and partitions that do not exist are refused one by one', async () => {
    const partition = (partitionIndex: number) => ({ partitionIndex, committedOffset: 1, committedMetadata: null })
    const topics = [
      { name: 'orders', partitions: [partition(0), partition(9)] },
      { name: 'nothing', partitions: [partition(0)] },
    ]
    const committed = await ask(offsetCommit, OffsetCommit, 8, commitRequest({ topics }))
    expect(committed.topics.map(topic => topic.partitions.map(({ errorCode: code }) => code))).toEqual([
      [0, error('UNKNOWN_TOPIC_OR_PARTITION')],
      [error('UNKNOWN_TOPIC_OR_PARTITION')],
    ])
  })

  it.each([
    { version: 8, expected: 'ILLEGAL_GENERATION' as const },
    { version: 9, expected: 'GROUP_ID_NOT_FOUND' as const },
  ])('of a member of a group that is gone are refused with $expected in version $version', async ({ version, expected }) => {
    const committed = await ask(offsetCommit, OffsetCommit, version, commitRequest({ memberId: 'gone', generationIdOrMemberEpoch: 3 }))
    expect(committed.topics[0]?.partitions).toEqual([{ partitionIndex: 0, errorCode: error(expected) }])
  })

  it('are deleted where nobody reads', async () => {
    await ask(offsetCommit, OffsetCommit, 9, commitRequest())
    const topic = (name: string) => ({ name, partitions: [{ partitionIndex: 0 }] })
    const removed = await ask(offsetDelete, OffsetDelete, 0, { groupId: 'group', topics: [topic('orders'), topic('nothing')] })
    expect(removed).toMatchObject({
      errorCode: 0,
      topics: [
        { name: 'orders', partitions: [{ partitionIndex: 0, errorCode: 0 }] },
        { name: 'nothing', partitions: [{ partitionIndex: 0, errorCode: error('UNKNOWN_TOPIC_OR_PARTITION') }] },
      ],
    })
    const again = await ask(offsetDelete, OffsetDelete, 0, { groupId: 'group', topics: [topic('orders')] })
    expect(again).toMatchObject({ errorCode: error('GROUP_ID_NOT_FOUND'), topics: [] })
  })
})

describe('groups', () => {
  it.each(versionsOf(DescribeGroups))('are described in version %i', async version => {
    const { memberId } = await member()
    const { groups: answers } = await ask(describeGroups, DescribeGroups, version, {
      groups: ['group', 'nobody'],
      ...(version >= 3 && { includeAuthorizedOperations: true }),
    })
    expect(answers).toMatchObject([
      {
        errorCode: 0,
        groupId: 'group',
        groupState: 'Stable',
        protocolType: 'consumer',
        protocolData: 'range',
        members: [{ memberId, clientId: 'app', clientHost: '/127.0.0.1', memberMetadata: SUBSCRIPTION, memberAssignment: ASSIGNMENT }],
        authorizedOperations: version >= 3 ? 0b1101_0100_1000 : -0x8000_0000,
      },
      { errorCode: version >= 6 ? error('GROUP_ID_NOT_FOUND') : 0, groupId: 'nobody', groupState: 'Dead', members: [] },
    ])
  })

  it.each(versionsOf(ListGroups))('are listed in version %i', async version => {
    await member()
    const { errorCode: code, groups: answers } = await ask(listGroups, ListGroups, version, {})
    expect({ code, answers }).toEqual({
      code: 0,
      answers: [
        { groupId: 'group', protocolType: 'consumer', groupState: version >= 4 ? 'Stable' : '', groupType: version >= 5 ? 'Classic' : '' },
      ],
    })
  })

  it('are listed by state and type', async () => {
    await member()
    const listed = async (statesFilter: string[], typesFilter: string[] = []) =>
      (await ask(listGroups, ListGroups, 5, { statesFilter, typesFilter })).groups.length
    expect([await listed(['Stable']), await listed(['Empty']), await listed([], ['consumer'])]).toEqual([1, 0, 0])
  })

  it.each(versionsOf(DeleteGroups))('are deleted in version %i unless somebody is in them', async version => {
    const { memberId } = await member()
    const remove = () => ask(deleteGroups, DeleteGroups, version, { groupsNames: ['group', 'nobody'] })
    expect((await remove()).results.map(({ errorCode: code }) => code)).toEqual([error('NON_EMPTY_GROUP'), error('GROUP_ID_NOT_FOUND')])
    await ask(leaveGroup, LeaveGroup, 5, { groupId: 'group', members: [{ memberId }] })
    expect((await remove()).results.map(({ errorCode: code }) => code)).toEqual([0, error('GROUP_ID_NOT_FOUND')])
  })
})

describe('who may not', () => {
  it('use the group hears GROUP_AUTHORIZATION_FAILED from every API', async () => {
    denied = ({ type }) => type === 'group' || type === 'cluster'
    const code = error('GROUP_AUTHORIZATION_FAILED')
    const topics = [{ name: 'orders', partitionIndexes: [0] }]
    expect(await ask(findCoordinator, FindCoordinator, 3, { key: 'group' })).toMatchObject({ errorCode: code })
    expect(await ask(joinGroup, JoinGroup, 9, joinRequest(9))).toMatchObject({ errorCode: code })
    expect(await ask(syncGroup, SyncGroup, 3, { groupId: 'group', generationId: 1, memberId: 'm', assignments: [] })).toMatchObject({
      errorCode: code,
    })
    expect(await ask(heartbeat, Heartbeat, 4, { groupId: 'group', generationId: 1, memberId: 'm' })).toMatchObject({ errorCode: code })
    expect(await ask(leaveGroup, LeaveGroup, 5, { groupId: 'group', members: [{ memberId: 'm' }] })).toMatchObject({ errorCode: code })
    expect((await ask(offsetCommit, OffsetCommit, 9, commitRequest())).topics[0]?.partitions).toMatchObject([{ errorCode: code }])
    expect((await ask(offsetFetch, OffsetFetch, 8, { groups: [{ groupId: 'group', topics }] })).groups).toMatchObject([{ errorCode: code }])
    expect((await ask(describeGroups, DescribeGroups, 5, { groups: ['group'] })).groups).toMatchObject([{ errorCode: code }])
    expect((await ask(deleteGroups, DeleteGroups, 2, { groupsNames: ['group'] })).results).toMatchObject([{ errorCode: code }])
    expect(await ask(offsetDelete, OffsetDelete, 0, { groupId: 'group', topics: [] })).toMatchObject({ errorCode: code })
    expect((await ask(listGroups, ListGroups, 5, {})).groups).toEqual([])
  })

  it('read a topic is refused that topic only', async () => {
    denied = ({ type, name }) => type === 'topic' && name === 'orders'
    const code = error('TOPIC_AUTHORIZATION_FAILED')
    expect((await ask(offsetCommit, OffsetCommit, 9, commitRequest())).topics[0]?.partitions).toMatchObject([{ errorCode: code }])
    const topics = [{ name: 'orders', partitionIndexes: [0] }]
    const fetched = await ask(offsetFetch, OffsetFetch, 8, { groups: [{ groupId: 'group', topics }] })
    expect(fetched.groups[0]).toMatchObject({ errorCode: 0, topics: [{ partitions: [{ committedOffset: -1, errorCode: code }] }] })
  })
})
