import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AdminServices, adminServices } from '../../src-main/admin/adminServices.ts'
import { nodeEnv } from '../../src-main/env/node/env.ts'
import { eventually, type RunningCluster, startCluster, untilInSync } from './builtCluster.ts'
import { kafkajs, kafkaOf, withAdmin } from './clients/kafkajs.ts'

const clusterId = 'local'
const topic = 'moving'
const RECORDS = 6_000
/** A batch may have a megabyte. */
const AT_ONCE = 500
const RECORD_BYTES = 1_000
/** Slow enough to be looked at while it lasts, quick enough to be waited for. */
const BYTES_PER_SECOND = 1_000_000

let cluster: RunningCluster
let admin: AdminServices
beforeAll(async () => {
  cluster = await startCluster()
  admin = adminServices(nodeEnv(), {
    bootstrapOf: () => cluster.brokerIds.map(id => ({ host: '127.0.0.1', port: cluster.portOf(id) })),
  })
  const replicaAssignment = [{ partition: 0, replicas: [1] }]
  await withAdmin(kafkaOf(cluster.bootstrapServers, 'moves'), client => client.createTopics({ topics: [{ topic, replicaAssignment }] }))
  const records = Array.from({ length: RECORDS }, (_, n) => ({
    partition: 0,
    key: null,
    value: `${n}`.padEnd(RECORD_BYTES, 'x'),
    headers: [],
    timestamp: n + 1,
  }))
  for (let from = 0; from < RECORDS; from += AT_ONCE) {
    await kafkajs.produce(cluster.bootstrapServers, { topic, codec: 'none', records: records.slice(from, from + AT_ONCE) })
  }
})
afterAll(async () => {
  await admin.close()
  await cluster.stop()
})

const replicasNow = async () => (await admin.topics.describe({ clusterId, topic })).partitions[0]!
const move = (replicas: number[], bytesPerSecond: number | null) =>
  admin.reassignments.start({ clusterId, placements: [{ topic, partition: 0, replicas }], bytesPerSecond })
const underway = async () => (await admin.reassignments.list({ clusterId })).reassignments[0]

describe('a partition that is moved', () => {
  it('is planned with its size', async () => {
    const placements = [{ topic, partition: 0, replicas: [2] }]
    const { moves } = await admin.reassignments.plan({ clusterId, wish: { kind: 'as', placements } })
    expect(moves).toMatchObject([{ now: [1], replicas: [2], copies: [2] }])
    expect(moves[0]!.sizeBytes).toBeGreaterThan(RECORDS * RECORD_BYTES)
  })

  it('stays where it was when the move is cancelled', async () => {
    expect(await move([2], BYTES_PER_SECOND)).toEqual([{ topic, partition: 0, problem: null }])
    const { throttle } = await admin.reassignments.list({ clusterId })
    expect(throttle).toEqual({ bytesPerSecond: BYTES_PER_SECOND, topics: [topic], removal: { moves: 1, left: 1, problem: null } })
    await eventually('something is copied, and not all of it', async () => {
      const now = await underway()
      return now !== undefined && now.copiedBytes! > 0 && now.copiedBytes! < now.bytes!
    })
    expect(await underway()).toMatchObject({ adding: [2], removing: [1] })
    await admin.reassignments.cancel({ clusterId, partitions: [{ topic, partition: 0 }] })
    await eventually('nothing is moved', async () => (await underway()) === undefined)
    expect(await replicasNow()).toMatchObject({ leader: 1, replicas: [1], inSyncReplicas: [1] })
  })

  it('is on the other broker in the end, all of it, and its progress only grew', async () => {
    await admin.reassignments.unthrottle({ clusterId })
    await eventually('no broker throttles', async () => (await admin.reassignments.list({ clusterId })).throttle === null)
    await move([3], BYTES_PER_SECOND)
    const seen: number[] = []
    await eventually(
      'the partition has moved',
      async () => {
        const now = await underway()
        if (now !== undefined && now.copiedBytes !== null) seen.push(now.copiedBytes)
        return now === undefined
      },
      60_000,
    )
    expect(seen.length).toBeGreaterThan(2)
    expect(seen).toEqual(seen.toSorted((one, other) => one - other))
    const { logStartOffset, highWatermark, ...partition } = await eventually('the new leader answers', async () => {
      const now = await replicasNow()
      return now.leader === 3 && now.highWatermark !== null && now
    })
    expect(partition).toMatchObject({ leader: 3, replicas: [3], inSyncReplicas: [3] })
    expect([logStartOffset, highWatermark]).toEqual([0, RECORDS])
    await eventually('the throttle is gone by itself', async () => (await admin.reassignments.list({ clusterId })).throttle === null)
  })
})

it('a preferred leader that was away leads again when it is asked for, and not before', async () => {
  await withAdmin(kafkaOf(cluster.bootstrapServers, 'elections'), client =>
    client.createTopics({ topics: [{ topic: 'led', replicaAssignment: [{ partition: 0, replicas: [2, 1, 3] }] }] }),
  )
  const led = async () => (await admin.topics.describe({ clusterId, topic: 'led' })).partitions[0]!.leader
  await cluster.kill(2)
  await eventually('another one leads', async () => ![2, null].includes(await led()))
  const away = await admin.reassignments.elections({ clusterId, topics: ['led'] })
  expect(away).toMatchObject([{ partition: 0, preferred: 2, obstacle: expect.any(String) }])
  await cluster.start(2)
  await untilInSync(cluster)
  const elections = await eventually('nothing is in the way', async () => {
    const now = await admin.reassignments.elections({ clusterId, topics: ['led'] })
    return now.every(({ obstacle }) => obstacle === null) && now
  })
  // The controller may have been quicker: it brings leaders back by itself after a while.
  if (elections.length > 0) {
    expect(await admin.reassignments.elect({ clusterId, partitions: [{ topic: 'led', partition: 0 }] })).toMatchObject([{ problem: null }])
  }
  await eventually('the preferred one leads', async () => (await led()) === 2)
})
