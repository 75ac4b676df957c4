import { errorName } from '../../protocol/errors.ts'
import { CreateTopics } from '../../protocol/messages/createTopics.ts'
import { Fetch } from '../../protocol/messages/fetch.ts'
import { Metadata } from '../../protocol/messages/metadata.ts'
import { Produce } from '../../protocol/messages/produce.ts'
import { batchesIn } from '../../protocol/records/batch.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { decodeRecords } from '../../protocol/records/record.ts'
import { type ClusterScenario, SimulatedCluster } from './simulatedCluster.ts'

const TOPIC = 'orders'
const FETCH_BYTES = 1_000_000

/** What a client was told, to be held against what the cluster has in the end. */
export interface Acknowledged {
  readonly offset: number
  readonly value: string
}

/**
 * A producer with acks=all and a consumer at work while brokers are killed, frozen and cut off, one after another. Checked all the time: whatever a
 * consumer has read stays as it was. Checked in the end: whatever was acknowledged is there, once, and the replicas agree byte for byte.
 */
export class DurabilityScenario {
  readonly cluster: SimulatedCluster
  readonly acknowledged: Acknowledged[] = []
  /** By offset, as it was first read. */
  readonly #read = new Map<number, string>()
  readonly #rounds: number
  #topicId = ''
  #leaderEpoch = -1
  #isOver = false
  #violation: string | undefined
  readonly story: string[] = []

  constructor(scenario: ClusterScenario & { readonly rounds?: number }) {
    this.cluster = new SimulatedCluster(scenario)
    this.#rounds = scenario.rounds ?? 6
    this.cluster.world.always(() => {
      if (this.#violation !== undefined) throw new Error(`${this.#violation}\n${this.story.join('\n')}`)
    })
  }

  async run(): Promise<void> {
    const { world } = this.cluster
    await world.settle(this.cluster.start())
    await world.settle(this.#createTopic())
    const producer = this.#produceUntilOver()
    const consumer = this.#consumeUntilOver()
    for (let round = 0; round < this.#rounds; round++) {
      await this.#fault()
      await this.#healthy()
      await world.run(world.random.below(500))
    }
    this.#isOver = true
    await world.settle(Promise.all([producer, consumer]))
    await this.#healthy()
    await world.settle(this.#check())
  }

  #note(what: string): void {
    this.story.push(`${this.cluster.world.elapsed.toFixed(0)} ms: ${what}`)
  }

  async #fault(): Promise<void> {
    const { world } = this.cluster
    const { random } = world
    const broker = this.cluster.broker(1 + random.below(3))
    const lastsMs = 50 + random.below(6000)
    const kind = ['kill', 'power', 'freeze', 'isolate', 'stop', 'oneWay'][random.below(6)]
    this.#note(`${kind} ${broker.id} for ${lastsMs}`)
    switch (kind) {
      case 'kill':
      case 'power':
        this.cluster.kill(broker.id, { power: kind === 'power' })
        await world.run(lastsMs)
        await world.settle(this.cluster.startBroker(broker.id))
        break
      case 'stop':
        await world.settle(this.cluster.stopBroker(broker.id))
        await world.run(lastsMs)
        await world.settle(this.cluster.startBroker(broker.id))
        break
      case 'freeze':
        world.freeze(broker.name)
        await world.run(lastsMs)
        world.thaw(broker.name)
        break
      case 'oneWay':
        for (const other of this.cluster.brokers)
          if (other.id !== broker.id) world.cut(broker.name, other.name, { oneWay: random.below(2) === 0 })
        await world.run(lastsMs)
        world.heal()
        break
      default:
        world.isolate(broker.name)
        await world.run(lastsMs)
        world.heal()
    }
    this.#note('healed')
  }

  /** All three in sync again: liveness once faults have stopped. */
  async #healthy(): Promise<void> {
    const { cluster } = this
    for (const { failure } of cluster.brokers) if (failure !== undefined) throw failure
    await cluster.world.run(function everyReplicaIsInSync() {
      const replicas = cluster.replicasOf(TOPIC, 0)
      return replicas.length === 3 && replicas.some(each => each.isLeader) && replicas.every(each => each.isr.length === 3)
    }, 30_000)
    this.#note('healthy')
  }

