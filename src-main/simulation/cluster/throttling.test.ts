import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { errorName } from '../../protocol/errors.ts'
import { AlterPartitionReassignments } from '../../protocol/messages/alterPartitionReassignments.ts'
import { CreateTopics } from '../../protocol/messages/createTopics.ts'
import { ElectLeaders } from '../../protocol/messages/electLeaders.ts'
import { IncrementalAlterConfigs } from '../../protocol/messages/incrementalAlterConfigs.ts'
import { Produce } from '../../protocol/messages/produce.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { AClient } from './aClient.ts'
import { SimulatedCluster } from './simulatedCluster.ts'

const TOPIC = 2
const BROKER = 4
const SET = 0
const DELETE = 1
const [LEADER, FOLLOWER, NEWCOMER] = [1, 2, 3]
const BATCHES = 50
const BATCH_BYTES = 4_000
const RATE = 20_000
const SIDES = [
  { side: 'leader', broker: LEADER },
  { side: 'follower', broker: NEWCOMER },
] as const

/** 200 KB at 20 KB a second are ten seconds; without a throttle it is well below one. */
describe.each(SIDES)('a reassignment under a throttle of the $side', ({ side, broker }) => {
  let cluster: SimulatedCluster
  let client: AClient

  beforeEach(async () => {
    cluster = new SimulatedCluster({
      seed: 41,
      settings: { 'replica.fetch.max.bytes': '8192', 'replica.fetch.response.max.bytes': '8192' },
    })
    client = new AClient(cluster)
    await cluster.world.settle(cluster.start())
    const assignments = [{ partitionIndex: 0, brokerIds: [LEADER, FOLLOWER] }]
    const topic = { name: 'orders', numPartitions: -1, replicationFactor: -1, assignments, configs: [] }
    await cluster.world.settle(cluster.ask(LEADER, CreateTopics, { topics: [topic] }))
    await cluster.world.run(() => client.leaderOf('orders') === LEADER)
    for (let count = 0; count < BATCHES; count++) await produce()
  })
  afterEach(() => cluster.close())

  async function produce(): Promise<number> {
    const before = cluster.world.elapsed
    const records = buildBatch({ records: [{ timestamp: 1, key: null, value: Buffer.alloc(BATCH_BYTES) }] })
    const topicData = [{ name: 'orders', partitionData: [{ index: 0, records }] }]
    const { responses } = await cluster.world.settle(cluster.ask(LEADER, Produce, { acks: -1, timeoutMs: 5000, topicData }))
    expect(errorName(responses[0]!.partitionResponses[0]!.errorCode)).toBe('NONE')
    return cluster.world.elapsed - before
  }

  async function alter(resourceType: number, resourceName: string, name: string, value: string | null): Promise<void> {
    const configs = [{ name, configOperation: value === null ? DELETE : SET, value }]
    const request = { resources: [{ resourceType, resourceName, configs }], validateOnly: false }
    const { responses } = await cluster.world.settle(cluster.ask(LEADER, IncrementalAlterConfigs, request))
    expect(errorName(responses[0]!.errorCode)).toBe('NONE')
  }

  async function throttle(replicas: string, rate = RATE): Promise<void> {
    await alter(TOPIC, 'orders', `${side}.replication.throttled.replicas`, replicas)
    await alter(BROKER, String(broker), `${side}.replication.throttled.rate`, String(rate))
    await cluster.world.run(200)
  }

  async function reassign(): Promise<void> {
    const partitions = [{ partitionIndex: 0, replicas: [LEADER, FOLLOWER, NEWCOMER] }]
    const { responses } = await cluster.world.settle(
      cluster.ask(LEADER, AlterPartitionReassignments, { timeoutMs: 5000, topics: [{ name: 'orders', partitions }] }),
    )
    expect(errorName(responses[0]!.partitions[0]!.errorCode)).toBe('NONE')
  }

  /** Makes it the preferred leader, which it becomes. */
  async function lead(name: string, brokerId: number): Promise<void> {
    const replicas = [brokerId, ...[LEADER, FOLLOWER, NEWCOMER].filter(id => id !== brokerId)]
    const topics = [{ name, partitions: [{ partitionIndex: 0, replicas }] }]
    await cluster.world.settle(cluster.ask(LEADER, AlterPartitionReassignments, { timeoutMs: 5000, topics }))
    const elected = { electionType: 0, topicPartitions: [{ topic: name, partitions: [0] }], timeoutMs: 5000 }
    await cluster.world.settle(cluster.ask(LEADER, ElectLeaders, elected))
    await cluster.world.run(() => client.leaderOf(name) === brokerId)
  }

  const newcomer = () => cluster.replicasOf('orders', 0).find(each => each.id === NEWCOMER)
  const isMoved = () => newcomer()?.isr.includes(NEWCOMER) === true

  async function timeToMove(): Promise<number> {
    const before = cluster.world.elapsed
    await reassign()
    await cluster.world.run(isMoved)
    return cluster.world.elapsed - before
  }

  it.each([`0:${broker}`, '*', `7:${broker},0:${broker}`])('moves at about that rate (%s)', async replicas => {
    await throttle(replicas)
    const seconds = (await timeToMove()) / 1000
    expect(seconds).toBeGreaterThan((0.8 * BATCHES * BATCH_BYTES) / RATE)
    expect(seconds).toBeLessThan((1.5 * BATCHES * BATCH_BYTES) / RATE)
  })

  it.each([`1:${broker}`, `0:${FOLLOWER}`, ''])('is not slowed when only others are listed (%s)', async replicas => {
    await throttle(replicas)
    expect(await timeToMove()).toBeLessThan(2000)
  })

  it('slows neither producers nor who is in sync', async () => {
    await throttle('*', 1000)
    await reassign()
    for (let count = 0; count < 40; count++) expect(await produce()).toBeLessThan(100)
    expect(isMoved()).toBe(false)
  })

  it('does not keep producers waiting whose partition has just got another leader', async () => {
    await client.createTopic('paid', { configs: { [`${side}.replication.throttled.replicas`]: '*' } })
    await client.inSync('paid')
    await throttle('*', 1000)
    await reassign()
    await cluster.world.run(500)
    if (client.leaderOf('paid') !== FOLLOWER) await lead('paid', FOLLOWER)
    cluster.kill(FOLLOWER)
    await cluster.world.run(() => cluster.replicasOf('paid', 0).some(each => each.isLeader && each.isr.length === 2))
    const before = cluster.world.elapsed
    expect((await client.produce('paid', 'at once')).error).toBe('NONE')
    expect(cluster.world.elapsed - before).toBeLessThan(100)
    expect(isMoved()).toBe(false)
  })

  it('is over soon once the throttle is taken away', async () => {
    await throttle('*', 1000)
    await reassign()
    await cluster.world.run(5000)
    expect(isMoved()).toBe(false)
    expect(newcomer()!.logEndOffset).toBeLessThan(BATCHES / 4)
    await alter(BROKER, String(broker), `${side}.replication.throttled.rate`, null)
    const before = cluster.world.elapsed
    await cluster.world.run(isMoved)
    expect(cluster.world.elapsed - before).toBeLessThan(15_000)
  })
})
