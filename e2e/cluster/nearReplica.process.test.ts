import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findPython } from '../../resources/npm/programs.mjs'
import { startCluster, untilInSync, type RunningCluster } from './builtCluster.ts'
import { runProgram } from './clients/client.ts'
import { kafkaOf, withAdmin } from './clients/kafkajs.ts'

const TOPIC = 'read-nearby'
const RECORDS = 300
const VALUE_BYTES = 10_000
const python = findPython('confluent_kafka')

interface Told {
  readonly values: readonly string[]
  readonly fetchesFrom: number
  readonly receivedBytes: Readonly<Record<string, number>>
}

describe('a consumer in the rack of a follower (KIP-392)', () => {
  let cluster: RunningCluster
  const values = Array.from({ length: RECORDS }, (_, index) => `${index} `.padEnd(VALUE_BYTES, 'x'))

  beforeAll(async () => {
    cluster = await startCluster({ settings: { 'replica.selector.class': 'org.apache.kafka.common.replica.RackAwareReplicaSelector' } })
    for (const brokerId of cluster.brokerIds) {
      await appendFile(join(cluster.directory, `broker-${brokerId}.properties`), `\nbroker.rack=rack-${brokerId}\n`)
      await cluster.restart(brokerId)
    }
    const kafka = kafkaOf(cluster.bootstrapServers, 'nearby')
    await withAdmin(kafka, admin => admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 1, replicationFactor: 3 }] }))
    await untilInSync(cluster)
    const producer = kafka.producer()
    await producer.connect()
    for (let from = 0; from < RECORDS; from += 50)
      await producer.send({ topic: TOPIC, acks: -1, messages: values.slice(from, from + 50).map(value => ({ partition: 0, value })) })
    await producer.disconnect()
  })
  afterAll(() => cluster.stop())

  async function readFrom(rack: string): Promise<Told> {
    const order = { bootstrap: cluster.bootstrapServers, topic: TOPIC, rack, count: RECORDS }
    const script = join(import.meta.dirname, 'clients', 'confluent_near.py')
    return JSON.parse((await runProgram(python!, [script], JSON.stringify(order))).toString('utf8')) as Told
  }

  const leader = () => cluster.snapshot().partitions.find(each => each.topic === TOPIC)!.leader!

  it.skipIf(python === undefined)('reads everything from that follower', async () => {
    const [near, far] = cluster.brokerIds.filter(id => id !== leader()) as [number, number]
    const told = await readFrom(`rack-${near}`)
    expect(told.values).toEqual(values)
    expect(told.fetchesFrom).toBe(near)
    expect(told.receivedBytes[near]).toBeGreaterThan(RECORDS * VALUE_BYTES)
    expect((told.receivedBytes[leader()] ?? 0) + (told.receivedBytes[far] ?? 0)).toBeLessThan(VALUE_BYTES * 5)
  })

  it.skipIf(python === undefined)("reads everything from the leader when it is in the leader's rack, or in nobody's", async () => {
    for (const rack of [`rack-${leader()}`, 'rack-of-nobody']) {
      const told = await readFrom(rack)
      expect(told.values).toEqual(values)
      expect(told.fetchesFrom).toBe(leader())
    }
  })
})
