import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AdminServices, adminServices } from '../../src-main/admin/adminServices.ts'
import { commitOffsets } from '../../src-main/admin/groupChanges.ts'
import { KafkaClient } from '../../src-main/admin/kafkaClient.ts'
import { nodeEnv } from '../../src-main/env/node/env.ts'
import { startCluster, type RunningCluster } from './builtCluster.ts'
import { kafkaOf, kafkajs, withAdmin } from './clients/kafkajs.ts'
import type { ToProduce } from './clients/client.ts'
import { confluentPython, kafkaPython } from './clients/python.ts'

const clusterId = 'local'
const topic = 'orders'
const groupId = 'fulfilment'
const PARTITIONS = 3
/** When the first record was written, by its timestamp; one came each millisecond. */
const WRITTEN_MS = Date.now() - 3_600_000

let cluster: RunningCluster
let admin: AdminServices
beforeAll(async () => {
  cluster = await startCluster()
  admin = adminServices(nodeEnv(), {
    bootstrapOf: () => cluster.brokerIds.map(id => ({ host: '127.0.0.1', port: cluster.portOf(id) })),
  })
  await withAdmin(kafka(), client => client.createTopics({ topics: [{ topic, numPartitions: PARTITIONS, replicationFactor: 3 }] }))
  await kafkajs.produce(cluster.bootstrapServers, { topic, codec: 'none', records: Array.from({ length: 300 }, (_, n) => aRecord(n)) })
  // Partition 2 was never read.
  await commit(groupId, topic, [33, 100])
})
afterAll(async () => {
  await admin.close()
  await cluster.stop()
})

const kafka = () => kafkaOf(cluster.bootstrapServers, 'lag')
const aRecord = (n: number): ToProduce => ({
  partition: n % PARTITIONS,
  key: null,
  value: `record-${n}`,
  headers: [],
  timestamp: WRITTEN_MS + n,
})
const commit = (group: string, of: string, offsets: readonly number[]) =>
  withAdmin(kafka(), client =>
    client.setOffsets({
      groupId: group,
      topic: of,
      partitions: offsets.map((offset, partition) => ({ partition, offset: String(offset) })),
    }),
  )

describe('the lag of a group', () => {
  it.each([confluentPython, kafkaPython])('is what $name says', async client => {
    const missing = client.missing()
    if (missing !== undefined) {
      console.warn(`SKIPPED: ${missing}`)
      return
    }
    const theirs = await client.lag!(cluster.bootstrapServers, { topic, groupId, partitions: PARTITIONS })
    const ours = await admin.groups.describe({ clusterId, groupId })
    expect(theirs).toEqual([
      { partition: 0, committed: 33, end: 100 },
      { partition: 1, committed: 100, end: 100 },
      { partition: 2, committed: null, end: 100 },
    ])
    expect(
      ours.partitions.map(({ partition, committedOffset, logEndOffset, lag }) => [partition, committedOffset, logEndOffset, lag]),
    ).toEqual(
      theirs.filter(each => each.committed !== null).map(({ partition, committed, end }) => [partition, committed, end, end - committed!]),
    )
  })

  it('is told in time by the record that is to be read next', async () => {
    const { partitions } = await admin.groups.describe({ clusterId, groupId })
    // The 33rd record of partition 0 is the 99th of all.
    expect(Math.abs(Date.now() - partitions[0]!.lagMs! - (WRITTEN_MS + 99))).toBeLessThan(5_000)
    expect(partitions[1]!.lagMs).toBe(0)
  })
})

describe('what is changed of a group', () => {
  it('is what another client sees', async () => {
    const plan = await admin.groups.planReset({
      clusterId,
      groupId,
      target: { kind: 'time', timestampMs: WRITTEN_MS + 150 },
      scope: [{ topic, partitions: null }],
    })
    expect(plan.rows.map(({ partition, before, after }) => [partition, before, after])).toEqual([
      [0, 33, 50],
      [1, 100, 50],
      [2, null, 50],
    ])
    const offsets = plan.rows.map(({ partition, before, after }) => ({ topic, partition, before, after: after! }))
    await admin.groups.reset({ clusterId, groupId, offsets })
    const seen = async () =>
      withAdmin(kafka(), async client => {
        const [of] = await client.fetchOffsets({ groupId, topics: [topic] })
        return (of?.partitions ?? []).map(each => Number(each.offset))
      })
    expect(await seen()).toEqual([50, 50, 50])
    await admin.groups.deleteOffsets({ clusterId, groupId, topic, partitions: [1] })
    expect(await seen()).toEqual([50, -1, 50])
    await admin.groups.delete({ clusterId, groupId })
    expect((await admin.groups.list({ clusterId })).map(group => group.groupId)).not.toContain(groupId)
  })

  it('may be a member, who has to go', async () => {
    const consumer = kafka().consumer({ groupId: 'with-a-member', sessionTimeout: 30_000 })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    const { promise: removed, resolve } = Promise.withResolvers<void>()
    consumer.on(consumer.events.REBALANCING, () => resolve())
    const { promise: joined, resolve: didJoin } = Promise.withResolvers<void>()
    consumer.on(consumer.events.GROUP_JOIN, () => didJoin())
    await consumer.run({ eachMessage: async () => undefined })
    await joined
    const group = { clusterId, groupId: 'with-a-member' }
    const { members } = await admin.groups.describe(group)
    expect(members).toHaveLength(1)
    await admin.groups.removeMember({ ...group, memberId: members[0]!.memberId, groupInstanceId: null, reason: 'a test' })
    expect((await admin.groups.describe(group)).members.map(({ memberId }) => memberId)).not.toContain(members[0]!.memberId)
    // kafkajs joins again as soon as it is told; that it was told is what counts.
    await Promise.race([removed, joined])
    await consumer.disconnect()
  })
})

it('200 groups that read 50 partitions each are listed at once', async () => {
  const topics = ['many-0', 'many-1', 'many-2', 'many-3']
  await withAdmin(kafka(), client =>
    client.createTopics({ topics: topics.map(name => ({ topic: name, numPartitions: 50, replicationFactor: 3 })) }),
  )
  const client = new KafkaClient(nodeEnv(), { bootstrapServers: [{ host: '127.0.0.1', port: cluster.portOf(cluster.brokerIds[0]!) }] })
  for (let n = 0; n < 200; n++) {
    const offsets = Array.from({ length: 50 }, (_, partition) => ({ topic: topics[n % topics.length]!, partition, offset: 0 }))
    await commitOffsets(client, `many-${n}`, offsets)
  }
  client.close()
  const took: number[] = []
  for (let round = 0; round < 5; round++) {
    const began = performance.now()
    const groups = await admin.groups.list({ clusterId })
    took.push(Math.round(performance.now() - began))
    expect(groups.filter(group => group.groupId.startsWith('many-')).length).toBe(200)
  }
  console.log(`200 groups, 10,000 partitions: listed in ${took.join(', ')} ms`)
})
