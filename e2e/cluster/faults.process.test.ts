import { Kafka, logLevel, type Producer } from 'kafkajs'
import { randomInt } from 'node:crypto'
import { afterAll, describe, expect, it } from 'vitest'
import { seededRandom } from '../../src-main/simulation/seededRandom.ts'
import { partitionForGroup } from '../../src-main/protocol/hashing.ts'
import { startCluster, untilInSync, type RunningCluster } from './builtCluster.ts'
import { logBytes, recordsIn } from './logFiles.ts'

const ROUNDS = 20
const PARTITIONS = 3
const TOPIC = 'ledger'
const GROUP = 'auditors'

const seed = Number(process.env.SEED ?? randomInt(1, 2 ** 31))
const running: RunningCluster[] = []
afterAll(async () => {
  for (const cluster of running) await cluster.stop()
})

const kafkaOf = (cluster: RunningCluster) =>
  new Kafka({
    clientId: 'faults',
    brokers: cluster.bootstrapServers.split(','),
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1_000,
    requestTimeout: 5_000,
    retry: { initialRetryTime: 30, maxRetryTime: 200, retries: 60 },
  })

/** Produces one record after the other to one partition, idempotent, acks=all, until told to stop; knows what was acknowledged, in order. */
class Ledger {
  readonly acknowledged: { offset: number; value: string }[] = []
  readonly #partition: number
  readonly #kafka: Kafka
  #isStopping = false
  #done: Promise<void> | undefined

  constructor(kafka: Kafka, partition: number) {
    this.#kafka = kafka
    this.#partition = partition
  }

  start() {
    this.#done = this.#run()
  }

  async stop() {
    this.#isStopping = true
    await this.#done
  }

  async #run() {
    let producer = await this.#connect()
    for (let n = 0; !this.#isStopping; n++) {
      const value = `${this.#partition}-${n}`
      try {
        const [sent] = await producer.send({ topic: TOPIC, acks: -1, messages: [{ partition: this.#partition, value }] })
        this.acknowledged.push({ offset: Number(sent?.baseOffset), value })
      } catch {
        // Whether this record was stored is open; another producer goes on with the next one.
        await producer.disconnect()
        producer = await this.#connect()
      }
    }
    await producer.disconnect()
  }

  async #connect(): Promise<Producer> {
    for (;;) {
      const producer = this.#kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
      try {
        await producer.connect()
        return producer
      } catch (error) {
        if (this.#isStopping) throw error
      }
    }
  }
}

describe(`a cluster of which brokers are killed again and again (seed ${seed})`, () => {
  it(
    `keeps every acknowledged record once and in order through ${ROUNDS} rounds, on all three replicas`,
    { timeout: 300_000 },
    async () => {
      const random = seededRandom(seed)
      const cluster = await startCluster()
      running.push(cluster)
      const kafka = kafkaOf(cluster)
      const admin = kafka.admin()
      await admin.connect()
      await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: PARTITIONS, replicationFactor: 3 }] })

      const consumed = new Map<string, string>()
      const changed: string[] = []
      const consumer = kafka.consumer({ groupId: GROUP, sessionTimeout: 10_000 })
      await consumer.connect()
      await consumer.subscribe({ topic: TOPIC, fromBeginning: true })
      await consumer.run({
        eachMessage: async ({ partition, message }) => {
          const place = `${partition}:${message.offset}`
          const value = String(message.value)
          const before = consumed.get(place)
          if (before !== undefined && before !== value) changed.push(`${place} was ${before}, is ${value}`)
          consumed.set(place, value)
        },
      })
      const ledgers = Array.from({ length: PARTITIONS }, (_, partition) => new Ledger(kafka, partition))
      for (const ledger of ledgers) ledger.start()

      const groupPartitions = cluster.snapshot().partitions.filter(each => each.topic === '__consumer_offsets').length || 3
      const coordinator = () =>
        cluster
          .snapshot()
          .partitions.find(each => each.topic === '__consumer_offsets' && each.partition === partitionForGroup(GROUP, groupPartitions))
          ?.leader
      for (let round = 0; round < ROUNDS; round++) {
        const anyone = cluster.brokerIds[random.below(3)] ?? 1
        const victim = (round % 3 === 0 ? cluster.snapshot().controllerId : round % 3 === 1 ? coordinator() : anyone) ?? anyone
        const before = ledgers.map(ledger => ledger.acknowledged.length)
        await cluster.kill(victim)
        await progress(ledgers, before, random.below(3))
        await cluster.start(victim)
        await untilInSync(cluster)
      }

      for (const ledger of ledgers) await ledger.stop()
      await untilInSync(cluster)
      await consumer.disconnect()
      await admin.disconnect()
      const directories = cluster.snapshot().brokers.map(broker => broker.directory)
      for (const brokerId of cluster.brokerIds) await cluster.stopBroker(brokerId)

      expect(changed, 'what was consumed never changes').toEqual([])
      for (const [partition, ledger] of ledgers.entries()) {
        const [first, ...others] = await Promise.all(directories.map(directory => logBytes(directory, TOPIC, partition)))
        for (const other of others)
          expect(other.equals(first ?? Buffer.alloc(0)), `replicas of ${TOPIC}-${partition} are the same bytes`).toBe(true)
        const stored = recordsIn(first ?? Buffer.alloc(0))
        const byOffset = new Map(stored.map(record => [record.offset, record.value]))
        const times = Map.groupBy(stored, record => record.value)
        expect(ledger.acknowledged.length).toBeGreaterThan(ROUNDS)
        for (const { offset, value } of ledger.acknowledged) {
          expect(byOffset.get(offset), `what was acknowledged at ${partition}:${offset}`).toBe(value)
          expect(times.get(value)?.length, `${value} is stored once`).toBe(1)
        }
        const numbers = stored.map(record => Number(record.value?.split('-')[1]))
        expect(numbers, 'records are in the order in which they were produced').toEqual([...numbers].sort((a, b) => a - b))
        for (const [place, value] of consumed) {
          const [of, offset] = place.split(':').map(Number)
          if (of === partition) expect(byOffset.get(offset ?? -1), `what was consumed at ${place}`).toBe(value)
        }
      }
    },
  )
})

/** Until every partition has acknowledged more since `before`: production goes on without the killed broker. */
async function progress(ledgers: readonly Ledger[], before: readonly number[], more: number) {
  const deadline = performance.now() + 30_000
  while (ledgers.some((ledger, index) => ledger.acknowledged.length <= (before[index] ?? 0) + more)) {
    if (performance.now() > deadline) throw new Error('production did not go on within 30 s after the kill')
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}
