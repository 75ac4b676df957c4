import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RACK_AWARE_SELECTOR } from '../../broker/replication/replicaSelector.ts'
import { errorName } from '../../protocol/errors.ts'
import { Fetch } from '../../protocol/messages/fetch.ts'
import { ListOffsets } from '../../protocol/messages/listOffsets.ts'
import { batchesIn } from '../../protocol/records/batch.ts'
import { decodeRecords } from '../../protocol/records/record.ts'
import type { RequestInput } from '../../protocol/schema.ts'
import { AClient } from './aClient.ts'
import { SimulatedCluster } from './simulatedCluster.ts'

const BYTES = 1_000_000
const rackOf = (brokerId: number) => `rack-${brokerId}`

describe('a consumer near a follower (KIP-392)', () => {
  let cluster: SimulatedCluster
  let client: AClient
  let leader: number
  let near: number

  beforeEach(async () => {
    cluster = new SimulatedCluster({
      seed: 31,
      settings: { 'replica.selector.class': RACK_AWARE_SELECTOR },
      settingsOf: id => ({ 'broker.rack': rackOf(id) }),
    })
    client = new AClient(cluster)
    await cluster.world.settle(cluster.start())
    await client.createTopic('orders')
    for (const value of ['one', 'two', 'three']) await client.produce('orders', value)
    await client.inSync('orders')
    leader = client.leaderOf('orders')!
    near = [1, 2, 3].find(id => id !== leader)!
  })
  afterEach(() => cluster.close())

  async function ask(
    id: number,
    asked: { fetchOffset?: number; currentLeaderEpoch?: number } = {},
    request: Partial<RequestInput<typeof Fetch>> = {},
  ) {
    const { topicId } = cluster.broker(id).server!.metadata.image.topicsByName.get('orders')!
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: BYTES, ...asked }]
    const connection = await cluster.connect(id, 'near client')
    try {
      const { responses } = await connection.send(Fetch, {
        maxWaitMs: 5000,
        minBytes: 1,
        rackId: rackOf(near),
        topics: [{ topicId, partitions }],
        ...request,
      })
      const { errorCode, records, preferredReadReplica, highWatermark, logStartOffset } = responses[0]!.partitions[0]!
      const bytes = records ?? Buffer.alloc(0)
      const values = [...batchesIn(bytes)].flatMap(at => decodeRecords(bytes, at, BYTES).map(each => String(each.value)))
      return { error: errorName(errorCode), values, preferredReadReplica, highWatermark, logStartOffset }
    } finally {
      connection.close()
    }
  }

  const told = (...args: Parameters<typeof ask>) => cluster.world.settle(ask(...args))
  const epoch = () => cluster.replicasOf('orders', 0)[0]!.leaderEpoch

  it('is sent there by the leader, at once and without records', async () => {
    expect(await told(leader)).toMatchObject({ error: 'NONE', values: [], preferredReadReplica: near, highWatermark: 3 })
  })

  it.each([
    { given: 'without a rack', rackId: () => '' },
    { given: "in the leader's rack", rackId: () => rackOf(leader) },
    { given: 'in a rack without any broker', rackId: () => 'elsewhere' },
  ])('is served by the leader $given', async ({ rackId }) => {
    expect(await told(leader, {}, { rackId: rackId() })).toMatchObject({ values: ['one', 'two', 'three'], preferredReadReplica: -1 })
  })

  it('is served by the leader once the follower near it is not in sync', async () => {
    cluster.world.freeze(cluster.broker(near).name)
    await cluster.world.run(() => cluster.replicasOf('orders', 0).find(each => each.isLeader)?.isr.length === 2)
    expect(await told(leader)).toMatchObject({ values: ['one', 'two', 'three'], preferredReadReplica: -1 })
  })

  it('reads from the follower what is committed, and hears of what comes as soon as that is', async () => {
    expect((await told(near)).values).toEqual(['one', 'two', 'three'])
    const next = ask(near, { fetchOffset: 3 })
    await cluster.world.run(200)
    const before = cluster.world.elapsed
    await client.produce('orders', 'four')
    expect(await cluster.world.settle(next)).toMatchObject({ error: 'NONE', values: ['four'], highWatermark: 4 })
    // Not with the next long poll of the follower, which lasts half a second.
    expect(cluster.world.elapsed - before).toBeLessThan(200)
  })

  it('gets nothing that is not committed', async () => {
    const other = [1, 2, 3].find(id => id !== leader && id !== near)!
    cluster.world.freeze(cluster.broker(other).name)
    await client.produce('orders', 'uncommitted', { acks: 1 })
    await cluster.world.run(() => cluster.replicasOf('orders', 0).find(each => each.id === near)?.logEndOffset === 4)
    expect(await told(near, { fetchOffset: 3 }, { maxWaitMs: 100 })).toMatchObject({ error: 'NONE', values: [], highWatermark: 3 })
    expect(await told(near, { fetchOffset: 4 }, { maxWaitMs: 100 })).toMatchObject({ error: 'NONE', values: [] })
  })

  it.each([
    { given: 'no rack', asked: () => ({}), request: { rackId: '' }, error: 'NOT_LEADER_OR_FOLLOWER' },
    { given: 'an old leader epoch', asked: () => ({ currentLeaderEpoch: epoch() - 1 }), request: {}, error: 'FENCED_LEADER_EPOCH' },
    { given: 'an unknown leader epoch', asked: () => ({ currentLeaderEpoch: epoch() + 1 }), request: {}, error: 'UNKNOWN_LEADER_EPOCH' },
    {
      given: 'an offset that it lacks',
      asked: () => ({ fetchOffset: 9, currentLeaderEpoch: epoch() }),
      request: {},
      error: 'OFFSET_OUT_OF_RANGE',
    },
    { given: 'such an offset without an epoch', asked: () => ({ fetchOffset: 9 }), request: {}, error: 'NOT_LEADER_OR_FOLLOWER' },
  ])('is refused by the follower with $error for $given', async ({ asked, request, error }) => {
    // An epoch before the first that counts is one of another leader.
    const first = client.leaderOf('orders')!
    cluster.kill(first)
    await cluster.world.run(() => client.leaderOf('orders') !== undefined)
    await cluster.world.settle(cluster.startBroker(first))
    await client.inSync('orders')
    const follower = [1, 2, 3].find(id => id !== client.leaderOf('orders'))!
    expect((await told(follower, asked(), request)).error).toBe(error)
  })

  it('hears from any replica where its log ends, when it looks for that and not for what is committed', async () => {
    const asked = (replicaId: number, id: number) =>
      cluster.world.settle(
        cluster.ask(id, ListOffsets, { replicaId, topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, timestamp: -1 }] }] }),
      )
    expect((await asked(-2, near)).topics[0]!.partitions[0]).toMatchObject({ errorCode: 0, offset: 3 })
    expect(errorName((await asked(-1, near)).topics[0]!.partitions[0]!.errorCode)).toBe('NOT_LEADER_OR_FOLLOWER')
  })
})
