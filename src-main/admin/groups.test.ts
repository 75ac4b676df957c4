import { afterEach, describe, expect, it } from 'vitest'
import type { GroupDetail } from '../contract/groups.ts'
import { errorCode } from '../protocol/errors.ts'
import { DeleteGroups } from '../protocol/messages/deleteGroups.ts'
import { DescribeGroups } from '../protocol/messages/describeGroups.ts'
import { ListGroups } from '../protocol/messages/listGroups.ts'
import { OffsetFetch } from '../protocol/messages/offsetFetch.ts'
import { buildBatch } from '../protocol/records/batchBuilder.ts'
import { aGroup, type ScriptedGroup, scriptGroups } from '../simulation/kafka/scriptedGroups.ts'
import { ScriptedKafka } from '../simulation/kafka/scriptedKafka.ts'
import { type AdminServices, adminServices } from './adminServices.ts'

const clusterId = 'scripted'

let kafka: ScriptedKafka
let admin: AdminServices
afterEach(async () => {
  await admin.close()
  kafka.world.close()
})

let groups: Map<string, ScriptedGroup>

async function connected(given: Record<string, ScriptedGroup>, more: (kafka: ScriptedKafka) => void = () => {}): Promise<void> {
  groups = new Map(Object.entries(given))
  kafka = new ScriptedKafka()
  kafka.topic('orders', { partitions: 3 })
  const records = Array.from({ length: 100 }, () => ({ key: null, value: null, timestamp: 1 }))
  for (const partition of [0, 1, 2]) kafka.append('orders', partition, buildBatch({ records }))
  scriptGroups(kafka, groups)
  more(kafka)
  await kafka.world.settle(kafka.start())
  admin = adminServices(kafka.world.env('client'), { bootstrapOf: () => [1, 2, 3].map(broker => kafka.addressOf(broker)) })
}

const settle = <T>(promise: Promise<T>) => kafka.world.settle(promise)
const list = () => settle(admin.groups.list({ clusterId }))
const describeGroup = (groupId: string) => settle(admin.groups.describe({ clusterId, groupId }))

