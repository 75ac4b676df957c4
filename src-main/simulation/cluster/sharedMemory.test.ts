import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Fetch } from '../../protocol/messages/fetch.ts'
import { Produce } from '../../protocol/messages/produce.ts'
import { batchesIn } from '../../protocol/records/batch.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { decodeRecords } from '../../protocol/records/record.ts'
import { AClient } from './aClient.ts'
import { SimulatedCluster } from './simulatedCluster.ts'

const ALL_BYTES = 10_000_000

/** Memory of these brokers is written over in the moment in which it goes back. */
describe('memory that goes round', () => {
  let cluster: SimulatedCluster
  let client: AClient
  let leader: number
  let topicId: string

  beforeEach(async () => {
    cluster = new SimulatedCluster({ seed: 4 })
    client = new AClient(cluster)
    await cluster.world.settle(cluster.start())
    topicId = (await client.createTopic('orders')).topicId
    leader = client.leaderOf('orders')!
  })
  afterEach(() => cluster.close())

  const valueOf = (index: number) => `${index}`.padStart(6, '0').repeat(4_000)

  function produceOf(index: number, acks: number) {
    const records = buildBatch({ records: [{ timestamp: 1, key: null, value: Buffer.from(valueOf(index)) }] })
    return { acks, timeoutMs: 10_000, topicData: [{ name: 'orders', partitionData: [{ index: 0, records }] }] }
  }

  function fetchFrom(offset: number, maxBytes: number) {
    const partition = { partition: 0, fetchOffset: offset, partitionMaxBytes: maxBytes }
    return { maxWaitMs: 500, minBytes: 1, topics: [{ topicId, partitions: [partition] }] }
  }

  function valuesIn(records: Buffer | null | undefined): string[] {
    const bytes = records ?? Buffer.alloc(0)
    return [...batchesIn(bytes)].flatMap(at => decodeRecords(bytes, at, ALL_BYTES).map(each => String(each.value)))
  }

  async function everything(): Promise<string[]> {
    const values: string[] = []
    for (;;) {
      const { responses } = await cluster.world.settle(cluster.ask(leader, Fetch, fetchFrom(values.length, ALL_BYTES)))
      const more = valuesIn(responses[0]?.partitions[0]?.records)
      if (more.length === 0) return values
      values.push(...more)
    }
  }

  it.each([0, 1, -1])('does not go back before the log has what was produced with acks=%i', async acks => {
    const connection = await cluster.world.settle(cluster.connect(leader))
    const sent = Array.from({ length: 60 }, (_, index) => produceOf(index, acks))
    if (acks === 0) for (const request of sent) connection.sendOnly(Produce, request)
    else await cluster.world.settle(Promise.all(sent.map(request => connection.send(Produce, request))))
    await cluster.world.run(() => cluster.replicasOf('orders', 0).every(each => each.logEndOffset === sent.length))
    await client.inSync('orders')
    expect(await everything()).toEqual(sent.map((_, index) => valueOf(index)))
    connection.close()
  })

  it('does not go back before slow readers have their answers, whether they read along or are behind', async () => {
    const { world } = cluster
    const connection = await world.settle(cluster.connect(leader))
    const write = async (from: number, to: number) => {
      for (let index = from; index < to; index++) await world.settle(connection.send(Produce, produceOf(index, -1)))
    }
    await write(0, 200)
    const slow = await Promise.all(Array.from({ length: 20 }, () => world.settle(cluster.connect(leader, 'far away'))))
    // Half of them wait for what is written next, half read what is read from the disk.
    const answers = slow.map(async (each, index) => {
      const { responses } = await each.send(Fetch, fetchFrom(index % 2 === 0 ? 200 : index, 500_000))
      return valuesIn(responses[0]?.partitions[0]?.records)
    })
    await world.run(1)
    world.slow(cluster.broker(leader).name, 'far away', { latencyMs: [3_000, 4_000] })
    // Much more than is remembered, before any answer has arrived.
    await write(200, 400)
    const all = await world.settle(Promise.all(answers))
    for (const [index, values] of all.entries()) {
      const from = index % 2 === 0 ? 200 : index
      expect(values.length).toBeGreaterThan(0)
      expect(values).toEqual(values.map((_, at) => valueOf(from + at)))
    }
    for (const each of [connection, ...slow]) each.close()
  })
})
