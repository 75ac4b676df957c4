import { afterEach, describe, expect, it } from 'vitest'
import { errorName } from '../../protocol/errors.ts'
import { CreateTopics } from '../../protocol/messages/createTopics.ts'
import { Fetch } from '../../protocol/messages/fetch.ts'
import { ListOffsets } from '../../protocol/messages/listOffsets.ts'
import { Metadata } from '../../protocol/messages/metadata.ts'
import { Produce } from '../../protocol/messages/produce.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { batchesIn } from '../../protocol/records/batch.ts'
import { decodeRecords } from '../../protocol/records/record.ts'
import { SimulatedCluster, type ClusterScenario } from './simulatedCluster.ts'

describe('three brokers', () => {
  let cluster: SimulatedCluster
  afterEach(() => cluster.close())

  async function running(scenario: ClusterScenario): Promise<void> {
    cluster = new SimulatedCluster(scenario)
    await cluster.world.settle(cluster.start())
  }

  async function createTopic(name: string, options: { partitions?: number; replicas?: number } = {}): Promise<void> {
    const { partitions: numPartitions = 1, replicas: replicationFactor = 3 } = options
    const topic = { name, numPartitions, replicationFactor, assignments: [], configs: [] }
    const response = await cluster.world.settle(cluster.ask(1, CreateTopics, { topics: [topic], timeoutMs: 5000 }))
    expect(response.topics.map(each => errorName(each.errorCode))).toEqual(['NONE'])
    await cluster.world.run(() => cluster.leaderOf(name, 0) !== undefined)
  }

  async function produce(to: number, topic: string, value: string, acks = -1): Promise<{ error: string; baseOffset: number }> {
    const records = buildBatch({ records: [{ timestamp: Math.floor(cluster.world.elapsed), key: null, value: Buffer.from(value) }] })
    const response = await cluster.world.settle(
      cluster.ask(to, Produce, { acks, timeoutMs: 2000, topicData: [{ name: topic, partitionData: [{ index: 0, records }] }] }),
    )
    const answer = response.responses[0]!.partitionResponses[0]!
    return { error: errorName(answer.errorCode), baseOffset: answer.baseOffset }
  }

  async function consume(from: number, topic: string, offset: number): Promise<string[]> {
    const topicId = [...cluster.broker(from).server!.metadata.image.topicsByName.values()].find(each => each.name === topic)!.topicId
    const response = await cluster.world.settle(
      cluster.ask(from, Fetch, {
        maxWaitMs: 1000,
        minBytes: 1,
        topics: [{ topic, topicId, partitions: [{ partition: 0, fetchOffset: offset, partitionMaxBytes: 1e6 }] }],
      }),
    )
    const answer = response.responses[0]!.partitions[0]!
    expect(errorName(answer.errorCode)).toBe('NONE')
    const records = answer.records ?? Buffer.alloc(0)
    return [...batchesIn(records)].flatMap(at => decodeRecords(records, at, 1e6).map(each => String(each.value)))
  }

  it('give a consumer what a producer wrote, from the leader', async () => {
    await running({ seed: 1 })
    await createTopic('orders')
    const leader = cluster.leaderOf('orders', 0)!
    expect(await produce(leader, 'orders', 'one')).toEqual({ error: 'NONE', baseOffset: 0 })
    expect(await produce(leader, 'orders', 'two')).toEqual({ error: 'NONE', baseOffset: 1 })
    expect(await consume(leader, 'orders', 0)).toEqual(['one', 'two'])
    await cluster.world.run(() => cluster.replicasOf('orders', 0).every(each => each.highWatermark === 2 && each.isr.length === 3))
  })

  it('go on with another leader when one is killed, and lose nothing that was acknowledged', async () => {
    await running({ seed: 2 })
    await createTopic('orders')
    const first = cluster.leaderOf('orders', 0)!
    expect((await produce(first, 'orders', 'before')).error).toBe('NONE')
    cluster.kill(first, { power: true })
    await cluster.world.run(() => cluster.leaderOf('orders', 0) !== undefined)
    const second = cluster.leaderOf('orders', 0)!
    expect(second).not.toBe(first)
    expect((await produce(second, 'orders', 'after')).error).toBe('NONE')
    expect(await consume(second, 'orders', 0)).toEqual(['before', 'after'])

    await cluster.world.settle(cluster.startBroker(first))
    await cluster.world.run(
      () => cluster.replicasOf('orders', 0).filter(each => each.isr.length === 3 && each.highWatermark === 2).length === 3,
    )
  })

  it('refuse acks=all and accept acks=1 with too few in-sync replicas', async () => {
    await running({ seed: 3 })
    await createTopic('orders')
    const leader = cluster.leaderOf('orders', 0)!
    const others = [1, 2, 3].filter(id => id !== leader)
    await produce(leader, 'orders', 'safe')
    // One alone would lose the quorum with it: it only loses its followers.
    for (const other of others) cluster.world.freeze(cluster.broker(other).name)
    const late = await produce(leader, 'orders', 'too early')
    expect(late.error).toBe('REQUEST_TIMED_OUT')
    expect((await produce(leader, 'orders', 'leader only', 1)).error).toBe('NONE')
    for (const other of others) cluster.world.thaw(cluster.broker(other).name)
    await cluster.world.run(() => cluster.replicasOf('orders', 0).every(each => each.highWatermark === 3))
  })

  it('tell clients who leads, and create topics that they ask about', async () => {
    await running({ seed: 4 })
    const ask = () => cluster.world.settle(cluster.ask(2, Metadata, { topics: [{ name: 'fresh' }], allowAutoTopicCreation: true }))
    expect(errorName((await ask()).topics[0]!.errorCode)).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    await cluster.world.run(() => cluster.leaderOf('fresh', 0) !== undefined)
    await cluster.world.run(200)
    const answer = await ask()
    expect(answer.brokers.map(each => each.nodeId)).toEqual([1, 2, 3])
    expect(answer.topics[0]!.partitions.map(each => each.leaderId)).toEqual([0, 1, 2].map(index => cluster.leaderOf('fresh', index)))
  })

  it('tell a client that asks the wrong broker where the leader is (KIP-951)', async () => {
    await running({ seed: 5 })
    await createTopic('orders')
    const leader = cluster.leaderOf('orders', 0)!
    const other = [1, 2, 3].find(id => id !== leader)!
    expect((await produce(other, 'orders', 'misled')).error).toBe('NOT_LEADER_OR_FOLLOWER')
    const listed = await cluster.world.settle(
      cluster.ask(other, ListOffsets, { replicaId: -1, topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, timestamp: -1 }] }] }),
    )
    expect(errorName(listed.topics[0]!.partitions[0]!.errorCode)).toBe('NOT_LEADER_OR_FOLLOWER')
  })
})
