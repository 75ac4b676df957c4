import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { errorName } from '../../protocol/errors.ts'
import { DeleteRecords } from '../../protocol/messages/deleteRecords.ts'
import { ListOffsets } from '../../protocol/messages/listOffsets.ts'
import { AClient } from './aClient.ts'
import { SimulatedCluster } from './simulatedCluster.ts'

const LATEST = -1
const EARLIEST = -2
const MAX_TIMESTAMP = -3
const EARLIEST_LOCAL = -4
const LATEST_TIERED = -5
const EARLIEST_PENDING_UPLOAD = -6

describe('ListOffsets', () => {
  let cluster: SimulatedCluster
  let client: AClient

  beforeEach(async () => {
    cluster = new SimulatedCluster({ seed: 51 })
    client = new AClient(cluster)
    await cluster.world.settle(cluster.start())
    await client.createTopic('orders')
    for (const value of ['one', 'two', 'three']) await client.produce('orders', value)
    const topics = [{ name: 'orders', partitions: [{ partitionIndex: 0, offset: 1 }] }]
    await cluster.world.settle(cluster.ask(client.leaderOf('orders')!, DeleteRecords, { topics, timeoutMs: 5000 }))
  })
  afterEach(() => cluster.close())

  async function listed(timestamps: readonly number[], version = 9) {
    const connection = await cluster.world.settle(cluster.connect(client.leaderOf('orders')!))
    const partitions = timestamps.map(timestamp => ({ partitionIndex: 0, timestamp }))
    const request = { replicaId: -1, topics: [{ name: 'orders', partitions }] }
    const { topics } = await cluster.world.settle(connection.send(ListOffsets, request, { version }))
    connection.close()
    return topics[0]!.partitions.map(({ errorCode, offset, leaderEpoch }) => ({ error: errorName(errorCode), offset, leaderEpoch }))
  }

  it.each([
    { given: 'latest', timestamp: LATEST, offset: 3, leaderEpoch: 0 },
    { given: 'earliest', timestamp: EARLIEST, offset: 1, leaderEpoch: 0 },
    { given: 'the largest timestamp (KIP-734)', timestamp: MAX_TIMESTAMP, offset: 2, leaderEpoch: 0 },
    { given: 'earliest on this disk', timestamp: EARLIEST_LOCAL, offset: 1, leaderEpoch: 0 },
    { given: 'latest in tiered storage, which there is not', timestamp: LATEST_TIERED, offset: -1, leaderEpoch: -1 },
    { given: 'a time in the future', timestamp: 2 ** 50, offset: -1, leaderEpoch: -1 },
  ])('tells of $given', async ({ timestamp, offset, leaderEpoch }) =>
    expect(await listed([timestamp])).toEqual([{ error: 'NONE', offset, leaderEpoch }]),
  )

  it.each([
    { given: 'a special timestamp of a later version', timestamp: MAX_TIMESTAMP, version: 6 },
    { given: 'one that it does not know', timestamp: EARLIEST_PENDING_UPLOAD, version: 9 },
  ])('refuses $given', async ({ timestamp, version }) =>
    expect(await listed([timestamp], version)).toEqual([{ error: 'UNSUPPORTED_VERSION', offset: -1, leaderEpoch: -1 }]),
  )

  it('refuses a partition that is asked for twice', async () => {
    expect((await listed([LATEST, EARLIEST])).map(each => each.error)).toEqual(['INVALID_REQUEST', 'INVALID_REQUEST'])
  })
})
