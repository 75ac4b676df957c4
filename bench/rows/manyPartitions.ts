import type { RunningCluster } from '../../src-main/hosts/cli/startCluster.ts'
import { errorCode } from '../../src-main/protocol/errors.ts'
import { CreateTopics } from '../../src-main/protocol/messages/createTopics.ts'
import { DescribeLogDirs } from '../../src-main/protocol/messages/describeLogDirs.ts'
import { ListOffsets } from '../../src-main/protocol/messages/listOffsets.ts'
import { Metadata } from '../../src-main/protocol/messages/metadata.ts'
import { Produce } from '../../src-main/protocol/messages/produce.ts'
import { buildBatch } from '../../src-main/protocol/records/batchBuilder.ts'
import type { KafkaConnection } from '../../src-main/wire/client.ts'
import { sleep, startCluster, useOf } from '../brokers.ts'
import type { Row } from '../figures.ts'
import { connectTo } from '../wire.ts'

/** A look at so many partitions is work for the broker: often enough to tell tenths of seconds apart, and seldom enough to leave it time for its own. */
const LOOK_EVERY_MS = 100
const LOOKING_SHARE = 4
const SETTLES_WITHIN_MS = 5_000
const IDLE_MS = 10_000
const PATIENCE_MS = 180_000
const PRODUCED_WITHIN_MS = 30_000
const LATEST = -1
/** ext4 passes over inodes that were freed so lately, one by one: what is deleted before a measurement would cost it more than all it does. */
const FORGOTTEN_AFTER_MS = 36_000

/** A partition as one broker's metadata has it. */
interface Seen {
  readonly topic: string
  readonly index: number
  readonly leader: number
  readonly isr: readonly number[]
}

/** 10,000 partitions with three replicas each, on three brokers: made, left alone, their leader killed and started again, stopped. */
export async function manyPartitions(quick: boolean): Promise<Row[]> {
  const partitions = quick ? 1_000 : 10_000
  const rows = await measure(10, partitions / 10)
  if (quick) return rows
  await sleep(FORGOTTEN_AFTER_MS)
  return [...rows, ...(await measure(1, partitions))]
}

async function measure(topics: number, partitions: number): Promise<Row[]> {
  const rows: Row[] = []
  const note = (name: string, unit: string, values: readonly (number | undefined)[], bar?: string) => {
    const known = values.filter(value => value !== undefined)
    if (known.length > 0) rows.push({ name, unit, values: known, ...(bar === undefined ? {} : { bar }) })
  }
  const cluster = await startCluster()
  const brokers = new Brokers(cluster)
  const all = cluster.brokerIds
  const memory = () => all.map(id => useOf(cluster, id)).map(use => use && use.residentBytes / 1e6)
  try {
    note(`with ${topics} topics of ${partitions.toLocaleString('en-US')}: resident memory of a broker before`, 'MB', memory())
    const { answered, complete } = await create(brokers, topics, partitions)
    note('  CreateTopics answered', 's', [answered])
    note('  every partition has its replicas', 's', [complete], '≤ 20')
    await sleep(SETTLES_WITHIN_MS)
    note('  resident memory of a broker', 'MB', memory(), '≤ 400')
    const before = all.map(id => useOf(cluster, id)?.cpuMs)
    await sleep(IDLE_MS)
    const idle = all.map((id, index) => ((useOf(cluster, id)?.cpuMs ?? NaN) - (before[index] ?? NaN)) / (IDLE_MS / 100))
    note('  processor, idle', '%', before[0] === undefined ? [] : idle)

    const failures = [await fail(brokers, { controller: false }), await fail(brokers, { controller: true })]
    note('  kill -9: its leaders have moved', 's', [failures[0]?.moved], '≤ 5')
    note('  kill -9 of the controller too: its leaders have moved', 's', [failures[1]?.moved], '≤ 5')
    note(
      '  and the first batch to one of them is acknowledged',
      's',
      failures.map(each => each.first),
      '≤ 5',
    )
    note(
      '  and one batch to each of them is acknowledged',
      's',
      failures.map(each => each.produced),
    )
    note(
      '  restart: it serves clients',
      's',
      failures.map(each => each.served),
    )
    note(
      '  restart: every replica is in sync',
      's',
      failures.map(each => each.inSync),
    )
    await sleep(SETTLES_WITHIN_MS)
    note('  resident memory of a broker afterwards', 'MB', memory(), '≤ 400')
    brokers.close()
    const stopping = performance.now()
    await cluster.stop()
    note('  orderly stop', 's', [secondsSince(stopping)])
  } finally {
    brokers.close()
    await cluster.stop()
  }
  return rows
}

