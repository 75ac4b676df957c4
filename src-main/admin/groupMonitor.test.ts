import { afterEach, describe, expect, it } from 'vitest'
import type { LagAlarm } from '../contract/lagHistory.ts'
import { Fetch } from '../protocol/messages/fetch.ts'
import { ListGroups } from '../protocol/messages/listGroups.ts'
import { buildBatch } from '../protocol/records/batchBuilder.ts'
import { aGroup, type ScriptedGroup, scriptGroups } from '../simulation/kafka/scriptedGroups.ts'
import { ScriptedKafka } from '../simulation/kafka/scriptedKafka.ts'
import { type AdminServices, adminServices } from './adminServices.ts'
import { MemorySeriesStore } from './memorySeriesStore.ts'

const clusterId = 'scripted'

let kafka: ScriptedKafka
let admin: AdminServices
let groups: Map<string, ScriptedGroup>
let store: MemorySeriesStore
afterEach(async () => {
  await admin.close()
  kafka.world.close()
})

async function watched(given: Record<string, ScriptedGroup>): Promise<void> {
  groups = new Map(Object.entries(given))
  kafka = new ScriptedKafka()
  store = new MemorySeriesStore()
  kafka.topic('orders', { partitions: 2 })
  scriptGroups(kafka, groups)
  await kafka.world.settle(kafka.start())
  admin = services()
}

const services = () => adminServices(kafka.world.env('client'), { bootstrapOf: () => [1, 2, 3].map(each => kafka.addressOf(each)), store })
const now = () => kafka.world.env('client').clock.now()

function produce(partition: number, count: number) {
  const timestamp = now()
  kafka.append('orders', partition, buildBatch({ records: Array.from({ length: count }, () => ({ key: null, value: null, timestamp })) }))
}

/** For so many seconds, each of them with `each` before it. */
async function seconds(count: number, each: () => void = () => {}) {
  for (let n = 0; n < count; n++) {
    each()
    await kafka.world.run(1_000)
  }
}

const settle = <T>(promise: Promise<T>) => kafka.world.settle(promise)
const describeGroup = () => settle(admin.groups.describe({ clusterId, groupId: 'a' }))
const history = (spanMs: number, points: number) => settle(admin.groups.history({ clusterId, groupId: 'a', spanMs, points, partitions: 5 }))
const commit = (partition: number, offset: number) => (groups.get('a')!.committed[partition] = offset)

