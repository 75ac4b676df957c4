import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../../base/logger.ts'
import { simulatedWorld, type World } from '../../../simulation/world.ts'
import { MemoryCoordinatorLog } from '../memoryCoordinatorLog.ts'
import { aCommit, aConfig, aJoin, aSync, reading } from './aGroup.ts'
import type { CommitRequest } from './commitOffsets.ts'
import { GroupCoordinators } from './groupCoordinator.ts'
import type { JoinRequest } from './joinGroup.ts'
import type { SyncRequest } from './syncGroup.ts'

const config = aConfig({ groupInitialRebalanceDelayMs: 100, offsetsRetentionMinutes: 1, offsetsRetentionCheckIntervalMs: 1000 })
const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAABQ'
const SIMPLE = { memberId: '', generationId: -1 }

let world: World
let log: MemoryCoordinatorLog
let groups: GroupCoordinators
let partitions: number
let topicWanted: boolean
let isInTouch: boolean

function coordinators(): GroupCoordinators {
  return new GroupCoordinators(world.env('broker'), {
    partitionCount: () => partitions,
    partition: () => log,
    isInTouch: () => isInTouch,
    ensureTopic: () => {
      topicWanted = true
    },
    config,
    logger: silentLogger,
  })
}

/** Another broker takes over, with what is left of the log. */
function failOver(lost = 0): void {
  groups.close()
  log = log.successor({ lost })
  groups = coordinators()
  groups.becomeLeader(0, log.leaderEpoch)
}

beforeEach(async () => {
  world = simulatedWorld(1)
  partitions = 1
  topicWanted = false
  isInTouch = true
  log = new MemoryCoordinatorLog(world.env('broker').clock)
  groups = coordinators()
  groups.becomeLeader(0, 0)
  await world.run(10)
})
afterEach(() => {
  groups.close()
  world.close()
})

const join = (given: Partial<JoinRequest> = {}) => groups.joinGroup('group', aJoin(given))
const sync = (given: Partial<SyncRequest> = {}) => groups.syncGroup('group', aSync(given))
const commit = (offset: number, given: Partial<CommitRequest> = SIMPLE) =>
  groups.commitOffsets(
    'group',
    aCommit({
      topics: [{ topic: 'orders', topicId: TOPIC_ID, partitions: [{ partition: 0, offset, leaderEpoch: -1, metadata: '' }] }],
      ...given,
    }),
  )
async function fetched() {
  const { error, topics } = await world.settle(groups.fetchOffsets('group', null))
  return error === 'NONE' ? topics[0]?.partitions[0]?.committed?.offset : error
}

/** A stable group of that many members, who own their index. */
async function stableGroup(size: number, given: Partial<JoinRequest> = {}) {
  const joined = await world.settle(Promise.all(Array.from({ length: size }, () => join(given))))
  const assignments = joined.map(({ memberId }, index) => ({ memberId, assignment: Buffer.from([index]) }))
  const synced = joined.map(({ memberId, generationId, leader }) =>
    sync({ memberId, generationId, assignments: memberId === leader ? assignments : [] }),
  )
  const replies = await world.settle(Promise.all(synced))
  expect(replies.map(({ error }) => error)).toEqual(joined.map(() => 'NONE'))
  const { generationId } = joined[0]!
  return { generationId, members: joined.map(({ memberId }) => memberId), assignments: replies.map(({ assignment }) => assignment) }
}
const beat = (memberId: string, generationId: number) => groups.heartbeat('group', { memberId, groupInstanceId: null, generationId })

