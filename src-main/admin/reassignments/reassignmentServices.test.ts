import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { errorCode, type ErrorName } from '../../protocol/errors.ts'
import { AlterPartitionReassignments } from '../../protocol/messages/alterPartitionReassignments.ts'
import { DescribeConfigs } from '../../protocol/messages/describeConfigs.ts'
import { DescribeLogDirs } from '../../protocol/messages/describeLogDirs.ts'
import { DescribeQuorum } from '../../protocol/messages/describeQuorum.ts'
import { ElectLeaders } from '../../protocol/messages/electLeaders.ts'
import { IncrementalAlterConfigs } from '../../protocol/messages/incrementalAlterConfigs.ts'
import { ListPartitionReassignments } from '../../protocol/messages/listPartitionReassignments.ts'
import { ScriptedKafka } from '../../simulation/kafka/scriptedKafka.ts'
import { type AdminServices, adminServices } from '../adminServices.ts'
import { memoryThrottleKeeper, type ThrottleKeeper } from './keptThrottle.ts'
import type { ThrottleRemoved } from './throttleWatch.ts'

const clusterId = 'scripted'
const DYNAMIC_BROKER = 2
const DYNAMIC_TOPIC = 1

let kafka: ScriptedKafka
let admin: AdminServices
/** By `type name`, as somebody set them. */
let configs: Map<string, Map<string, string>>
let throttles: ThrottleKeeper
let removed: ThrottleRemoved[]
let mayChange: boolean
beforeEach(() => {
  kafka = new ScriptedKafka()
  configs = new Map()
  throttles = memoryThrottleKeeper()
  removed = []
  mayChange = true
  sized()
  configurable()
})
/** Brokers offer what they have a script for by now. */
async function connected(): Promise<void> {
  await kafka.world.settle(kafka.start())
  admin = services()
}
const services = () =>
  adminServices(kafka.world.env('client'), {
    bootstrapOf: () => [1, 2, 3].map(broker => kafka.addressOf(broker)),
    throttles,
    throttleRemoved: what => removed.push(what),
    mayChange: () => mayChange,
  })
afterEach(async () => {
  await admin.close()
  kafka.world.close()
})

const settle = <T>(promise: Promise<T>) => kafka.world.settle(promise)
const partitionsOf = (topic: string) => kafka.topics.get(topic)!.partitions

/** Replicas of 1,000 bytes, except those that a broker does not have. */
function sized(): void {
  kafka.script(DescribeLogDirs, (request, { broker }) => {
    const topics = [...kafka.topics].map(([name, { partitions }]) => ({
      name,
      partitions: partitions.flatMap(({ replicas, isr }, partitionIndex) => {
        const isAsked = request.topics?.some(each => each.topic === name) ?? true
        if (!isAsked || !replicas.includes(broker)) return []
        return [{ partitionIndex, partitionSize: isr.includes(broker) ? 1_000 : 250, offsetLag: 0, isFutureKey: false }]
      }),
    }))
    return { throttleTimeMs: 0, results: [{ errorCode: 0, logDir: '/data', topics }] }
  })
}

function configurable(isRefused = () => false): void {
  kafka.script(IncrementalAlterConfigs, ({ resources }) => {
    const error = errorCode(isRefused() ? 'CLUSTER_AUTHORIZATION_FAILED' : 'NONE')
    for (const { resourceType, resourceName, configs: changes } of isRefused() ? [] : resources) {
      const key = `${resourceType} ${resourceName}`
      const set = configs.get(key) ?? new Map<string, string>()
      configs.set(key, set)
      for (const { name, configOperation, value } of changes) {
        if (configOperation === 1) set.delete(name)
        else if (configOperation === 2 && set.has(name)) set.set(name, `${set.get(name)},${value}`)
        else if (configOperation === 3) {
          const gone = new Set(value!.split(','))
          const left = (set.get(name) ?? '').split(',').filter(each => !gone.has(each))
          set.set(name, left.join(','))
        } else set.set(name, value!)
      }
    }
    const responses = resources.map(({ resourceType, resourceName }) => ({
      errorCode: error,
      errorMessage: null,
      resourceType,
      resourceName,
    }))
    return { throttleTimeMs: 0, responses }
  })
  kafka.script(DescribeConfigs, ({ resources }) => ({
    throttleTimeMs: 0,
    results: resources.map(({ resourceType, resourceName }) => ({
      errorCode: 0,
      errorMessage: null,
      resourceType,
      resourceName,
      configs: [...(configs.get(`${resourceType} ${resourceName}`) ?? [])].map(([name, value]) => ({
        name,
        value,
        readOnly: false,
        configSource: resourceType === 4 ? DYNAMIC_BROKER : DYNAMIC_TOPIC,
        isSensitive: false,
        synonyms: [],
      })),
    })),
  }))
}

