import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { GroupDetail } from '../contract/groups.ts'
import type { MessageRow } from '../contract/messages.ts'
import { nodeEnv } from '../env/node/env.ts'
import { type RunningCluster, startCluster } from '../hosts/cli/startCluster.ts'
import { type AdminServices, adminServices } from './adminServices.ts'

const clusterId = 'local'

let cluster: RunningCluster
let admin: AdminServices

beforeAll(async () => {
  cluster = await startCluster()
  admin = adminServices(nodeEnv(), {
    bootstrapOf: () => cluster.brokerIds.map(id => ({ host: '127.0.0.1', port: cluster.portOf(id) })),
  })
})
afterAll(async () => {
  await admin.close()
  await cluster.stop()
})

const kafkajs = () => new Kafka({ brokers: cluster.bootstrapServers.split(','), logLevel: logLevel.NOTHING, requestTimeout: 5_000 })
const bytes = (text: string) => new Uint8Array(Buffer.from(text))

async function until(isSo: () => boolean | Promise<boolean>, withinMs = 20_000): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`it did not come to ${isSo.toString()}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

/** Everything there is of `topic`, in as many questions as it takes: one may ask for 1,000 offsets. */
async function readAll(topic: string): Promise<MessageRow[]> {
  const rows: MessageRow[] = []
  for (const { partition, start, end } of await admin.messages.extent({ clusterId, topic })) {
    for (let from = start; from < end; from += 1_000) {
      rows.push(...(await admin.messages.read({ clusterId, topic, ranges: [{ partition, from, to: Math.min(end, from + 1_000) }] })))
    }
  }
  return rows
}

describe('on three real brokers', () => {
  it('a topic is created, described and deleted', async () => {
    const name = 'created'
    await admin.topics.create({ clusterId, name, partitions: 4, replicationFactor: null, configs: { 'retention.ms': '3600000' } })
    const { partitions } = await admin.topics.describe({ clusterId, topic: name })
    expect(partitions).toHaveLength(4)
    expect(partitions.every(({ leader }) => leader !== null)).toBe(true)
    // Followers make their logs in their own time.
    await until(async () => {
      const detail = await admin.topics.describe({ clusterId, topic: name })
      return detail.partitions.every(({ replicaLogs }) => replicaLogs.every(each => each.isOnline && each.sizeBytes === 0))
    })
    const configs = await admin.topics.configs({ clusterId, topic: name })
    expect(configs.find(each => each.name === 'retention.ms')).toMatchObject({ value: '3600000', isDefault: false })
    expect(configs.find(each => each.name === 'cleanup.policy')).toMatchObject({ value: 'delete', isDefault: true })
    await admin.topics.delete({ clusterId, topic: name })
    expect((await admin.topics.list({ clusterId })).map(each => each.name)).not.toContain(name)
  })

  it.each([
    { name: 'no-such-replicas', replicationFactor: 9, configs: {}, code: 'INVALID_REPLICATION_FACTOR' },
    { name: 'no-such-config', replicationFactor: 3, configs: { 'retention.ms': 'long' }, code: 'INVALID_CONFIG' },
  ])('a topic that cannot be is refused with $code and a sentence', async ({ code, ...wanted }) => {
    const refusal = admin.topics.create({ clusterId, partitions: 1, ...wanted })
    await expect(refusal).rejects.toMatchObject({ code, message: expect.stringMatching(/[a-z].* .*/) })
  })

  it('what we produce is what other clients consume, and the other way round', async () => {
    const topic = 'both-ways'
    await admin.topics.create({ clusterId, name: topic, partitions: 3, replicationFactor: 3, configs: {} })
    const producer = kafkajs().producer()
    await producer.connect()
    await producer.send({ topic, messages: [{ key: 'key-1', value: '{"by":"kafkajs"}', headers: { trace: 'abc' } }], compression: 1 })
    const ours = await admin.messages.produce({
      clusterId,
      topic,
      partition: null,
      key: bytes('key-1'),
      value: bytes('{"by":"us"}'),
      headers: [{ key: 'trace', value: bytes('def') }],
      compression: 'gzip',
    })
    await producer.disconnect()
    const rows = await readAll(topic)
    expect(rows.map(({ partition, key, value }) => [partition, key?.text, value?.text])).toEqual([
      [ours.partition, 'key-1', '{"by":"kafkajs"}'],
      [ours.partition, 'key-1', '{"by":"us"}'],
    ])
    const theirs = await admin.messages.detail({ clusterId, topic, partition: ours.partition, offset: 0 })
    expect(theirs).toMatchObject({ headers: [{ key: 'trace', value: { text: 'abc' } }], batch: { compression: 'gzip', recordCount: 1 } })

    const consumer = kafkajs().consumer({ groupId: 'both-ways-readers' })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    const consumed: unknown[] = []
    await consumer.run({ eachMessage: async ({ message }) => void consumed.push([String(message.value), String(message.headers?.trace)]) })
    await until(() => consumed.length === 2)
    expect(consumed).toEqual([
      ['{"by":"kafkajs"}', 'abc'],
      ['{"by":"us"}', 'def'],
    ])

    const groupId = 'both-ways-readers'
    await until(async () => (await admin.groups.describe({ clusterId, groupId })).totalLag === 0)
    const detail = await admin.groups.describe({ clusterId, groupId })
    expect(detail).toMatchObject({ state: 'Stable', protocolType: 'consumer', totalLag: 0 })
    expect(detail.members).toHaveLength(1)
    expect(detail.members[0]?.assignment).toEqual([{ topic, partitions: [0, 1, 2] }])
    await expect(admin.groups.delete({ clusterId, groupId })).rejects.toMatchObject({ code: 'NON_EMPTY_GROUP' })
    await consumer.disconnect()
    await until(async () => (await admin.groups.list({ clusterId })).some(each => each.groupId === groupId && each.state === 'Empty'))
    await admin.groups.delete({ clusterId, groupId })
    expect(await admin.groups.list({ clusterId })).toEqual([])
  })

  it('a tail, a watched group and produce go on while a broker is killed and another frozen', async () => {
    const topic = 'under-fire'
    const groupId = 'under-fire-readers'
    await admin.topics.create({ clusterId, name: topic, partitions: 3, replicationFactor: 3, configs: { 'min.insync.replicas': '2' } })
    // With its own patience of half a minute it would be the slowest part of this test.
    const consumer = kafkajs().consumer({ groupId, sessionTimeout: 6_000, rebalanceTimeout: 6_000, heartbeatInterval: 500 })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({ eachMessage: async () => {} })

    const leaving = new AbortController()
    const tailed: MessageRow[] = []
    const watched: GroupDetail[] = []
    const tail = (async () => {
      for await (const rows of admin.messages.tail({ clusterId, topic, partitions: null }, leaving.signal)) tailed.push(...rows)
    })()
    const watching = (async () => {
      for await (const detail of admin.groups.watch({ clusterId, groupId, everyMs: 200 }, leaving.signal)) watched.push(detail)
    })()
    await until(() => watched.length > 0)
    const stored: string[] = []
    const produceFor = async (ms: number) => {
      const end = performance.now() + ms
      while (performance.now() < end) {
        const value = `record ${stored.length}`
        const at = await admin.messages.produce({
          clusterId,
          topic,
          partition: null,
          key: null,
          value: bytes(value),
          headers: [],
          compression: 'none',
        })
        stored.push(`${at.partition}/${at.offset} ${value}`)
      }
    }
    await produceFor(300)
    await cluster.kill(1)
    await produceFor(1_000)
    expect((await admin.topics.describe({ clusterId, topic })).partitions.every(each => each.leader !== null && each.leader !== 1)).toBe(
      true,
    )
    await cluster.start(1)
    await until(async () => (await admin.topics.list({ clusterId })).every(each => each.underReplicated === 0))
    await cluster.pause(2)
    // A frozen broker holds nobody up: these are answered while it stands still. How soon is shown in simulated time.
    await admin.topics.list({ clusterId })
    await admin.groups.list({ clusterId })
    await produceFor(1_000)
    await cluster.resume(2)
    await until(async () => (await admin.topics.list({ clusterId })).every(each => each.underReplicated === 0))

    await until(() => tailed.length >= stored.length)
    const shown = tailed.map(({ partition, offset, value }) => `${partition}/${offset} ${value?.text}`)
    expect(shown.toSorted()).toEqual(stored.toSorted())
    expect((await readAll(topic)).length).toBe(stored.length)
    await until(() => watched.at(-1)?.totalLag === 0, 60_000)
    leaving.abort()
    await Promise.all([tail, watching])
    await consumer.disconnect()
  })
})