describe('a group', () => {
  it('comes together: all join, the leader assigns, each gets its own', async () => {
    const { assignments, generationId } = await stableGroup(3)
    expect(assignments).toEqual([Buffer.from([0]), Buffer.from([1]), Buffer.from([2])])
    expect(generationId).toBe(1)
    expect(groups.describeGroup('group').group).toMatchObject({ state: 'Stable', members: [{}, {}, {}] })
    expect(groups.listGroups({ states: [], types: [] })).toEqual({
      error: 'NONE',
      groups: [{ groupId: 'group', protocolType: 'consumer', state: 'Stable' }],
    })
  })

  it('loses a member that falls silent, and the others hear of it', async () => {
    const { members, generationId } = await stableGroup(2)
    const [alive, silent] = members as [string, string]
    for (let passed = 0; passed < 12_000; passed += 3000) {
      beat(alive, generationId)
      await world.run(3000)
    }
    expect(beat(alive, generationId)).toBe('REBALANCE_IN_PROGRESS')
    expect(beat(silent, generationId)).toBe('UNKNOWN_MEMBER_ID')
    expect(await world.settle(join({ memberId: alive }))).toMatchObject({ error: 'NONE', generationId: 2, leader: alive })
  })

  it('keeps a member that does nothing but commit', async () => {
    const { members, generationId } = await stableGroup(1)
    for (let passed = 0; passed < 30_000; passed += 5000) {
      await world.run(5000)
      expect(await world.settle(commit(passed, { memberId: members[0]!, generationId }))).toMatchObject({ error: 'NONE' })
    }
    expect(beat(members[0]!, generationId)).toBe('NONE')
  })

  it('drops a member that never asks for its assignment', async () => {
    const joined = await world.settle(Promise.all([join({ rebalanceTimeoutMs: 7000 }), join({ rebalanceTimeoutMs: 7000 })]))
    const [leader, other] = joined.map(({ memberId }) => memberId) as [string, string]
    const { error } = await world.settle(sync({ memberId: leader, generationId: 1, assignments: [] }))
    expect(error).toBe('NONE')
    await world.run(7000)
    expect(beat(other, 1)).toBe('UNKNOWN_MEMBER_ID')
    expect(beat(leader, 1)).toBe('REBALANCE_IN_PROGRESS')
  })

  it('that nobody ever entered leaves no trace', async () => {
    await world.settle(join({ requiresKnownMemberId: true }))
    expect(groups.describeGroup('group').group?.state).toBe('Empty')
    await world.run(10_000)
    expect(groups.describeGroup('group').group?.state).toBe('Dead')
    expect(log.batches).toEqual([])
  })

  it('with no members and no offsets is forgotten at the next check', async () => {
    const { members } = await stableGroup(1)
    await world.settle(groups.leaveGroup('group', [{ memberId: members[0]!, groupInstanceId: null }]))
    expect(groups.describeGroup('group').group?.state).toBe('Empty')
    await world.run(1100)
    expect(groups.describeGroup('group').group?.state).toBe('Dead')
  })

  it('is deleted with its offsets, for good', async () => {
    await world.settle(commit(5))
    expect(await world.settle(groups.deleteGroup('group'))).toBe('NONE')
    expect(await world.settle(groups.deleteGroup('group'))).toBe('GROUP_ID_NOT_FOUND')
    failOver()
    await world.run(10)
    expect(await fetched()).toBeUndefined()
  })
})

describe('a member that is gone while it waits', () => {
  it('is noticed, and the others are not kept waiting for it longer than its session', async () => {
    const { members } = await stableGroup(1)
    const connection = new AbortController()
    const request = aJoin({ uuid: 'gone' })
    void groups.joinGroup('group', request, connection.signal)
    await world.run(10)
    connection.abort()
    const before = world.elapsed
    expect(await world.settle(join({ memberId: members[0]! }))).toMatchObject({
      error: 'NONE',
      generationId: 2,
      members: [{ memberId: members[0] }],
    })
    expect(world.elapsed - before).toBeCloseTo(10_000, -2)
  })
})

describe('a change of the coordinator', () => {
  it('costs nobody its membership, its assignment or its offsets', async () => {
    const { members, generationId } = await stableGroup(2)
    const member = { memberId: members[1]!, generationId }
    await world.settle(commit(42, member))
    await world.run(9000)
    failOver()
    await world.run(9000) // more than a session timeout since the last sign of life, but not since the change
    expect(members.map(memberId => beat(memberId, generationId))).toEqual(['NONE', 'NONE'])
    expect(await world.settle(sync(member))).toMatchObject({ error: 'NONE', assignment: Buffer.from([1]) })
    expect(await fetched()).toBe(42)
  })

  it('sends whoever waits to look for the new one', async () => {
    const parked = join()
    await world.run(10)
    groups.resign(0)
    expect(await world.settle(parked)).toMatchObject({ error: 'NOT_COORDINATOR' })
    expect(await world.settle(join())).toMatchObject({ error: 'NOT_COORDINATOR' })
  })

  it('has everybody wait while the log is read, but believes heartbeats', async () => {
    failOver()
    expect(await join()).toMatchObject({ error: 'COORDINATOR_LOAD_IN_PROGRESS' })
    expect(await commit(1)).toMatchObject({ error: 'COORDINATOR_LOAD_IN_PROGRESS' })
    expect(groups.listGroups({ states: [], types: [] }).error).toBe('COORDINATOR_LOAD_IN_PROGRESS')
    expect(beat('whoever', 1)).toBe('NONE')
    await world.run(10)
    expect(await world.settle(commit(1))).toMatchObject({ error: 'NONE' })
  })

  it('never shows an offset that a later one could lack', async () => {
    await world.settle(commit(1))
    log.isReplicating = false
    void commit(2)
    await world.run(10)
    const asked = groups.fetchOffsets('group', null)
    await world.run(10)
    failOver(1)
    expect(await world.settle(asked)).toMatchObject({ error: 'NOT_COORDINATOR' })
    await world.run(10)
    expect(await fetched()).toBe(1)
  })

  it('tells no committed offset while another may coordinate the group without its knowing', async () => {
    await world.settle(commit(1))
    isInTouch = false
    expect(await fetched()).toBe('NOT_COORDINATOR')
    isInTouch = true
    expect(await fetched()).toBe(1)
  })

  it('forgets topics that were deleted while the log was read', async () => {
    await world.settle(commit(1))
    failOver()
    groups.onTopicDeleted({ name: 'orders', topicId: TOPIC_ID })
    await world.run(10)
    expect(await fetched()).toBeUndefined()
  })

  it('to the same broker in a newer epoch loads anew, and an older epoch is ignored', async () => {
    await world.settle(commit(1))
    log = log.successor()
    groups.becomeLeader(0, 1)
    groups.becomeLeader(0, 0)
    await world.run(10)
    expect(log.reads).toBe(1)
    expect(await fetched()).toBe(1)
  })
})

