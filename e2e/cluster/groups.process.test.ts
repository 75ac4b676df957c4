import { Kafka, logLevel, type Consumer } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { partitionForGroup } from '../../src-main/protocol/hashing.ts'
import { eventually, startCluster, untilInSync, type RunningCluster } from './builtCluster.ts'

let cluster: RunningCluster
let kafka: Kafka
const consumers: Consumer[] = []

beforeAll(async () => {
  cluster = await startCluster()
  kafka = new Kafka({
    clientId: 'groups',
    brokers: cluster.bootstrapServers.split(','),
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 30, maxRetryTime: 200, retries: 60 },
  })
})

afterAll(async () => {
  await Promise.all(consumers.map(consumer => consumer.disconnect()))
  await cluster.stop()
})

async function aTopic(topic: string, options: { partitions: number; records: number }) {
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: options.partitions, replicationFactor: 3 }] })
  await admin.disconnect()
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  const messages = Array.from({ length: options.records }, (_, n) => ({ partition: n % options.partitions, value: `record-${n}` }))
  if (messages.length > 0) await producer.send({ topic, acks: -1, messages })
  await producer.disconnect()
}

async function aConsumer(groupId: string, options: { sessionTimeout?: number } = {}): Promise<Consumer> {
  const consumer = kafka.consumer({ groupId, sessionTimeout: options.sessionTimeout ?? 6_000, heartbeatInterval: 500 })
  consumers.push(consumer)
  await consumer.connect()
  return consumer
}

/** Reads with a group until `count` values came. */
async function readAll(groupId: string, topic: string, count: number): Promise<string[]> {
  const values: string[] = []
  const consumer = await aConsumer(groupId)
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({ eachMessage: async ({ message }) => void values.push(String(message.value)) })
  await eventually(`${groupId} reads ${count} records`, () => values.length >= count)
  await consumer.disconnect()
  return values
}

async function committedOffsets(groupId: string, topic: string): Promise<number[]> {
  const admin = kafka.admin()
  await admin.connect()
  const [of] = await admin.fetchOffsets({ groupId, topics: [topic] })
  await admin.disconnect()
  return (of?.partitions ?? []).sort((a, b) => a.partition - b.partition).map(each => Number(each.offset))
}

describe('a consumer group', () => {
  it('goes on from exactly 50 when the member that had read and committed 50 dies', async () => {
    await aTopic('fifty', { partitions: 1, records: 100 })
    const first = await aConsumer('fifty-group')
    const read: number[] = []
    const isDead = Promise.withResolvers<void>()
    await first.subscribe({ topic: 'fifty', fromBeginning: true })
    await first.run({
      autoCommit: false,
      eachMessage: async ({ message }) => {
        if (read.length >= 50) return isDead.promise // as dead as a member can be that shares this process: it never says a word again
        read.push(Number(message.offset))
        if (read.length === 50) await first.commitOffsets([{ topic: 'fifty', partition: 0, offset: '50' }])
      },
    })
    await eventually('50 records read', () => read.length === 50)
    await eventually('the commit is there', async () => (await committedOffsets('fifty-group', 'fifty'))[0] === 50)

    const second = await aConsumer('fifty-group')
    const continued: number[] = []
    await second.subscribe({ topic: 'fifty', fromBeginning: true })
    await second.run({ eachMessage: async ({ message }) => void continued.push(Number(message.offset)) })
    isDead.resolve()
    await first.disconnect()
    await eventually('the rest is read', () => continued.length >= 50)
    expect(continued).toEqual(Array.from({ length: 50 }, (_, n) => n + 50))
    await second.disconnect()
  })

  it('lets one of five members on four partitions idle', async () => {
    await aTopic('four', { partitions: 4, records: 0 })
    const members = await Promise.all(Array.from({ length: 5 }, () => aConsumer('five-members')))
    for (const member of members) {
      await member.subscribe({ topic: 'four', fromBeginning: true })
      await member.run({ eachMessage: async () => undefined })
    }
    const admin = kafka.admin()
    await admin.connect()
    const { AssignerProtocol } = await import('kafkajs')
    const shares = await eventually('all five have their share', async () => {
      const { groups } = await admin.describeGroups(['five-members'])
      const [group] = groups
      if (group?.state !== 'Stable' || group.members.length !== 5) return undefined
      return group.members.map(member => {
        const assigned =
          member.memberAssignment.length === 0 ? undefined : AssignerProtocol.MemberAssignment.decode(member.memberAssignment)
        return assigned?.assignment.four ?? []
      })
    })
    expect(shares.map(share => share.length).sort()).toEqual([0, 1, 1, 1, 1])
    expect(shares.flat().sort()).toEqual([0, 1, 2, 3])
    await Promise.all(members.map(member => member.disconnect()))
    await admin.disconnect()
  })

  it('reads everything independently of another group', async () => {
    await aTopic('shared', { partitions: 3, records: 300 })
    const [one, two] = await Promise.all([readAll('reader-one', 'shared', 300), readAll('reader-two', 'shared', 300)])
    const all = Array.from({ length: 300 }, (_, n) => `record-${n}`).sort()
    expect([...one].sort()).toEqual(all)
    expect([...two].sort()).toEqual(all)
  })

  it('keeps its offsets when its coordinator dies', async () => {
    await aTopic('durable', { partitions: 2, records: 40 })
    await readAll('durable-group', 'durable', 40)
    const before = await committedOffsets('durable-group', 'durable')
    expect(before).toEqual([20, 20])
    const offsets = cluster.snapshot().partitions.filter(each => each.topic === '__consumer_offsets')
    const coordinator = offsets[partitionForGroup('durable-group', offsets.length)]?.leader
    if (coordinator === undefined || coordinator === null) throw new Error('the group has no coordinator')
    await cluster.kill(coordinator)
    expect(await committedOffsets('durable-group', 'durable')).toEqual(before)
    await cluster.start(coordinator)
    await untilInSync(cluster)
    expect(await committedOffsets('durable-group', 'durable')).toEqual(before)
  })
})