describe('the list of groups', () => {
  it('is put together from what every coordinator says', async () => {
    await connected({
      b: aGroup({ coordinator: 1, members: { m: [0, 1] }, committed: { 0: 90, 1: 80 } }),
      a: aGroup({ coordinator: 3, state: 'Empty', committed: { 2: 100 } }),
      c: aGroup({ state: 'Empty' }),
    })
    expect(await list()).toEqual([
      {
        groupId: 'a',
        state: 'Empty',
        protocolType: 'consumer',
        members: 0,
        coordinator: 3,
        topics: ['orders'],
        totalLag: 0,
        lagMs: 0,
        status: 'ok',
      },
      {
        groupId: 'b',
        state: 'Stable',
        protocolType: 'consumer',
        members: 1,
        coordinator: 1,
        topics: ['orders'],
        totalLag: 30,
        lagMs: expect.any(Number),
        status: 'unknown',
      },
      {
        groupId: 'c',
        state: 'Empty',
        protocolType: 'consumer',
        members: 0,
        coordinator: 2,
        topics: [],
        totalLag: null,
        lagMs: null,
        status: 'unknown',
      },
    ])
  })

  it.each([
    { what: 'down', how: () => kafka.world.crash('broker2') },
    { what: 'frozen', how: () => kafka.world.freeze('broker2') },
  ])('has what the others look after while a broker is $what', async ({ how }) => {
    await connected({
      a: aGroup({ coordinator: 1, committed: { 0: 90 } }),
      b: aGroup({ coordinator: 2 }),
      c: aGroup({ coordinator: 1, committed: { 1: 9 } }),
    })
    how()
    const began = kafka.world.elapsed
    expect((await list()).map(({ groupId, totalLag }) => [groupId, totalLag])).toEqual([
      ['a', 10],
      ['c', null], // the end of partition 1 is known to broker 2 alone
    ])
    expect(kafka.world.elapsed - began).toBeLessThan(6_000)
  })

  it('asks older brokers for one group at a time', async () => {
    await connected({ a: aGroup({ committed: { 0: 99 } }), b: aGroup({ committed: { 1: 98 } }) }, given => {
      given.limit(OffsetFetch, [1, 7])
      given.limit(ListGroups, [0, 2])
    })
    expect((await list()).map(({ groupId, state, totalLag }) => [groupId, state, totalLag])).toEqual([
      ['a', 'Stable', 1],
      ['b', 'Stable', 2],
    ])
  })

  it('keeps a group of which its coordinator will not say more', async () => {
    await connected({ a: aGroup() }, given => {
      given.script(OffsetFetch, ({ groups: asked }) => ({
        groups: asked.map(({ groupId }) => ({ groupId, topics: [], errorCode: errorCode('GROUP_AUTHORIZATION_FAILED') })),
      }))
    })
    expect(await list()).toMatchObject([{ groupId: 'a', members: 0, totalLag: null }])
  })

  it('is an error when no broker answers', async () => {
    await connected({})
    await list()
    for (const broker of [1, 2, 3]) kafka.world.crash(`broker${broker}`)
    await expect(list()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})

describe('one group', () => {
  it('has its members, what they own, and how far each partition is', async () => {
    await connected({ a: aGroup({ members: { m1: [0], m2: [1, 2] }, committed: { 0: 100, 1: 60 } }) })
    expect(await describeGroup('a')).toMatchObject({
      groupId: 'a',
      state: 'Stable',
      assignor: 'range',
      coordinator: 2,
      members: [
        {
          memberId: 'm1',
          clientId: 'app',
          clientHost: '127.0.0.1',
          groupInstanceId: null,
          assignment: [{ topic: 'orders', partitions: [0] }],
        },
        { memberId: 'm2', assignment: [{ topic: 'orders', partitions: [1, 2] }] },
      ],
      partitions: [
        { topic: 'orders', partition: 0, committedOffset: 100, logEndOffset: 100, lag: 0, memberId: 'm1' },
        { topic: 'orders', partition: 1, committedOffset: 60, logEndOffset: 100, lag: 40, memberId: 'm2' },
        { topic: 'orders', partition: 2, committedOffset: null, logEndOffset: 100, lag: null, memberId: 'm2' },
      ],
      totalLag: 40,
    })
  })

  it('is found at its new coordinator when it has moved', async () => {
    await connected({ a: aGroup({ coordinator: 2 }) })
    expect((await describeGroup('a')).coordinator).toBe(2)
    groups.get('a')!.coordinator = 3
    expect((await describeGroup('a')).coordinator).toBe(3)
  })

  it('does not exist when nobody has heard of it', async () => {
    await connected({})
    await expect(describeGroup('a')).rejects.toMatchObject({ code: 'GROUP_ID_NOT_FOUND', message: 'There is no group a.' })
  })

  it('is shown as far as the list tells when it is of the newer protocol (KIP-848)', async () => {
    await connected({ a: aGroup({ state: 'Reconciling', committed: { 0: 50 } }) }, given => {
      given.script(DescribeGroups, ({ groups: asked }) => ({
        groups: asked.map(groupId => ({
          groupId,
          errorCode: errorCode('GROUP_ID_NOT_FOUND'),
          groupState: 'Dead',
          protocolType: '',
          protocolData: '',
          members: [],
        })),
      }))
    })
    expect(await describeGroup('a')).toMatchObject({ state: 'Reconciling', protocolType: 'consumer', members: [], totalLag: 50 })
  })

  it('has no assignment where members speak a protocol of their own', async () => {
    await connected({ a: aGroup({ protocolType: 'connect', members: { m: [0] } }) })
    expect((await describeGroup('a')).members).toMatchObject([{ memberId: 'm', assignment: [] }])
  })

  it('is seen again and again while it is watched, also while its coordinator moves', async () => {
    await connected({ a: aGroup({ committed: { 0: 0 } }) })
    const leaving = new AbortController()
    const seen: GroupDetail[] = []
    const watching = (async () => {
      for await (const detail of admin.groups.watch({ clusterId, groupId: 'a', everyMs: 500 }, leaving.signal)) seen.push(detail)
    })()
    await kafka.world.run(1_200)
    Object.assign(groups.get('a')!, { coordinator: 3, committed: { 0: 30 } })
    await kafka.world.run(1_000)
    leaving.abort()
    await settle(watching)
    expect(seen.map(({ totalLag, coordinator }) => [coordinator, totalLag])).toEqual([
      [2, 100],
      [2, 100],
      [2, 100],
      [3, 70],
      [3, 70],
    ])
  })
})

describe('deleting a group', () => {
  it('asks its coordinator', async () => {
    await connected({ a: aGroup() })
    await settle(admin.groups.delete({ clusterId, groupId: 'a' }))
    expect(await list()).toEqual([])
  })

  it('is refused while it has members', async () => {
    await connected({ a: aGroup({ members: { m: [0] } }) })
    await expect(settle(admin.groups.delete({ clusterId, groupId: 'a' }))).rejects.toMatchObject({ code: 'NON_EMPTY_GROUP' })
  })

  it('counts as done when its own answer was lost', async () => {
    await connected({ a: aGroup() }, given => {
      const usual = given.scripted(DeleteGroups)
      let isFirst = true
      given.script(DeleteGroups, (request, call) => {
        const answer = usual(request, call)
        if (isFirst) given.world.breakConnections('client', `broker${call.broker}`)
        isFirst = false
        return answer
      })
    })
    await settle(admin.groups.delete({ clusterId, groupId: 'a' }))
    expect(groups.size).toBe(0)
  })
})