async function create(brokers: Brokers, topics: number, partitions: number) {
  const names = Array.from({ length: topics }, (_, index) => `many-${index}`)
  const startedAt = performance.now()
  const asked = names.map(name => ({ name, numPartitions: partitions, replicationFactor: 3, assignments: [], configs: [] }))
  const answer = await (await brokers.of(1)).send(CreateTopics, { topics: asked, timeoutMs: 60_000 })
  const refused = answer.topics.find(each => each.errorCode !== 0)
  // Who forwarded it may have asked a second time, of the next controller.
  if (refused !== undefined && refused.errorCode !== errorCode('TOPIC_ALREADY_EXISTS'))
    throw new Error(`the topic was not created: ${refused.errorMessage}`)
  const answered = secondsSince(startedAt)
  await brokers.until(topics * partitions, ({ leader, isr }) => leader >= 0 && isr.length === 3)
  await brokers.untilEveryLogIsThere(topics * partitions)
  return { answered, complete: secondsSince(startedAt) }
}

/** Kills one broker, and has it back in sync when it is over. */
async function fail(brokers: Brokers, { controller }: { controller: boolean }) {
  const { cluster } = brokers
  const before = await brokers.seenBy(1)
  const { controllerId } = cluster.snapshot()
  const id = cluster.brokerIds.find(each => (each === controllerId) === controller)!
  const led = before.filter(each => each.leader === id)
  const killedAt = performance.now()
  await cluster.kill(id)
  brokers.forget(id)
  await brokers.until(before.length, ({ leader }) => leader >= 0 && leader !== id)
  const moved = secondsSince(killedAt)

  const now = new Map((await brokers.seenBy(cluster.brokerIds.find(each => each !== id)!)).map(each => [keyOf(each), each]))
  const partitions = led.map(each => now.get(keyOf(each))!)
  await brokers.produceTo(partitions.slice(0, 1))
  const first = secondsSince(killedAt)
  await brokers.produceTo(partitions)
  const produced = secondsSince(killedAt)

  const startedAt = performance.now()
  await cluster.start(id)
  const served = secondsSince(startedAt)
  await brokers.until(before.length, ({ isr }) => isr.length === 3)
  return { moved, first, produced, served, inSync: secondsSince(startedAt) }
}

/** The brokers as a client sees them, over one connection each. */
class Brokers {
  readonly cluster: RunningCluster
  readonly #connections = new Map<number, KafkaConnection>()

  constructor(cluster: RunningCluster) {
    this.cluster = cluster
  }

  async of(id: number): Promise<KafkaConnection> {
    const known = this.#connections.get(id)
    if (known?.isOpen === true) return known
    const opened = await connectTo(this.cluster, id)
    this.#connections.set(id, opened)
    return opened
  }

  forget(id: number): void {
    this.#connections.get(id)?.close()
    this.#connections.delete(id)
  }