describe('preferred elections', () => {
  beforeEach(() => {
    kafka.topic('a', { partitions: 3 })
    for (const partition of partitionsOf('a')) partition.replicas = [1, 2, 3]
    Object.assign(partitionsOf('a')[2]!, { isr: [2, 3] })
  })

  it('are named before they are held, with those that would change nothing', async () => {
    await connected()
    expect(await settle(admin.reassignments.elections({ clusterId, topics: null }))).toEqual([
      { topic: 'a', partition: 1, leader: 2, preferred: 1, obstacle: null },
      { topic: 'a', partition: 2, leader: 3, preferred: 1, obstacle: 'notInSync' },
    ])
    kafka.alive = [2, 3]
    const [first] = await settle(admin.reassignments.elections({ clusterId, topics: ['a'] }))
    expect(first).toMatchObject({ obstacle: 'notAlive' })
  })

  it('are held at the controller, and what it would not do is told of each', async () => {
    const results = (code: ErrorName) => ({ errorCode: errorCode(code), errorMessage: null })
    kafka.script(ElectLeaders, () => ({
      throttleTimeMs: 0,
      errorCode: 0,
      replicaElectionResults: [
        {
          topic: 'a',
          partitionResult: [
            { partitionId: 0, ...results('ELECTION_NOT_NEEDED') },
            { partitionId: 1, ...results('NONE') },
            { partitionId: 2, ...results('PREFERRED_LEADER_NOT_AVAILABLE') },
          ],
        },
      ],
    }))
    await connected()
    const partitions = [0, 1, 2].map(partition => ({ topic: 'a', partition }))
    expect(await settle(admin.reassignments.elect({ clusterId, partitions }))).toEqual([
      { topic: 'a', partition: 0, problem: null },
      { topic: 'a', partition: 1, problem: null },
      { topic: 'a', partition: 2, problem: expect.any(String) },
    ])
    expect(kafka.asked.find(({ api }) => api === 'ElectLeaders')).toMatchObject({ broker: 1, request: { electionType: 0 } })
  })
})

describe('a plan', () => {
  it('says what would be copied, and what becomes of each broker', async () => {
    kafka.topic('a', { partitions: 4 })
    for (const partition of partitionsOf('a')) Object.assign(partition, { replicas: [1], isr: [1], leader: 1 })
    await connected()
    const { moves, partitions, brokers } = await settle(admin.reassignments.plan({ clusterId, wish: { kind: 'balance', topics: ['a'] } }))
    expect(partitions).toBe(4)
    expect(moves).toHaveLength(2)
    expect(moves[0]).toMatchObject({ topic: 'a', now: [1], sizeBytes: 1_000, isStuck: false })
    expect(brokers.map(({ replicasNow, replicasThen, bytesThen }) => [replicasNow, replicasThen, bytesThen])).toEqual([
      [4, 2, 2_000],
      [0, 1, 1_000],
      [0, 1, 1_000],
    ])
  })

  it('for a broker that is to be empty names what cannot leave it', async () => {
    kafka.topic('a')
    await connected()
    const { moves } = await settle(admin.reassignments.plan({ clusterId, wish: { kind: 'drain', brokerId: 2 } }))
    expect(moves).toMatchObject([{ partition: 0, replicas: [1, 2, 3], isStuck: true }])
  })

  it('as typed is compared with what is', async () => {
    kafka.topic('a', { partitions: 2 })
    await connected()
    const placements = [
      { topic: 'a', partition: 0, replicas: [1, 2, 3] },
      { topic: 'a', partition: 1, replicas: [3] },
    ]
    const { moves } = await settle(admin.reassignments.plan({ clusterId, wish: { kind: 'as', placements } }))
    expect(moves).toMatchObject([{ partition: 1, replicas: [3], copies: [] }])
  })
})

