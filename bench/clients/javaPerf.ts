import type { ProducerOptions } from './kcat.ts'
import { RECORD_BYTES } from './payload.ts'
import { runClient } from './programs.ts'

const PRODUCER = 'org.apache.kafka.tools.ProducerPerformance'
const CONSUMER = 'org.apache.kafka.tools.ConsumerPerformance'
/** As `kafka-producer-perf-test.sh` and its sister start them. */
const FLAGS = ['-Xmx512M', '-server', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20', '-XX:InitiatingHeapOccupancyPercent=35']
/** Of the records: the first ones compile the client. */
const WARM_UP_SHARE = 0.3
const MEBIBYTE = 1024 * 1024

/** Apache Kafka's `kafka-producer-perf-test`: MB/s of what is produced after its warm-up, by its own clock. */
export async function javaProduce(classpath: string, payloads: string, records: number, options: ProducerOptions): Promise<number> {
  const { bootstrapServers, topic, batchBytes, codec, acks } = options
  const properties = [`acks=${acks}`, `batch.size=${batchBytes}`, `compression.type=${codec}`]
  const said = await java(classpath, PRODUCER, [
    ...[
      '--bootstrap-server',
      bootstrapServers,
      '--topic',
      topic,
      '--num-records',
      String(records),
      '--throughput',
      '-1',
      '--payload-file',
      payloads,
    ],
    ...['--warmup-records', String(Math.round(records * WARM_UP_SHARE)), '--reporting-interval', '1000000'],
    // A request holds at least one batch, and by default not more than 1 MiB.
    ...['--command-property', ...properties, `max.request.size=${Math.max(MEBIBYTE, batchBytes * 2)}`],
  ])
  return (recordsPerSecond(said) * RECORD_BYTES) / 1e6
}

/** Apache Kafka's `kafka-consumer-perf-test`: MB/s from its first fetch on, by its own clock. */
export async function javaConsume(
  classpath: string,
  records: number,
  { bootstrapServers, topic }: Pick<ProducerOptions, 'bootstrapServers' | 'topic'>,
): Promise<number> {
  const said = await java(classpath, CONSUMER, [
    ...['--bootstrap-server', bootstrapServers, '--topic', topic, '--num-records', String(records), '--timeout', '60000'],
    '--hide-header',
  ])
  return fetchedMegabytesPerSecond(said)
}

/** Of the lines that the producer's test prints the last: what it reached after its warm-up, or as a whole. */
export function recordsPerSecond(said: string): number {
  const last = [...said.matchAll(/records sent, ([\d.]+) records\/sec/g)].at(-1)
  if (last === undefined) throw new Error(`the producer's test said: ${said}`)
  return Number(last[1])
}

/** Of the consumer's test: the last but one of its ten columns, in units of 2^20 bytes. */
export function fetchedMegabytesPerSecond(said: string): number {
  const columns = said.trim().split('\n').at(-1)?.split(', ') ?? []
  const speed = Number(columns[8])
  if (columns.length !== 10 || !Number.isFinite(speed)) throw new Error(`the consumer's test said: ${said}`)
  return (speed * MEBIBYTE) / 1e6
}

function java(classpath: string, mainClass: string, args: readonly string[]): Promise<string> {
  return runClient('java', [...FLAGS, '-cp', classpath, mainClass, ...args])
}
