import { Kafka, logLevel } from 'kafkajs'
import type { RunningCluster } from '../../src-main/hosts/cli/startCluster.ts'
import { seededRandom } from '../../src-main/simulation/seededRandom.ts'
import { eventually, startCluster } from '../cluster/builtCluster.ts'
import { Gaps } from './books.ts'
import { Readers } from './readers.ts'
import { verdictOn } from './verdict.ts'
import { Weather } from './weather.ts'
import { KafkajsWriter, LibrdkafkaWriter, type Writer } from './writers.ts'

const TOPIC = 'ledger'
const PARTITIONS = 4
const READERS = 2
/** Of each writer: with one in five batches a second the brokers are busy, and a slow machine keeps up. */
const EVERY_MS = 40
const CAUGHT_UP_WITHIN_MS = 60_000

export interface StormOptions {
  readonly directory: string
  readonly seed: number
  readonly ms: number
  readonly say: (line: string) => void
}

export interface StormReport {
  /** What is wrong. Nothing, when every promise was kept. */
  readonly faults: readonly string[]
  readonly struck: ReadonlyMap<string, number>
  readonly acknowledged: ReadonlyMap<string, number>
  readonly written: number
  readonly read: number
  readonly commits: number
  readonly commitLooks: number
  readonly longestGapMs: number
  readonly longestGapOfOneMs: number
  readonly slowestHealingMs: number
  /** What clients did that no cluster can be blamed for, and how often. */
  readonly oddities: ReadonlyMap<string, number>
}

/**
 * Three built brokers under load, struck again and again for so long, and then the question whether they kept their promises: every acknowledged record
 * is stored, once where its producer is idempotent, in order for each producer and partition; what was read stays; committed offsets stay; the replicas are
 * the same bytes. The folder is left as the stopped brokers left it.
 */
export async function storm({ directory, seed, ms, say }: StormOptions): Promise<StormReport> {
  const random = seededRandom(seed)
  const cluster = await startCluster({ directory, settings: { 'log.segment.bytes': String(1024 * 1024) } })
  const faults: string[] = []
  cluster.onEvent(({ kind, brokerId, detail }) => {
    if (kind === 'brokerDied') faults.push(`broker ${brokerId} died by itself: ${detail}`)
  })
  let isStopped = false
  try {
    const kafka = kafkaOf(cluster)
    const admin = kafka.admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: PARTITIONS, replicationFactor: 3 }] })
    await admin.disconnect()

    const gaps = new Gaps()
    const kafkajs = (name: string, partition: number, isIdempotent: boolean) =>
      new KafkajsWriter(kafka, { name, topic: TOPIC, partition, isIdempotent, everyMs: EVERY_MS, random: random.fork(name), gaps })
    const writers: Writer[] = [
      ...Array.from({ length: PARTITIONS }, (_, partition) => kafkajs(`idempotent-${partition}`, partition, true)),
      ...[0, 1].map(partition => kafkajs(`plain-${partition}`, partition, false)),
    ]
    if (LibrdkafkaWriter.python === undefined)
      say('without librdkafka: no Python has confluent_kafka (Debian: apt-get install python3-confluent-kafka)')
    else
      writers.push(
        new LibrdkafkaWriter({
          name: 'librdkafka',
          topic: TOPIC,
          partitions: PARTITIONS,
          bootstrap: cluster.bootstrapServers,
          everyMs: 10,
          gaps,
        }),
      )
    for (const writer of writers) writer.start()
    const readers = new Readers({
      topic: TOPIC,
      partitions: PARTITIONS,
      brokers: cluster.brokerIds.map(id => ({ host: '127.0.0.1', port: cluster.portOf(id) })),
    })
    await readers.start(READERS)
    await eventually('everybody writes', () => writers.every(({ books }) => books.every(book => book.acknowledged > 0)))

    const weather = new Weather({ cluster, readers, random: random.fork('weather'), say })
    await weather.rage(new Promise(resolve => setTimeout(resolve, ms)))
    say('the storm is over')
    await Promise.all(writers.map(writer => writer.stop()))
    await caughtUp(readers, cluster).catch(async () => {
      await readers.replaceAll() // whether it is they or the cluster, others will tell
      await caughtUp(readers, cluster)
    })
    await readers.stop()
    const directories = cluster.snapshot().brokers.map(broker => broker.directory)
    // One after the other, so that each can still hand over: the last bytes are on all of them.
    for (const brokerId of cluster.brokerIds) await cluster.stopBroker(brokerId)
    isStopped = true
    const books = writers.flatMap(writer => writer.books)
    for (const writer of writers) faults.push(...writer.complaints.map(what => `${writer.books[0]?.writer}: ${what}`))
    faults.push(...readers.faults)
    const verdict = await verdictOn(directories, TOPIC, { writers: books, readers: readers.books })
    faults.push(...verdict.faults)
    const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0)
    return {
      faults,
      struck: weather.counts,
      acknowledged: new Map(
        [...Map.groupBy(books, book => book.writer.replace(/(-\d+)+$/, ''))].map(([name, of]) => [
          name,
          sum(of.map(book => book.acknowledged)),
        ]),
      ),
      written: sum(books.map(book => book.offsets.length)),
      read: sum(readers.books.map(book => book.reads)),
      commits: sum(readers.registers.map(register => register.acknowledged)),
      commitLooks: readers.looks,
      longestGapMs: gaps.longestMs,
      longestGapOfOneMs: gaps.longestOfOneMs,
      slowestHealingMs: weather.slowestHealingMs,
      oddities: new Map([
        ['records that librdkafka sent again under another epoch', verdict.sentAgain],
        ['librdkafka gave up (its issue 4438)', sum(writers.map(each => (each instanceof LibrdkafkaWriter ? each.surrenders : 0)))],
        ['producers of kafkajs got stuck', sum(writers.map(each => (each instanceof KafkajsWriter && each.isStuck ? 1 : 0)))],
        ['readers of kafkajs crashed or got stuck', readers.revivals],
      ]),
    }
  } finally {
    if (!isStopped) say('the storm ends early')
    await cluster.stop()
  }
}

/** Until everything was read. */
async function caughtUp(readers: Readers, cluster: RunningCluster): Promise<void> {
  await eventually(
    'readers have read everything',
    () => {
      const ends = cluster.snapshot().partitions.filter(({ topic }) => topic === TOPIC)
      return ends.every(({ partition, highWatermark }) => highWatermark !== null && (readers.readTo[partition] ?? 0) >= highWatermark)
    },
    CAUGHT_UP_WITHIN_MS,
  )
}

/** Gives up on a broker that does not answer sooner than one does in peace, and never on the cluster. */
const kafkaOf = (cluster: RunningCluster) =>
  new Kafka({
    clientId: 'storm',
    brokers: cluster.bootstrapServers.split(','),
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1_000,
    requestTimeout: 3_000,
    retry: { initialRetryTime: 30, maxRetryTime: 200, retries: 10_000 },
  })
