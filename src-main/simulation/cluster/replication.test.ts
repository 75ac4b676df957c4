import { afterEach, describe, expect, it, vi } from 'vitest'
import { Partition } from '../../broker/replication/partition.ts'
import { errorName } from '../../protocol/errors.ts'
import { DeleteRecords } from '../../protocol/messages/deleteRecords.ts'
import { InitProducerId } from '../../protocol/messages/initProducerId.ts'
import { ListOffsets } from '../../protocol/messages/listOffsets.ts'
import { Metadata } from '../../protocol/messages/metadata.ts'
import { Produce } from '../../protocol/messages/produce.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { AClient } from './aClient.ts'
import { type ClusterScenario, type SimulatedBroker, SimulatedCluster } from './simulatedCluster.ts'

describe('three brokers', () => {
  let cluster: SimulatedCluster
  let client: AClient
  afterEach(() => cluster.close())

  async function running(scenario: ClusterScenario): Promise<void> {
    cluster = new SimulatedCluster(scenario)
    client = new AClient(cluster)
    await cluster.world.settle(cluster.start())
  }

  it('give a consumer what a producer wrote', async () => {
    await running({ seed: 1 })
    await client.createTopic('orders')
    expect(await client.produce('orders', 'one')).toEqual({ error: 'NONE', baseOffset: 0 })
    expect(await client.produce('orders', 'two')).toEqual({ error: 'NONE', baseOffset: 1 })
    expect(await client.consume('orders')).toEqual({ error: 'NONE', values: ['one', 'two'] })
    await client.inSync('orders')
  })

  it('go on with another leader when one loses its power, and lose nothing that was acknowledged', async () => {
    await running({ seed: 2 })
    await client.createTopic('orders')
    const first = client.leaderOf('orders')!
    await client.produce('orders', 'before')
    cluster.kill(first, { power: true })
    await cluster.world.run(() => client.leaderOf('orders') !== undefined)
    expect(client.leaderOf('orders')).not.toBe(first)
    expect(await client.produce('orders', 'after')).toEqual({ error: 'NONE', baseOffset: 1 })
    expect((await client.consume('orders')).values).toEqual(['before', 'after'])

    await cluster.world.settle(cluster.startBroker(first))
    await client.inSync('orders')
  })

  it('lose nothing when the last in sync loses its power, because who stopped cleanly before is eligible to lead', async () => {
    await running({ seed: 13 })
    await client.createTopic('orders')
    const last = client.leaderOf('orders')!
    const [away, eligible] = [1, 2, 3].filter(id => id !== last) as [number, number]
    await client.produce('orders', 'before')
    cluster.kill(away)
    await cluster.world.run(() => client.leaderOf('orders') === last && cluster.replicasOf('orders', 0)[0]?.isr.length === 2)
    expect((await client.produce('orders', 'only with two of them')).error).toBe('NONE')
    await cluster.world.settle(cluster.stopBroker(eligible))
    const partition = () => cluster.broker(last).server!.metadata.image.topicsByName.get('orders')!.partitions[0]!
    expect(partition()).toMatchObject({ leader: last, isr: [last], elr: [eligible] })

    cluster.kill(last, { power: true, silently: true })
    const started = Promise.all([away, last].map(id => cluster.startBroker(id)))
    await cluster.world.settle(started)
    expect(client.leaderOf('orders')).toBeUndefined()
    expect(partition()).toMatchObject({ leader: -1, isr: [], elr: [eligible], lastKnownElr: [last] })
    await cluster.world.settle(cluster.startBroker(eligible))
    await client.inSync('orders')
    expect((await client.consume('orders')).values).toEqual(['before', 'only with two of them'])
  })

  it('hand leaderships over before one stops, so that nobody is refused for longer than a moment', async () => {
    await running({ seed: 6 })
    await client.createTopic('orders')
    await client.produce('orders', 'before')
    const first = client.leaderOf('orders')!
    const stopped = cluster.stopBroker(first)
    await cluster.world.run(() => client.leaderOf('orders') !== undefined && client.leaderOf('orders') !== first)
    expect((await client.produce('orders', 'meanwhile')).error).toBe('NONE')
    await cluster.world.settle(stopped)
    await cluster.world.settle(cluster.startBroker(first))
    await client.inSync('orders')
  })

  it('copy everything to a broker whose disk was destroyed', async () => {
    await running({ seed: 7 })
    await client.createTopic('orders')
    for (const value of ['one', 'two', 'three']) await client.produce('orders', value)
    const wiped = [1, 2, 3].find(id => id !== client.leaderOf('orders'))!
    cluster.kill(wiped)
    cluster.wipe(wiped)
    await cluster.world.settle(cluster.startBroker(wiped))
    await client.inSync('orders')
    expect((await client.consume('orders')).values).toEqual(['one', 'two', 'three'])
  })

  it.each([1, 4, 5, 6])('say in which of their lives they fetch, also before they hear that they are registered (seed %i)', async seed => {
    await running({ seed })
    await client.createTopic('orders', { partitions: 3 })
    const controller = cluster.brokers.find(each => each.server!.quorum.role === 'leader')!
    const [restarted, other] = cluster.brokers.filter(each => each !== controller) as [SimulatedBroker, SimulatedBroker]
    await cluster.world.settle(cluster.stopBroker(restarted.id))
    const epochs = new Set<number>()
    const { planFetch } = Partition.prototype
    const spy = vi.spyOn(Partition.prototype, 'planFetch').mockImplementation(function (this: Partition, asked, reader, isFirst) {
      if (reader.replica?.id === restarted.id) epochs.add(reader.replica.brokerEpoch)
      return planFetch.call(this, asked, reader, isFirst)
    })
    const epochIn = ({ server }: SimulatedBroker) => server!.metadata.image.brokers.get(restarted.id)!.brokerEpoch
    const before = epochIn(controller)
    const started = cluster.startBroker(restarted.id)
    await cluster.world.run(() => epochIn(controller) > before)
    cluster.world.breakConnections(restarted.name, controller.name)
    await cluster.world.settle(started)
    spy.mockRestore()
    expect([...epochs]).toEqual([epochIn(other)])
  })

  it('time out acks=all and accept acks=1 while the followers stand still', async () => {
    await running({ seed: 3 })
    await client.createTopic('orders')
    const leader = client.leaderOf('orders')!
    await client.produce('orders', 'safe')
    const others = cluster.brokers.filter(({ id }) => id !== leader)
    for (const { name } of others) cluster.world.freeze(name)
    expect((await client.produce('orders', 'too early', { to: leader })).error).toBe('REQUEST_TIMED_OUT')
    expect((await client.produce('orders', 'leader only', { to: leader, acks: 1 })).error).toBe('NONE')
    for (const { name } of others) cluster.world.thaw(name)
    await client.inSync('orders')
  })

  it('send an idempotent producer on to the leader when one that was replaced while it stood still is asked first', async () => {
    await running({ seed: 14 })
    await client.createTopic('orders')
    const first = client.leaderOf('orders')!
    const write = (baseSequence: number, to: number) => {
      const records = buildBatch({
        records: [{ timestamp: 1, key: null, value: Buffer.from(`record ${baseSequence}`) }],
        producerId: 7,
        producerEpoch: 0,
        baseSequence,
      })
      const topicData = [{ name: 'orders', partitionData: [{ index: 0, records }] }]
      return cluster.ask(to, Produce, { acks: -1, timeoutMs: 10_000, topicData })
    }
    const errorOf = async (answer: ReturnType<typeof write>) =>
      errorName((await cluster.world.settle(answer)).responses[0]!.partitionResponses[0]!.errorCode)
    expect(await errorOf(write(0, first))).toBe('NONE')
    const { name } = cluster.broker(first)
    cluster.world.freeze(name)
    const next = () =>
      [1, 2, 3].find(
        id => id !== first && cluster.broker(id).server!.metadata.image.topicsByName.get('orders')!.partitions[0]!.leader === id,
      )
    await cluster.world.run(() => next() !== undefined)
    for (const sequence of [1, 2, 3]) expect(await errorOf(write(sequence, next()!))).toBe('NONE')
    const asked = write(4, first)
    cluster.world.thaw(name)
    expect(await errorOf(asked)).toBe('NOT_LEADER_OR_FOLLOWER')
    await client.inSync('orders')
  })

  it('do not say that too few are in sync for a batch that is stored already, which its producer would take for not stored', async () => {
    await running({ seed: 15 })
    await client.createTopic('orders', { configs: { 'min.insync.replicas': '3' } })
    const leader = client.leaderOf('orders')!
    const write = async (baseSequence: number) => {
      const records = buildBatch({
        records: [{ timestamp: 1, key: null, value: Buffer.from(`record ${baseSequence}`) }],
        producerId: 7,
        producerEpoch: 0,
        baseSequence,
      })
      const topicData = [{ name: 'orders', partitionData: [{ index: 0, records }] }]
      const { responses } = await cluster.world.settle(cluster.ask(leader, Produce, { acks: -1, timeoutMs: 10_000, topicData }))
      return errorName(responses[0]!.partitionResponses[0]!.errorCode)
    }
    expect(await write(0)).toBe('NONE')
    cluster.kill([1, 2, 3].find(id => id !== leader)!)
    await cluster.world.run(() => cluster.replicasOf('orders', 0).some(each => each.isLeader && each.isr.length === 2))
    expect(await write(1)).toBe('NOT_ENOUGH_REPLICAS')
    expect(await write(0)).toBe('NOT_ENOUGH_REPLICAS_AFTER_APPEND')
  })

  it('say where the log starts with a sequence that they refuse, because it may have been among what is deleted (KIP-360)', async () => {
    await running({ seed: 16 })
    await client.createTopic('orders')
    const leader = client.leaderOf('orders')!
    for (const value of ['one', 'two', 'three']) await client.produce('orders', value)
    const deletion = { topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, offset: 2 }] }], timeoutMs: 10_000 }
    await cluster.world.settle(cluster.ask(leader, DeleteRecords, deletion))
    const write = async (baseSequence: number, corrupt = false) => {
      const value = Buffer.from(`record ${baseSequence}`)
      const records = buildBatch({ records: [{ timestamp: 1, key: null, value }], producerId: 7, producerEpoch: 0, baseSequence })
      if (corrupt) records[records.length - 1]! ^= 1
      const topicData = [{ name: 'orders', partitionData: [{ index: 0, records }] }]
      const { responses } = await cluster.world.settle(cluster.ask(leader, Produce, { acks: -1, timeoutMs: 10_000, topicData }))
      const { errorCode, logStartOffset } = responses[0]!.partitionResponses[0]!
      return { error: errorName(errorCode), logStartOffset }
    }
    expect(await write(0)).toEqual({ error: 'NONE', logStartOffset: 2 })
    expect(await write(5)).toEqual({ error: 'OUT_OF_ORDER_SEQUENCE_NUMBER', logStartOffset: 2 })
    expect(await write(1, true)).toEqual({ error: 'CORRUPT_MESSAGE', logStartOffset: -1 })
  })

  it('refuse acks=all once fewer are in sync than min.insync.replicas asks for, and accept acks=1', async () => {
    await running({ seed: 8 })
    await client.createTopic('orders', { configs: { 'min.insync.replicas': '3' } })
    const gone = [1, 2, 3].find(id => id !== client.leaderOf('orders'))!
    cluster.kill(gone)
    await cluster.world.run(() => cluster.replicasOf('orders', 0).some(each => each.isLeader && each.isr.length === 2))
    expect((await client.produce('orders', 'refused')).error).toBe('NOT_ENOUGH_REPLICAS')
    expect((await client.produce('orders', 'unsafe', { acks: 1 })).error).toBe('NONE')
    // KIP-966: what too few have is not shown to anyone.
    expect((await client.consume('orders')).values).toEqual([])
    await cluster.world.settle(cluster.startBroker(gone))
    await client.inSync('orders')
    expect((await client.consume('orders')).values).toEqual(['unsafe'])
  })

  it('tell clients who leads, and create topics that they ask about', async () => {
    await running({ seed: 4 })
    const ask = () => cluster.world.settle(cluster.ask(2, Metadata, { topics: [{ name: 'fresh' }], allowAutoTopicCreation: true }))
    expect(errorName((await ask()).topics[0]!.errorCode)).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    await cluster.world.run(() => [0, 1, 2].every(index => client.leaderOf('fresh', index) !== undefined))
    const answer = await ask()
    expect(answer.brokers.map(each => each.nodeId)).toEqual([1, 2, 3])
    expect(answer.topics[0]!.partitions.map(each => each.leaderId)).toEqual([0, 1, 2].map(index => client.leaderOf('fresh', index)))
  })

  it('send a client that asks the wrong broker to the leader', async () => {
    await running({ seed: 5 })
    await client.createTopic('orders')
    const other = [1, 2, 3].find(id => id !== client.leaderOf('orders'))!
    expect((await client.produce('orders', 'misled', { to: other })).error).toBe('NOT_LEADER_OR_FOLLOWER')
    const partitions = [{ partitionIndex: 0, timestamp: -1 }]
    const listed = await cluster.world.settle(cluster.ask(other, ListOffsets, { replicaId: -1, topics: [{ name: 'orders', partitions }] }))
    expect(errorName(listed.topics[0]!.partitions[0]!.errorCode)).toBe('NOT_LEADER_OR_FOLLOWER')
  })

  it('begin anew when a topic is deleted and its name used again', async () => {
    await running({ seed: 9 })
    const first = await client.createTopic('orders')
    await client.produce('orders', 'old')
    expect(await client.deleteTopic('orders')).toBe('NONE')
    const second = await client.createTopic('orders')
    expect(second.error).toBe('NONE')
    expect(second.topicId).not.toBe(first.topicId)
    expect(await client.produce('orders', 'new')).toEqual({ error: 'NONE', baseOffset: 0 })
    expect((await client.consume('orders')).values).toEqual(['new'])
    await client.inSync('orders')
  })

  it('set aside what was deleted while a broker was away', async () => {
    await running({ seed: 10 })
    await client.createTopic('orders')
    await client.produce('orders', 'old')
    cluster.kill(3)
    await cluster.world.run(() => client.leaderOf('orders') !== undefined)
    await client.deleteTopic('orders')
    await cluster.world.settle(cluster.startBroker(3))
    expect(cluster.replicasOf('orders', 0)).toEqual([])
    const folders = [...cluster.world.disk(cluster.broker(3).name).files().keys()].map(path => path.split('/')[2]!)
    expect(folders.some(name => /^orders-0\.[0-9a-f]{32}-stray$/.test(name))).toBe(true)
    expect(folders).not.toContain('orders-0')
    await client.createTopic('orders')
    await client.produce('orders', 'new')
    await client.inSync('orders')
  })

  it('delete records on every replica before they say so (KIP-107)', async () => {
    await running({ seed: 11 })
    await client.createTopic('orders')
    for (const value of ['one', 'two', 'three']) await client.produce('orders', value)
    const topics = [{ name: 'orders', partitions: [{ partitionIndex: 0, offset: 2 }] }]
    const answer = await cluster.world.settle(cluster.ask(client.leaderOf('orders')!, DeleteRecords, { topics, timeoutMs: 5000 }))
    expect(answer.topics[0]!.partitions[0]).toEqual({ partitionIndex: 0, lowWatermark: 2, errorCode: 0 })
    expect(cluster.replicasOf('orders', 0).map(each => each.logStartOffset)).toEqual([2, 2, 2])
    expect((await client.consume('orders', 0)).error).toBe('OFFSET_OUT_OF_RANGE')
    expect((await client.consume('orders', 2)).values).toEqual(['three'])
  })

  it('keep nothing of what only a former leader had, also where the others have deleted what they have instead', async () => {
    await running({ seed: 16 })
    await client.createTopic('orders')
    await client.produce('orders', 'before')
    const first = client.leaderOf('orders')!
    const { name } = cluster.broker(first)
    for (const other of cluster.brokers) if (other.id !== first) cluster.world.cut(name, other.name)
    for (const value of ['lost', 'lost', 'lost']) expect((await client.produce('orders', value, { acks: 1 })).error).toBe('NONE')
    cluster.kill(first)
    await cluster.world.run(() => client.leaderOf('orders') !== undefined)
    cluster.world.heal()
    for (const value of ['one', 'two', 'three', 'four']) expect((await client.produce('orders', value)).error).toBe('NONE')
    // Up to where the log of the former leader ends.
    const topics = [{ name: 'orders', partitions: [{ partitionIndex: 0, offset: 4 }] }]
    await cluster.world.settle(cluster.ask(client.leaderOf('orders')!, DeleteRecords, { topics, timeoutMs: 5000 }))
    await cluster.world.settle(cluster.startBroker(first))
    await client.inSync('orders')
    expect(cluster.replicasOf('orders', 0).map(each => [each.logStartOffset, each.logEndOffset])).toEqual(Array(3).fill([4, 5]))
    const log = cluster.world.disk(name).files().get('/data/orders-0/00000000000000000000.log')
    expect(String(log)).not.toContain('lost')
  })

  it('never give two producers the same id', async () => {
    await running({ seed: 12 })
    const request = { transactionalId: null, transactionTimeoutMs: 0 }
    const answers = await cluster.world.settle(Promise.all([1, 2, 3, 1, 2, 3].map(id => cluster.ask(id, InitProducerId, request))))
    expect(answers.map(each => errorName(each.errorCode))).toEqual(Array(6).fill('NONE'))
    expect(new Set(answers.map(each => each.producerId)).size).toBe(6)
  })
})
