// What memory the code takes is a question to V8, not to the world.
// eslint-disable-next-line no-restricted-imports
import { Session, type HeapProfiler } from 'node:inspector/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Produce } from '../../protocol/messages/produce.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { AClient } from './aClient.ts'
import { SimulatedCluster } from './simulatedCluster.ts'

/**
 * What a batch costs that three brokers have when it is acknowledged, in figures that do not depend on the machine: a guard for speed that needs no clock.
 * Where one of them falls for a good reason, the bound falls with it.
 */
describe('a batch of which three brokers have a copy', () => {
  const BATCH_BYTES = 1_000
  let cluster: SimulatedCluster
  let leader: number

  beforeEach(async () => {
    cluster = new SimulatedCluster({ seed: 1 })
    await cluster.world.settle(cluster.start())
    const client = new AClient(cluster)
    await client.createTopic('orders')
    leader = client.leaderOf('orders')!
    await write(20, 1) // until followers have their sessions and read along
  })
  afterEach(() => cluster.close())

  /** So many batches, so many at a time. */
  async function write(batches: number, inFlight: number): Promise<void> {
    const records = buildBatch({ records: [{ timestamp: 1, key: null, value: Buffer.alloc(BATCH_BYTES) }] })
    const topicData = [{ name: 'orders', partitionData: [{ index: 0, records }] }]
    const send = () => cluster.ask(leader, Produce, { acks: -1, timeoutMs: 10_000, topicData })
    for (let sent = 0; sent < batches; sent += inFlight) await cluster.world.settle(Promise.all(Array.from({ length: inFlight }, send)))
  }

  /** How many events of each kind a batch takes, the metadata log's left out. */
  async function eventsOf(batches: number, inFlight: number): Promise<{ appends: number; reads: number; amongBrokers: number }> {
    const counts = { appends: 0, reads: 0, amongBrokers: 0 }
    cluster.world.onEvent((_, label) => {
      if (/^append \S+ \S*\/orders-0\/\d+\.log$/.test(label)) counts.appends += 1
      if (/^read \S+ \S*\/orders-0\//.test(label)) counts.reads += 1
      if (/^data broker\d→broker\d /.test(label)) counts.amongBrokers += 1
    })
    await write(batches, inFlight)
    cluster.world.onEvent(() => {})
    return { appends: counts.appends / batches, reads: counts.reads / batches, amongBrokers: counts.amongBrokers / batches }
  }

  it('takes one write of each of them and no read, and a question and an answer of each follower', async () => {
    const alone = await eventsOf(200, 1)
    expect(alone).toMatchObject({ appends: 3, reads: 0 })
    expect(alone.amongBrokers).toBeLessThan(4.4) // some of them arrive in two pieces, and there are heartbeats
  })

  it('shares them with the batches that its producer sends without waiting', async () => {
    const together = await eventsOf(400, 8)
    expect(together.reads).toBe(0)
    expect(together.appends).toBeLessThan(1.1)
    expect(together.amongBrokers).toBeLessThan(1.3)
  })

  it('is copied once on its way: for those who read along', async () => {
    let copied = 0
    const { copy } = Buffer.prototype
    Buffer.prototype.copy = function (this: Buffer, target: Uint8Array, ...where: number[]) {
      const count = copy.call(this, target, ...where)
      const [, , caller = ''] = new Error().stack?.split('\n') ?? []
      if (!caller.includes('/simulation/') && !caller.includes('node:')) copied += count
      return count
    }
    try {
      await write(200, 1)
    } finally {
      Buffer.prototype.copy = copy
    }
    // What is so small that its view would hold on to a much larger piece is copied when it arrives, by each of the three.
    expect(copied / 200 / BATCH_BYTES).toBeLessThan(1.5)
  })

  it('takes little memory of its own', async () => {
    const session = new Session()
    session.connect()
    await write(100, 8)
    const options = { samplingInterval: 256, includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true }
    await session.post('HeapProfiler.startSampling', options)
    await write(800, 8)
    const { profile } = await session.post('HeapProfiler.stopSampling')
    session.disconnect()
    const bytes = allocatedBy(profile.head, url => /\/src-main\/(?!simulation)/.test(url) && !url.includes('.test.ts'))
    // Of leader, followers and the client's connection together, and of the world what it calls; mostly before the compiler spares what it can.
    expect(bytes / 800).toBeLessThan(50_000)
  })
})

function allocatedBy(node: HeapProfiler.SamplingHeapProfileNode, isCounted: (url: string) => boolean): number {
  const own = isCounted(node.callFrame.url) ? node.selfSize : 0
  return node.children.reduce((sum, child) => sum + allocatedBy(child, isCounted), own)
}
