import { afterEach, describe, expect, it } from 'vitest'
import { LOCAL_CLUSTER } from '../contract/common.ts'
import type { MessageRow } from '../contract/messages.ts'
import { SimulatedCluster } from '../simulation/cluster/simulatedCluster.ts'
import { type AdminServices, adminServices } from './adminServices.ts'

const SEEDS = Array.from({ length: 8 }, (_, index) => index + 1)
const clusterId = LOCAL_CLUSTER
const PORT = 9092
const TOPIC = 'orders'
const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

let cluster: SimulatedCluster
let admin: AdminServices
afterEach(() => cluster.close())

/** Real brokers in one seeded world, and one more node from which a person works. */
async function working(seed: number): Promise<void> {
  cluster = new SimulatedCluster({ seed })
  await cluster.world.settle(cluster.start())
  admin = adminServices(cluster.world.env('client'), {
    bootstrapOf: () => cluster.brokers.map(({ name }) => ({ host: name, port: PORT })),
  })
  await cluster.world.settle(
    admin.topics.create({ clusterId, name: TOPIC, partitions: 3, replicationFactor: 3, configs: { 'min.insync.replicas': '2' } }),
  )
}

const textOf = (row: MessageRow) => `${row.partition}/${row.offset} ${row.value?.text}`
const inOrder = (rows: readonly MessageRow[]) =>
  [...rows].sort((one, other) => one.partition - other.partition || one.offset - other.offset)

async function pause(ms: number): Promise<void> {
  await new Promise<void>(resolve => void cluster.world.env('client').clock.after(ms, resolve))
}

/** Appends until told to stop; what was refused in the end counts as perhaps stored. */
class Producing {
  readonly stored: string[] = []
  readonly perhaps: string[] = []
  isOver = false

  async run(): Promise<void> {
    const { random } = cluster.world
    for (let count = 0; !this.isOver; count++) {
      const value = `record ${count}`
      const key = random.below(2) === 0 ? null : Buffer.from(`key ${random.below(10)}`)
      const message = {
        clusterId,
        topic: TOPIC,
        partition: null,
        key,
        value: Buffer.from(value),
        headers: [],
        compression: CODECS[count % 5]!,
      }
      try {
        const { partition, offset } = await admin.messages.produce(message)
        this.stored.push(`${partition}/${offset} ${value}`)
      } catch {
        this.perhaps.push(value)
      }
      await pause(random.below(40))
    }
  }
}

/** Looks at everything over and over, as screens do, and remembers the longest wait. */
class Looking {
  longestMs = 0
  looks = 0
  isOver = false

  async run(): Promise<void> {
    const { clock } = cluster.world.env('client')
    while (!this.isOver) {
      const questions = [
        () => admin.topics.list({ clusterId }),
        () => admin.topics.describe({ clusterId, topic: TOPIC }),
        () => admin.messages.extent({ clusterId, topic: TOPIC }),
        () => admin.messages.offsetsAt({ clusterId, topic: TOPIC, timestampMs: 0 }),
        () => admin.groups.list({ clusterId }),
      ]
      for (const ask of questions) {
        const began = clock.elapsed()
        await ask()
        this.longestMs = Math.max(this.longestMs, clock.elapsed() - began)
        this.looks += 1
      }
      await pause(200)
    }
  }
}

async function fault(): Promise<void> {
  const { world } = cluster
  const broker = cluster.broker(1 + world.random.below(3))
  const lastsMs = 100 + world.random.below(5_000)
  switch (world.random.below(5)) {
    case 0:
      cluster.kill(broker.id)
      await world.run(lastsMs)
      await world.settle(cluster.startBroker(broker.id))
      break
    case 1:
      await world.settle(cluster.stopBroker(broker.id))
      await world.run(lastsMs)
      await world.settle(cluster.startBroker(broker.id))
      break
    case 2:
      world.freeze(broker.name)
      await world.run(lastsMs)
      world.thaw(broker.name)
      break
    case 3:
      // Cut off from its peers, but not from us: it goes on telling what was true before.
      for (const other of cluster.brokers) if (other !== broker) world.cut(broker.name, other.name)
      await world.run(lastsMs)
      world.heal()
      break
    default:
      world.isolate(broker.name)
      await world.run(lastsMs)
      world.heal()
  }
}

const everyReplicaIsInSync = () =>
  [0, 1, 2].every(partition => {
    const replicas = cluster.replicasOf(TOPIC, partition)
    return replicas.length === 3 && replicas.some(each => each.isLeader) && replicas.every(each => each.isr.length === 3)
  })

describe('while brokers are killed, stopped, frozen and cut off', () => {
  it.each(SEEDS)(
    'a tail shows every record once and in order, what was produced is stored once, and every question is answered (seed %i)',
    async seed => {
      await working(seed)
      const { world } = cluster
      const tailed: MessageRow[] = []
      const leaving = new AbortController()
      const tail = (async () => {
        for await (const rows of admin.messages.tail({ clusterId, topic: TOPIC, partitions: null }, leaving.signal)) tailed.push(...rows)
      })()
      await world.run(500)
      const producing = new Producing()
      const produced = producing.run()
      const looking = new Looking()
      const looked = looking.run()
      for (let round = 0; round < 4; round++) {
        await world.run(world.random.below(1_000))
        await fault()
        await world.run(everyReplicaIsInSync, 30_000)
      }
      producing.isOver = true
      looking.isOver = true
      await world.settle(Promise.all([produced, looked]))
      expect(looking.looks).toBeGreaterThan(20)
      expect(looking.longestMs).toBeLessThan(8_000)
      await world.run(5_000)

      const extent = await world.settle(admin.messages.extent({ clusterId, topic: TOPIC }))
      const count = extent.reduce((sum, { start, end }) => sum + end - start, 0)
      const ranges = extent.map(({ partition, start, end }) => ({ partition, from: start, to: Math.min(end, 330) }))
      const read = await world.settle(admin.messages.read({ clusterId, topic: TOPIC, ranges }))
      expect(count).toBeGreaterThan(20)
      expect(read).toHaveLength(count)
      expect(inOrder(tailed).map(textOf)).toEqual(read.map(textOf))
      for (const partition of [0, 1, 2]) {
        const offsets = tailed.filter(row => row.partition === partition).map(row => row.offset)
        expect(offsets).toEqual(offsets.map((_, index) => index))
      }
      expect(read.map(textOf)).toEqual(expect.arrayContaining(producing.stored))
      const values = read.map(row => row.value?.text ?? '')
      expect(new Set(values).size).toBe(values.length)
      expect(values.length - producing.stored.length).toBeLessThanOrEqual(producing.perhaps.length)

      leaving.abort()
      await world.settle(tail)
      await world.settle(admin.close())
      await world.run(1_000)
      expect(world.openConnections('client')).toBe(0)
    },
  )
})