describe('moves', () => {
  const placements = [{ topic: 'a', partition: 0, replicas: [2] }]
  beforeEach(async () => {
    kafka.topic('a')
    Object.assign(partitionsOf('a')[0]!, { replicas: [1], isr: [1] })
    kafka.script(AlterPartitionReassignments, ({ topics }) => ({
      throttleTimeMs: 0,
      errorCode: 0,
      errorMessage: null,
      responses: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex, replicas }) => {
          const partition = partitionsOf(name)[partitionIndex]!
          if (replicas !== null) partition.replicas = [...replicas, ...partition.replicas]
          else partition.replicas = [1]
          return { partitionIndex, errorCode: 0, errorMessage: null }
        }),
      })),
    }))
    kafka.script(ListPartitionReassignments, () => ({
      throttleTimeMs: 0,
      errorCode: 0,
      errorMessage: null,
      topics: [...kafka.topics].flatMap(([name, { partitions }]) => {
        const moving = partitions.flatMap(({ replicas, isr }, partitionIndex) => {
          const addingReplicas = replicas.filter(id => !isr.includes(id))
          return addingReplicas.length === 0 ? [] : [{ partitionIndex, replicas, addingReplicas, removingReplicas: isr }]
        })
        return moving.length === 0 ? [] : [{ name, partitions: moving }]
      }),
    }))
    await connected()
  })

  it('are told of with what was copied so far, whoever began them', async () => {
    Object.assign(partitionsOf('a')[0]!, { replicas: [2, 1] })
    expect(await settle(admin.reassignments.list({ clusterId }))).toEqual({
      reassignments: [{ topic: 'a', partition: 0, replicas: [2, 1], adding: [2], removing: [1], bytes: 1_000, copiedBytes: 250 }],
      throttle: null,
    })
  })

  it('begin and are cancelled', async () => {
    const outcomes = await settle(admin.reassignments.start({ clusterId, placements, bytesPerSecond: null }))
    expect(outcomes).toEqual([{ topic: 'a', partition: 0, problem: null }])
    expect((await settle(admin.reassignments.list({ clusterId }))).reassignments).toHaveLength(1)
    await settle(admin.reassignments.cancel({ clusterId, partitions: [{ topic: 'a', partition: 0 }] }))
    expect((await settle(admin.reassignments.list({ clusterId }))).reassignments).toEqual([])
  })

  it('are throttled at both ends, next to what was throttled before, and the throttle is taken away', async () => {
    configs.set('2 a', new Map([['leader.replication.throttled.replicas', '7:3']]))
    await settle(admin.reassignments.start({ clusterId, placements, bytesPerSecond: 5_000_000 }))
    expect(configs.get('2 a')).toEqual(
      new Map([
        ['leader.replication.throttled.replicas', '7:3,0:1'],
        ['follower.replication.throttled.replicas', '0:2'],
      ]),
    )
    expect((await settle(admin.reassignments.list({ clusterId }))).throttle).toEqual({
      bytesPerSecond: 5_000_000,
      topics: ['a'],
      removal: { moves: 1, left: 1, problem: null },
    })
    await settle(admin.reassignments.unthrottle({ clusterId }))
    expect((await settle(admin.reassignments.list({ clusterId }))).throttle).toBeNull()
    expect(configs.get('2 a')?.size).toBe(0)
  })

  describe('that were throttled here', () => {
    const start = () => settle(admin.reassignments.start({ clusterId, placements, bytesPerSecond: 5_000_000 }))
    const ended = () => Object.assign(partitionsOf('a')[0]!, { replicas: [2], isr: [2] })
    const rates = () => [1, 2, 3].map(id => configs.get(`4 ${id}`)?.get('leader.replication.throttled.rate'))
    /** Whatever was set by then: the host ends and another one begins. */
    const restarted = async () => {
      await settle(admin.close())
      admin = services()
      admin.watchThrottles(clusterId)
    }

    it('are let go when the last of them has ended, though nobody looks, and what others throttled stays theirs', async () => {
      configs.set('2 a', new Map([['leader.replication.throttled.replicas', '7:3']]))
      await start()
      await kafka.world.run(20_000)
      expect(removed).toEqual([])
      ended()
      await kafka.world.run(5_000)
      expect(removed).toMatchObject([{ clusterId, topics: ['a'], moves: 1, problem: null }])
      expect(configs.get('2 a')).toEqual(new Map([['leader.replication.throttled.replicas', '7:3']]))
      expect(rates()).toEqual(['5000000', '5000000', '5000000'])
      expect((await settle(admin.reassignments.list({ clusterId }))).throttle).toMatchObject({ removal: null })
    })

    it('are let go by the next host, when this one ends before them', async () => {
      await start()
      await restarted()
      await kafka.world.run(5_000)
      expect(removed).toEqual([])
      ended()
      await kafka.world.run(5_000)
      expect(removed).toHaveLength(1)
      expect(configs.get('2 a')?.size).toBe(0)
      expect(rates()).toEqual([undefined, undefined, undefined])
      expect((await settle(admin.reassignments.list({ clusterId }))).throttle).toBeNull()
    })

    it('keep a rate that somebody else has set since', async () => {
      await start()
      for (const side of ['leader', 'follower']) configs.get('4 2')!.set(`${side}.replication.throttled.rate`, '7')
      ended()
      await kafka.world.run(5_000)
      expect(rates()).toEqual([undefined, '7', undefined])
    })

    it('are let go at once when none of them began', async () => {
      kafka.script(AlterPartitionReassignments, () => ({
        throttleTimeMs: 0,
        errorCode: 0,
        errorMessage: null,
        responses: [
          { name: 'a', partitions: [{ partitionIndex: 0, errorCode: errorCode('INVALID_REPLICA_ASSIGNMENT'), errorMessage: null }] },
        ],
      }))
      await start()
      await kafka.world.run(5_000)
      expect(removed).toHaveLength(1)
      expect(rates()).toEqual([undefined, undefined, undefined])
    })

    it('wait until the cluster may be changed', async () => {
      await start()
      mayChange = false
      ended()
      await kafka.world.run(20_000)
      expect(removed).toEqual([])
      mayChange = true
      await kafka.world.run(5_000)
      expect(removed).toHaveLength(1)
    })

    it('are tried again after a refusal, which is told once', async () => {
      await start()
      let isRefused = true
      configurable(() => isRefused)
      ended()
      await kafka.world.run(20_000)
      expect(removed).toMatchObject([{ problem: expect.any(String) as string }])
      expect((await settle(admin.reassignments.list({ clusterId }))).throttle?.removal).toEqual({
        moves: 1,
        left: 0,
        problem: expect.any(String) as string,
      })
      isRefused = false
      await kafka.world.run(5_000)
      expect(removed).toMatchObject([{}, { problem: null }])
      expect(rates()).toEqual([undefined, undefined, undefined])
    })

    it('are nobody’s business any more when somebody has removed every throttle', async () => {
      await start()
      await settle(admin.reassignments.unthrottle({ clusterId }))
      ended()
      await kafka.world.run(5_000)
      expect(removed).toEqual([])
    })
  })
})