  close(): void {
    for (const id of [...this.#connections.keys()]) this.forget(id)
  }

  get #running(): number[] {
    return this.cluster.brokerIds.filter(id => this.cluster.pidOf(id) !== null)
  }

  async seenBy(id: number): Promise<Seen[]> {
    const { topics } = await (await this.of(id)).send(Metadata, { topics: null, allowAutoTopicCreation: false })
    return topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, leaderId, isrNodes }) => ({
        topic: name ?? '',
        index: partitionIndex,
        leader: leaderId,
        isr: isrNodes,
      })),
    )
  }

  /** Until the metadata of every running broker says so of every partition. */
  async until(count: number, isSo: (seen: Seen) => boolean): Promise<void> {
    await Promise.all(
      this.#running.map(id =>
        within(PATIENCE_MS, async () => {
          const seen = await this.seenBy(id)
          return seen.length === count && seen.every(isSo)
        }),
      ),
    )
  }

  /** Until every leader answers for its partitions, and every broker has made all its logs. */
  async untilEveryLogIsThere(count: number): Promise<void> {
    const logsAreThere = async (id: number) => {
      const { results } = await (await this.of(id)).send(DescribeLogDirs, { topics: null })
      const made = results.flatMap(({ topics }) => topics.filter(({ name }) => !name.startsWith('__')).flatMap(each => each.partitions))
      return made.length >= count
    }
    let unanswered: ReadonlySet<string> | undefined
    const leadersAnswer = async () => {
      const left = (await this.seenBy(1)).filter(each => unanswered?.has(keyOf(each)) ?? true)
      const refused = await Promise.all([...Map.groupBy(left, each => each.leader)].map(([leader, led]) => this.#refusedBy(leader, led)))
      unanswered = new Set(refused.flat())
      return unanswered.size === 0
    }
    await Promise.all([...this.#running.map(id => within(PATIENCE_MS, () => logsAreThere(id))), within(PATIENCE_MS, leadersAnswer)])
  }

  /** Of partitions that it is said to lead, those that it does not answer for. */
  async #refusedBy(leader: number, led: readonly Seen[]): Promise<string[]> {
    if (leader < 0) return led.map(keyOf)
    const topics = byTopic(led).map(([name, partitions]) => ({
      name,
      partitions: partitions.map(({ index }) => ({ partitionIndex: index, timestamp: LATEST })),
    }))
    const answer = await (await this.of(leader)).send(ListOffsets, { replicaId: -1, isolationLevel: 0, topics })
    return answer.topics.flatMap(({ name, partitions }) =>
      partitions.flatMap(({ errorCode, partitionIndex }) => (errorCode === 0 ? [] : [keyOf({ topic: name, index: partitionIndex })])),
    )
  }

  /** One batch to each of them, acks=all; those that are refused are tried again. */
  async produceTo(partitions: readonly Seen[]): Promise<void> {
    const records = buildBatch({ records: [{ key: null, value: Buffer.from('after'), timestamp: Date.now() }] })
    let left = partitions
    await within(PATIENCE_MS, async () => {
      const byLeader = [...Map.groupBy(left, each => each.leader)]
      const refused = new Set((await Promise.all(byLeader.map(([leader, led]) => this.#produceOnce(leader, led, records)))).flat())
      if (refused.size === 0) return true
      left = (await this.seenBy(this.#running[0]!)).filter(each => refused.has(keyOf(each)))
      return false
    })
  }

  /** Answers those that were refused. */
  async #produceOnce(leader: number, led: readonly Seen[], records: Buffer): Promise<string[]> {
    if (leader < 0) return led.map(keyOf)
    const topicData = byTopic(led).map(([name, ofTopic]) => ({ name, partitionData: ofTopic.map(({ index }) => ({ index, records })) }))
    const connection = await this.of(leader)
    const { responses } = await connection.send(Produce, { acks: -1, timeoutMs: PRODUCED_WITHIN_MS, topicData }, { timeoutMs: PATIENCE_MS })
    return responses.flatMap(({ name, partitionResponses }) =>
      partitionResponses.flatMap(each => (each.errorCode === 0 ? [] : [keyOf({ topic: name, index: each.index })])),
    )
  }
}

async function within(patienceMs: number, isSo: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + patienceMs; ;) {
    const lookedAt = performance.now()
    if (await isSo()) return
    if (lookedAt > deadline) throw new Error(`the cluster was not as it should be after ${patienceMs / 1000} s`)
    await sleep(Math.max(LOOK_EVERY_MS, LOOKING_SHARE * (performance.now() - lookedAt)))
  }
}

const byTopic = (partitions: readonly Seen[]) => [...Map.groupBy(partitions, each => each.topic)]
const keyOf = ({ topic, index }: Pick<Seen, 'topic' | 'index'>) => `${topic}-${index}`
const secondsSince = (startedAt: number) => (performance.now() - startedAt) / 1000