describe('when the log does not take a write', () => {
  it('a commit is refused before it is decided', async () => {
    log.refuses = 'NOT_ENOUGH_REPLICAS'
    expect(await world.settle(commit(1))).toMatchObject({ error: 'COORDINATOR_NOT_AVAILABLE' })
    expect(await fetched()).toBeUndefined()
    log.refuses = 'NONE'
    expect(await world.settle(commit(1))).toMatchObject({ error: 'NONE' })
    expect(log.reads).toBe(1)
  })

  it('and did not say so before, what was decided is undone by loading again', async () => {
    await world.settle(commit(1))
    log.refuses = 'NOT_ENOUGH_REPLICAS'
    log.isSudden = true
    expect(await world.settle(commit(2))).toMatchObject({ error: 'COORDINATOR_NOT_AVAILABLE' })
    log.refuses = 'NONE'
    await world.run(500)
    expect(log.reads).toBe(2)
    expect(await fetched()).toBe(1)
  })

  it('the leader and all who wait for its assignment hear so, and the group tries again', async () => {
    const [leader, other] = (await world.settle(Promise.all([join(), join()]))).map(({ memberId }) => memberId) as [string, string]
    log.refuses = 'NOT_ENOUGH_REPLICAS'
    const waiting = sync({ memberId: other, generationId: 1 })
    const replies = await world.settle(Promise.all([waiting, sync({ memberId: leader, generationId: 1, assignments: [] })]))
    expect(replies.map(({ error }) => error)).toEqual(['COORDINATOR_NOT_AVAILABLE', 'COORDINATOR_NOT_AVAILABLE'])
    expect(beat(leader, 1)).toBe('REBALANCE_IN_PROGRESS')
    log.refuses = 'NONE'
    const again = await world.settle(Promise.all([join({ memberId: leader }), join({ memberId: other })]))
    expect(again.map(({ generationId }) => generationId)).toEqual([2, 2])
  })

  it('reads are answered so that the client looks for another coordinator', async () => {
    log.isReplicating = false
    void commit(1)
    expect(await fetched()).toBe('NOT_COORDINATOR')
  })
})

describe('offsets', () => {
  it('of a group that fell idle are kept for the retention time', async () => {
    await world.settle(commit(1))
    await world.run(58_000)
    expect(await fetched()).toBe(1)
    await world.run(4000)
    expect(await fetched()).toBeUndefined()
    expect(groups.describeGroup('group').group?.state).toBe('Dead')
  })

  it('of a deleted topic are gone', async () => {
    await world.settle(commit(1))
    groups.onTopicDeleted({ name: 'orders', topicId: TOPIC_ID })
    expect(await fetched()).toBeUndefined()
  })

  it('of topics that nobody reads can be deleted one by one', async () => {
    const { members, generationId } = await stableGroup(1, { protocols: [reading(['other'])] })
    await world.settle(commit(1, { memberId: members[0]!, generationId }))
    expect(await world.settle(groups.deleteOffsets('group', [{ topic: 'orders', partitions: [0] }]))).toMatchObject({ error: 'NONE' })
    expect(await fetched()).toBeUndefined()
  })

  it('of many commits at once go into few batches', async () => {
    const all = Array.from({ length: 500 }, (_, index) => commit(index))
    await world.settle(Promise.all(all))
    expect(log.batches).toHaveLength(1)
    expect(await fetched()).toBe(499)
  })
})

describe('requests to the wrong place', () => {
  it.each([
    { to: 'no group', ask: () => groups.joinGroup('', aJoin()), error: 'INVALID_GROUP_ID' },
    { to: 'no group', ask: () => groups.commitOffsets('', aCommit()), error: 'INVALID_GROUP_ID' },
    { to: 'no group', ask: () => groups.fetchOffsets('', null), error: 'INVALID_GROUP_ID' },
    { to: 'a group with a session that is too short', ask: () => join({ sessionTimeoutMs: 5999 }), error: 'INVALID_SESSION_TIMEOUT' },
    { to: 'a group with a session that is too long', ask: () => join({ sessionTimeoutMs: 1_800_001 }), error: 'INVALID_SESSION_TIMEOUT' },
    { to: 'a group that does not exist, by id', ask: () => join({ memberId: 'stranger' }), error: 'UNKNOWN_MEMBER_ID' },
    { to: 'a group that does not exist', ask: () => sync(), error: 'UNKNOWN_MEMBER_ID' },
  ])('(to $to) answer $error', async ({ ask, error }) => {
    expect(await world.settle<{ readonly error: string }>(ask())).toMatchObject({ error })
  })

  it('are told that there is no coordinator here while there is no topic', async () => {
    partitions = 0
    expect(groups.partitionFor('group')).toBeUndefined()
    expect(await commit(1)).toMatchObject({ error: 'NOT_COORDINATOR' })
    groups.ensureTopic()
    expect(topicWanted).toBe(true)
  })
})
