import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { errorName } from '../../protocol/errors.ts'
import { CreateTopics } from '../../protocol/messages/createTopics.ts'
import { Produce } from '../../protocol/messages/produce.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { SimulatedCluster } from './simulatedCluster.ts'

const LEADER = 1
const WIPED = 3
const BACKLOG = 10
const BATCHES = 24
/** Of whoever runs this on a busy machine. */
const PATIENCE_MS = 60_000
/** One whole batch of one partition in each answer. */
const SMALL_ANSWERS = { 'replica.fetch.max.bytes': '4096', 'replica.fetch.response.max.bytes': '4096' }

describe('a broker that lost its disk', () => {
  let cluster: SimulatedCluster

  beforeEach(async () => {
    cluster = new SimulatedCluster({ seed: 61, settings: SMALL_ANSWERS })
    const { world } = cluster
    await world.settle(cluster.start())
    const assigned = (name: string, partitions: number) => ({
      name,
      numPartitions: -1,
      replicationFactor: -1,
      assignments: Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, brokerIds: [LEADER, 2, WIPED] })),
      configs: [],
    })
    await world.settle(cluster.ask(LEADER, CreateTopics, { topics: [assigned('backlog', BACKLOG), assigned('steady', 1)] }))
    await world.run(() => cluster.isInSync)
    for (let count = 0; count < BATCHES; count++) {
      await produce(
        'backlog',
        Array.from({ length: BACKLOG }, (_, index) => index),
        4000,
      )
    }
    await world.run(() => cluster.isInSync)
  }, PATIENCE_MS)
  afterEach(() => cluster.close())

  /** How long the acknowledgement took, in simulated time. */
  async function produce(name: string, partitions: readonly number[], bytes: number): Promise<number> {
    const { world } = cluster
    const before = world.elapsed
    const partitionData = partitions.map(index => ({
      index,
      records: buildBatch({ records: [{ timestamp: 1, key: null, value: Buffer.alloc(bytes) }] }),
    }))
    const request = { acks: -1, timeoutMs: 5000, topicData: [{ name, partitionData }] }
    const { responses } = await world.settle(cluster.ask(LEADER, Produce, request))
    for (const each of responses[0]!.partitionResponses) expect(errorName(each.errorCode)).toBe('NONE')
    return world.elapsed - before
  }

  async function latencies(until: () => boolean): Promise<number[]> {
    const values: number[] = []
    while (!until()) {
      values.push(await produce('steady', [0], 100))
      await cluster.world.run(5)
    }
    return values.toSorted((one, other) => one - other)
  }

  const inSync = (topic: string) =>
    cluster
      .broker(LEADER)
      .server!.metadata.image.topicsByName.get(topic)!
      .partitions.every(each => each.isr.includes(WIPED))

  it(
    'catches up in hundreds of fetches without keeping producers waiting',
    async () => {
      let rounds = 0
      const before = await latencies(() => rounds++ === 30)
      cluster.kill(WIPED)
      cluster.wipe(WIPED)
      await cluster.world.run(() => !inSync('backlog'))
      await cluster.world.settle(cluster.startBroker(WIPED))
      // From here on an acknowledgement needs the wiped broker again, which is far from having everything.
      await cluster.world.run(() => inSync('steady'))
      const during = await latencies(() => inSync('backlog'))
      expect(during.length).toBeGreaterThan(10)
      const median = (values: readonly number[]) => values[Math.floor(values.length / 2)]!
      expect(median(during)).toBeLessThan(1.5 * median(before))
      expect(during[Math.floor(during.length * 0.95)]).toBeLessThan(2 * before[Math.floor(before.length * 0.95)]!)
    },
    PATIENCE_MS,
  )
})