describe('the quorum', () => {
  const replica = (replicaId: number, logEndOffset: number, lastFetchTimestamp = -1) => ({
    replicaId,
    logEndOffset,
    lastFetchTimestamp,
    lastCaughtUpTimestamp: -1,
  })

  it('is told with who leads, and how far the others are behind', async () => {
    kafka.script(DescribeQuorum, ({ topics }) => ({
      errorCode: 0,
      topics: topics.map(({ topicName }) => ({
        topicName,
        partitions: [
          {
            partitionIndex: 0,
            errorCode: 0,
            leaderId: 2,
            leaderEpoch: 7,
            highWatermark: 100,
            currentVoters: [replica(3, 90, 5), replica(1, -1), replica(2, 105)],
            observers: [replica(9, 50)],
          },
        ],
      })),
    }))
    await connected()
    const detail = await settle(admin.quorum.describe({ clusterId }))
    expect(detail).toMatchObject({ leaderId: 2, leaderEpoch: 7, highWatermark: 100 })
    expect(detail.replicas.map(({ nodeId, role, lag, lastFetchMs }) => [nodeId, role, lag, lastFetchMs])).toEqual([
      [1, 'voter', null, null],
      [2, 'leader', 0, null],
      [3, 'voter', 15, 5],
      [9, 'observer', 55, null],
    ])
  })

  it('is not told by a cluster that has none', async () => {
    await connected()
    await expect(settle(admin.quorum.describe({ clusterId }))).rejects.toMatchObject({ code: 'UNSUPPORTED_VERSION' })
  })
})
