import type { Consumer, Kafka } from 'kafkajs'
import type { Address } from '../../src-main/env/env.ts'
import { CommitRegister, ReaderBook } from './books.ts'
import { committedOffsets } from './committed.ts'
import { endsWithin, sleep, untilDone } from './patience.ts'

export const GROUP = 'storm-readers'
const LOOK_EVERY_MS = 300
const LEAVES_WITHIN_MS = 10_000

/** A group that reads everything, commits what it has read, and is asked again and again what it has committed. */
export class Readers {
  readonly books: readonly ReaderBook[]
  readonly registers: readonly CommitRegister[]
  /** What was read that should not have been, and what was committed that is not there. */
  readonly faults: string[] = []
  looks = 0
  readonly #kafka: Kafka
  readonly #topic: string
  readonly #brokers: readonly Address[]
  readonly #members = new Map<number, Consumer>()
  /** Members that came up again in another's place, because they had failed. */
  revivals = 0
  #nextMember = 0
  #joining: Promise<void> = Promise.resolve()
  #watching: Promise<void> | undefined
  #looksInPeace = 0
  #isStopping = false

  constructor(
    kafka: Kafka,
    { topic, partitions, brokers }: { readonly topic: string; readonly partitions: number; readonly brokers: readonly Address[] },
  ) {
    this.#kafka = kafka
    this.#topic = topic
    this.#brokers = brokers
    this.books = Array.from({ length: partitions }, () => new ReaderBook())
    this.registers = Array.from({ length: partitions }, () => new CommitRegister())
  }

  async start(members: number): Promise<void> {
    for (let count = 0; count < members; count++) await this.#join()
    this.#watching = this.#watch()
  }

  /** The member that has been there longest leaves, and another one comes. */
  async replaceOne(): Promise<void> {
    const [oldest] = this.#members
    if (oldest === undefined) return
    await this.#leave(...oldest)
    await this.#join()
  }

  /** Every member goes, and as many others come. */
  async replaceAll(): Promise<void> {
    for (const [id, member] of [...this.#members]) {
      await this.#leave(id, member)
      await this.#join()
      this.revivals += 1
    }
  }

  /** The highest offset that each partition was read up to, exclusive. */
  get readTo(): number[] {
    return this.books.map(book => book.values.length)
  }

  async stop(): Promise<void> {
    await this.#joining
    for (const [id, member] of [...this.#members]) await this.#leave(id, member)
    this.#isStopping = true
    await this.#watching
  }

  async #join(): Promise<void> {
    const id = this.#nextMember++
    const consumer = this.#kafka.consumer({
      groupId: GROUP,
      sessionTimeout: 6_000,
      heartbeatInterval: 500,
      rebalanceTimeout: 5_000,
      maxWaitTimeInMs: 200,
      retry: { initialRetryTime: 30, maxRetryTime: 300, retries: 50, restartOnFailure: async () => true },
    })
    // kafkajs starts a consumer again after what it takes for passing; whatever else ends it is no reason for the group to stay small.
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (payload.restart || !this.#members.delete(id)) return
      this.revivals += 1
      this.#joining = this.#joining.then(() => this.#join())
    })
    await untilDone(() => consumer.connect())
    await untilDone(() => consumer.subscribe({ topic: this.#topic, fromBeginning: true }))
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch, isRunning, isStale }) => {
        if (!isRunning() || isStale()) return
        const book = this.books[batch.partition]
        for (const { offset, value } of batch.messages) book?.read(Number(offset), String(value))
        await this.#commit({ id, consumer }, batch.partition, Number(batch.lastOffset()) + 1)
      },
    })
    this.#members.set(id, consumer)
  }

  async #leave(id: number, member: Consumer): Promise<void> {
    this.#members.delete(id)
    await endsWithin(LEAVES_WITHIN_MS, member.disconnect())
  }

  /**
   * What becomes of a commit that fails is open. That its member is not one any more, it learns by its next heartbeat. Only the event tells of success:
   * for a consumer that is being stopped, the promise resolves in any case.
   */
  async #commit({ id, consumer }: { id: number; consumer: Consumer }, partition: number, offset: number): Promise<void> {
    const sent = this.registers[partition]?.sends({ by: `member ${id}`, offset }, performance.now())
    const stopListening = consumer.on(consumer.events.COMMIT_OFFSETS, () => sent?.acknowledged(performance.now()))
    await consumer.commitOffsets([{ topic: this.#topic, partition, offset: String(offset) }]).catch(() => undefined)
    stopListening()
  }

  async #watch(): Promise<void> {
    for (let turn = 0; !this.#isStopping || this.#looksInPeace < this.#brokers.length; turn++) {
      const broker = this.#brokers[turn % this.#brokers.length]
      if (broker !== undefined && (await this.#look(broker)) && this.#isStopping) this.#looksInPeace += 1
      await sleep(this.#isStopping ? 0 : LOOK_EVERY_MS)
    }
  }

  /** Whether there was an answer. */
  async #look(broker: Address): Promise<boolean> {
    const askedAt = Math.round(performance.now())
    const checks = this.registers.map(register => register.asks())
    const answer = await committedOffsets(broker, { group: GROUP, topic: this.#topic, partitions: this.registers.length })
    for (const [partition, check] of checks.entries()) {
      const offset = answer?.find(each => each.partition === partition)?.offset
      const fault = check(offset)
      if (fault !== undefined)
        this.faults.push(`partition ${partition}, asked ${broker.port} from ${askedAt} to ${Math.round(performance.now())}: ${fault}`)
    }
    if (answer !== undefined) this.looks += 1
    return answer !== undefined
  }
}
