import { Kafka, logLevel, type Admin, type Consumer, type Producer } from 'kafkajs'
import { setTimeout as sleep } from 'node:timers/promises'

/** kafkajs as its users have it, told to be quick: the client nobody here wrote. */
export function foreignClient(bootstrap: string, { requestTimeout = 5_000 } = {}): Kafka {
  return new Kafka({
    clientId: 'e2e',
    brokers: bootstrap.split(','),
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1_000,
    requestTimeout,
    retry: { initialRetryTime: 30, maxRetryTime: 200, retries: 60 },
  })
}

/** A producer that goes on, acks=all and idempotent, until it is stopped; it remembers what was acknowledged. */
export class SteadyProducer {
  readonly acknowledged: string[] = []
  readonly #producer: Producer
  readonly #topic: string
  #isStopping = false
  #done: Promise<void> | undefined

  constructor(kafka: Kafka, topic: string) {
    this.#producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
    this.#topic = topic
  }

  async start() {
    await this.#producer.connect()
    this.#done = this.#run()
  }

  /** Resolves when `count` more were acknowledged than now. */
  async acknowledges(count: number) {
    const goal = this.acknowledged.length + count
    for (const deadline = Date.now() + 20_000; this.acknowledged.length < goal; await sleep(20)) {
      if (Date.now() > deadline) throw new Error(`Only ${this.acknowledged.length} of ${goal} records were acknowledged within 20 s`)
    }
  }

  async stop() {
    this.#isStopping = true
    await this.#done
    await this.#producer.disconnect()
  }

  async #run() {
    for (let n = 0; !this.#isStopping; n++) {
      const value = JSON.stringify({ id: n, item: 'apple' })
      await this.#producer.send({ topic: this.#topic, acks: -1, messages: [{ key: `order-${n}`, value, headers: { source: 'e2e' } }] })
      this.acknowledged.push(value)
      await sleep(5)
    }
  }
}

/** Reads the whole topic with a group, commits, and stays a member. */
export async function consumeAll(
  kafka: Kafka,
  options: { topic: string; groupId: string },
): Promise<{ values: string[]; consumer: Consumer }> {
  const values: string[] = []
  const consumer = kafka.consumer({ groupId: options.groupId, sessionTimeout: 10_000, heartbeatInterval: 500 })
  await consumer.connect()
  await consumer.subscribe({ topic: options.topic, fromBeginning: true })
  await consumer.run({ autoCommitInterval: 200, eachMessage: async ({ message }) => void values.push(String(message.value)) })
  return { values, consumer }
}

export async function leaderOf(admin: Admin, topic: string, partition: number): Promise<number> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
  const found = topics[0]?.partitions.find(each => each.partitionId === partition)
  if (found === undefined) throw new Error(`There is no ${topic}-${partition}`)
  return found.leader
}