describe('a group that is looked at', () => {
  it('has a history although nobody asked', async () => {
    await watched({ a: aGroup({ members: { m: [0] }, committed: { 0: 0 } }) })
    admin.watchGroups(clusterId)
    await seconds(60, () => produce(0, 5))
    const { total, partitions, isKept } = await history(60_000, 6)
    expect(total.filter(each => each !== null).length).toBeGreaterThanOrEqual(5)
    expect(total.at(-1)).toBeGreaterThan(200)
    expect(partitions).toMatchObject([{ topic: 'orders', partition: 0 }])
    expect(isKept).toBe(false)
    expect(kafka.countOf(ListGroups)).toBeLessThanOrEqual(3 * 7)
  })

  it('has rates, an age of what is unread, and an estimate, and nothing is read for it', async () => {
    await watched({ a: aGroup({ members: { m: [0] }, committed: { 0: 0 } }) })
    admin.watchGroups(clusterId)
    produce(0, 1)
    commit(0, 1)
    await seconds(20)
    let read = 1
    await seconds(60, () => produce(0, 10))
    await seconds(60, () => {
      produce(0, 10)
      commit(0, (read += 15))
    })
    const { partitions, status, lagMs, consumedPerSecond } = await describeGroup()
    expect(partitions[0]).toMatchObject({ lag: 1_201 - read, status: 'ok' })
    expect(partitions[0]!.consumedPerSecond).toBeCloseTo(15, 0)
    expect(partitions[0]!.producedPerSecond).toBeCloseTo(10, 0)
    expect(consumedPerSecond).toBeCloseTo(15, 0)
    // The record at 901 was written in the ninetieth of 120 seconds.
    expect(lagMs).toBeGreaterThan(25_000)
    expect(lagMs).toBeLessThan(35_000)
    expect(partitions[0]!.caughtUpInMs).toBeGreaterThan(0)
    expect(status).toBe('ok')
    expect(kafka.countOf(Fetch)).toBe(0)
  })

  it('has the age of records that were there before anybody looked: these are read once', async () => {
    await watched({ a: aGroup({ committed: { 0: 3, 1: 2 } }) })
    const old = now() - 3_600_000
    for (const partition of [0, 1]) {
      kafka.append(
        'orders',
        partition,
        buildBatch({ records: [0, 1, 2, 3, 4].map(n => ({ key: null, value: null, timestamp: old + n * 1_000 })) }),
      )
    }
    kafka.topics.get('orders')!.partitions[1]!.start = 4
    const first = await describeGroup()
    expect(first.partitions.map(({ lagMs }) => Math.round(lagMs! / 1_000))).toEqual([3_597, 3_596])
    const fetches = kafka.countOf(Fetch)
    await seconds(30)
    const later = await describeGroup()
    expect(Math.round(later.partitions[0]!.lagMs! / 1_000)).toBeGreaterThanOrEqual(3_627)
    expect(kafka.countOf(Fetch)).toBe(fetches)
  })

  it('is stopped once its members are gone, and stalled while they are there and commit nothing', async () => {
    await watched({ a: aGroup({ members: { m: [0] }, committed: { 0: 1 } }), b: aGroup({ state: 'Empty', committed: { 1: 0 } }) })
    admin.watchGroups(clusterId)
    produce(0, 3)
    produce(1, 3)
    await seconds(45)
    const listed = await settle(admin.groups.list({ clusterId }))
    expect(listed.map(({ groupId, status }) => [groupId, status])).toEqual([
      ['a', 'stalled'],
      ['b', 'stopped'],
    ])
    expect((await describeGroup()).partitions[0]).toMatchObject({ status: 'stalled', caughtUpInMs: null })
    expect((await describeGroup()).partitions[0]!.stillMs).toBeGreaterThan(40_000)
  })

  it('goes on after a restart where it was: its last minutes are noted down', async () => {
    await watched({ a: aGroup({ members: { m: [0] }, committed: { 0: 1 } }) })
    admin.watchGroups(clusterId)
    produce(0, 3)
    await seconds(45)
    await admin.close()
    admin = services()
    expect((await describeGroup()).status).toBe('stalled')
  })

  it('leaves a gap while its cluster is down, and goes on when it is back', async () => {
    await watched({ a: aGroup({ members: { m: [0] }, committed: { 0: 1 } }) })
    admin.watchGroups(clusterId)
    await seconds(20)
    const [usual, alive] = [kafka.alive, [1, 2, 3]]
    for (const broker of alive) kafka.world.crash(`broker${broker}`)
    await seconds(120)
    await settle(Promise.all(usual.map(broker => kafka.startBroker(broker))))
    await seconds(40)
    const { total } = await history(180_000, 18)
    expect(total.slice(4, 10)).toEqual([null, null, null, null, null, null])
    expect(total.at(-1)).toBe(0)
  })
})

describe('an alert on a group', () => {
  it('is heard by whoever listens, and by who comes later while it lasts', async () => {
    await watched({ a: aGroup({ members: { m: [0] }, committed: { 0: 0 } }) })
    await settle(admin.groups.setAlert({ clusterId, groupId: 'a', alert: { unit: 'records', above: 50, samples: 2 } }))
    expect(await settle(admin.groups.alerts({ clusterId }))).toEqual([{ groupId: 'a', unit: 'records', above: 50, samples: 2 }])
    const leaving = new AbortController()
    const heard: LagAlarm[] = []
    const late: LagAlarm[] = []
    const listening = async (into: LagAlarm[]) => {
      for await (const alarm of admin.groups.alarms({ clusterId }, leaving.signal)) into.push(alarm)
    }
    const first = listening(heard)
    admin.watchGroups(clusterId)
    await seconds(40, () => produce(0, 10))
    expect(heard.map(({ isRaised }) => isRaised)).toEqual([true])
    const second = listening(late)
    await seconds(1)
    expect(late).toEqual(heard)
    commit(0, 400)
    await seconds(15)
    expect(heard.map(({ isRaised, value }) => [isRaised, value > 50])).toEqual([
      [true, true],
      [false, false],
    ])
    leaving.abort()
    await settle(Promise.all([first, second]))
  })
})