  async #createTopic(): Promise<void> {
    const configs = [{ name: 'min.insync.replicas', value: '2' }]
    const topic = { name: TOPIC, numPartitions: 1, replicationFactor: 3, assignments: [], configs }
    const { topics } = await this.cluster.ask(1, CreateTopics, { topics: [topic], timeoutMs: 5000 })
    const error = errorName(topics[0]!.errorCode)
    if (error !== 'NONE') throw new Error(`the topic was refused: ${error}`)
    this.#topicId = topics[0]!.topicId
  }

  /** The newest leader that any broker told of: a stale answer does not lead a client back in time (KIP-320). */
  async #leader(): Promise<{ id: number; epoch: number }> {
    const { random } = this.cluster.world
    const { topics } = await this.cluster.ask(1 + random.below(3), Metadata, { topics: [{ name: TOPIC }] }, { timeoutMs: 1000 })
    const { leaderId = -1, leaderEpoch = -1 } = topics[0]?.partitions[0] ?? {}
    if (leaderEpoch < this.#leaderEpoch || leaderId < 0) throw new Error('there is no leader')
    this.#leaderEpoch = leaderEpoch
    return { id: leaderId, epoch: leaderEpoch }
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>(resolve => {
      this.cluster.world.env('client').clock.after(ms, resolve)
    })
  }

  async #produceUntilOver(): Promise<void> {
    const { world } = this.cluster
    for (let count = 0; !this.#isOver; count++) {
      const value = `record ${count}`
      try {
        const leader = await this.#leader()
        const records = buildBatch({ records: [{ timestamp: Math.floor(world.elapsed), key: null, value: Buffer.from(value) }] })
        const topicData = [{ name: TOPIC, partitionData: [{ index: 0, records }] }]
        const { responses } = await this.cluster.ask(leader.id, Produce, { acks: -1, timeoutMs: 1000, topicData }, { timeoutMs: 2000 })
        const answer = responses[0]!.partitionResponses[0]!
        if (errorName(answer.errorCode) === 'NONE') this.acknowledged.push({ offset: answer.baseOffset, value })
      } catch {
        await this.#pause(50) // the next value, at whoever leads then
      }
      await this.#pause(1 + world.random.below(20))
    }
  }

  async #consumeUntilOver(): Promise<void> {
    let offset = 0
    while (!this.#isOver) {
      try {
        const leader = await this.#leader()
        for (const [at, value] of await this.#fetch(leader, offset)) {
          this.#hold(at, value)
          offset = at + 1
        }
        // Now and then all of it again: what was read must still be there.
        if (this.cluster.world.random.below(10) === 0) offset = 0
      } catch {
        await this.#pause(50)
      }
      await this.#pause(this.cluster.world.random.below(20))
    }
  }

  #hold(offset: number, value: string): void {
    const before = this.#read.get(offset)
    if (before === undefined) this.#read.set(offset, value)
    else if (before !== value) this.#violation = `offset ${offset} was read as ${before} and then as ${value}`
  }

  async #fetch(from: { id: number; epoch: number }, offset: number): Promise<[number, string][]> {
    const partition = { partition: 0, currentLeaderEpoch: from.epoch, fetchOffset: offset, partitionMaxBytes: FETCH_BYTES }
    const response = await this.cluster.ask(
      from.id,
      Fetch,
      { maxWaitMs: 100, minBytes: 1, topics: [{ topicId: this.#topicId, partitions: [partition] }] },
      { timeoutMs: 2000 },
    )
    const answer = response.responses[0]!.partitions[0]!
    const error = errorName(answer.errorCode)
    if (error !== 'NONE') {
      if (error === 'OFFSET_OUT_OF_RANGE') this.#violation ??= `offset ${offset} had been read and is out of range`
      throw new Error(error)
    }
    const records = answer.records ?? Buffer.alloc(0)
    return [...batchesIn(records)].flatMap(at =>
      decodeRecords(records, at, FETCH_BYTES).map((each): [number, string] => [each.offset, String(each.value)]),
    )
  }

  async #check(): Promise<void> {
    const leader = await this.#leader()
    const end = this.cluster.replicasOf(TOPIC, 0).find(each => each.isLeader)!.highWatermark
    const stored = new Map<number, string>()
    for (let offset = 0; offset < end;) {
      const found = await this.#fetch(leader, offset)
      if (found.length === 0) throw new Error(`nothing is read from ${offset}, below the high watermark ${end}`)
      for (const [at, value] of found) stored.set(at, value)
      offset = found.at(-1)![0] + 1
    }
    for (const { offset, value } of this.acknowledged) {
      if (stored.get(offset) !== value)
        throw new Error(`${value} was acknowledged at ${offset}, where now is ${stored.get(offset)}\n${this.story.join('\n')}`)
    }
    for (const [offset, value] of this.#read) {
      if (stored.get(offset) !== value)
        throw new Error(`${value} was read at ${offset}, where now is ${stored.get(offset)}\n${this.story.join('\n')}`)
    }
    const contents = await Promise.all(
      this.cluster.brokers.map(async ({ server }) => {
        const partition = server!.replicas.find(TOPIC, 0)
        if (typeof partition === 'string') throw new Error(partition)
        const read = await partition.log!.read(0, { maxBytes: 100 * FETCH_BYTES, upTo: end, atLeastOneBatch: true })
        if (read.error !== 'NONE') throw new Error(read.error)
        return read.records
      }),
    )
    if (!contents.every(each => each.equals(contents[0]!))) throw new Error(`the replicas differ\n${this.story.join('\n')}`)
  }
}
