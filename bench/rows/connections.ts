import { batchOf, expectNone } from '../clients/rawLoad.ts'
import { RawConnection } from '../clients/rawConnection.ts'
import { helloFrame, produceFrame, produceVerdict } from '../clients/rawFrames.ts'
import { sleep, useOf } from '../brokers.ts'
import type { MeasuredCluster } from '../cluster.ts'
import { rowsOf, type Desk } from '../desk.ts'
import { percentile, type Row } from '../figures.ts'
import { createTopics } from '../topics.ts'

const IDLE = [1_000, 10_000] as const
const PRODUCERS = 1_000
/** Opened at the same time: less than a broker keeps waiting for its `accept`. */
const AT_ONCE = 40
const SETTLES_WITHIN_MS = 2_000
/** Enough for answers of some bytes: thousands of them are held here. */
const READ_BYTES = 1_024
const BROKER = 1
const TOPIC = 'connections'
/** Requests that are not counted: they compile the broker's code. */
const WARM_UP = 10_000

/** What connections cost a broker and its other clients, when they are idle and when they are not. */
export async function connections(desk: Desk): Promise<Row[]> {
  await desk.clear()
  const outcomes = await desk.inTurn(desk.isQuick ? 1 : 3, async contender => {
    // A new one each time: what a broker has taken for connections once, it keeps for the next ones.
    await using cluster = await contender.start({ brokers: 1 })
    await createTopics(cluster, [{ name: TOPIC, partitions: 1, replicas: 1 }])
    const records = batchOf(1).records
    const frame = produceFrame({ topic: TOPIC, partition: 0, acks: 1, records })
    const active = await RawConnection.open(cluster.portOf(BROKER), READ_BYTES)
    const askAll = desk.isQuick ? 2_000 : 10_000
    await latencies(active, frame, WARM_UP)
    const alone = await latencies(active, frame, askAll)
    const held: RawConnection[] = []
    const beside: { readonly kilobytes: number | undefined; readonly p99: number }[] = []
    for (const count of IDLE) {
      const before = useOf(cluster, BROKER)?.residentBytes
      const opened = count - held.length
      held.push(...(await openMany(cluster, opened)))
      await sleep(SETTLES_WITHIN_MS)
      const after = useOf(cluster, BROKER)?.residentBytes
      beside.push({
        kilobytes: before === undefined || after === undefined ? undefined : (after - before) / opened / 1_000,
        p99: percentile(await latencies(active, frame, askAll), 0.99),
      })
    }
    const producers = await producing(held.slice(0, PRODUCERS), frame, desk.isQuick ? 3_000 : 10_000)
    for (const each of [active, ...held]) each.close()
    return { p99: percentile(alone, 0.99), beside, producers }
  })
  const named = (count: number) => count.toLocaleString('en-US')
  return [
    ...rowsOf('one client, 1 KB, acks=1, alone: p99', 'ms', outcomes, each => each.p99),
    ...IDLE.flatMap((count, index) => [
      ...rowsOf(`${named(count)} idle connections: memory of the broker for each`, 'KB', outcomes, each => each.beside[index]?.kilobytes, {
        bar: '≤ 20',
      }),
      ...rowsOf(`  p99 of the one client beside them`, 'ms', outcomes, each => each.beside[index]?.p99, { bar: 'as alone, within 20 %' }),
    ]),
    ...rowsOf(
      `${named(PRODUCERS)} active producers on one broker, 1 KB, acks=1, one request in flight each`,
      '1/s',
      outcomes,
      each => each.producers.perSecond,
    ),
    ...rowsOf('  p99 of a request', 'ms', outcomes, each => each.producers.p99),
  ]
}

/** Of one request after the other, in milliseconds. */
async function latencies(connection: RawConnection, frame: Buffer, count: number): Promise<number[]> {
  const values: number[] = []
  for (let n = 0; n < count; n++) {
    const sentAt = performance.now()
    await connection.ask(frame, start => expectNone(produceVerdict(start, TOPIC)))
    values.push(performance.now() - sentAt)
  }
  return values
}

async function openMany(cluster: MeasuredCluster, count: number): Promise<RawConnection[]> {
  const opened: RawConnection[] = []
  const hello = helloFrame()
  let left = count
  const worker = async () => {
    while (left-- > 0) {
      const connection = await RawConnection.open(cluster.portOf(BROKER), READ_BYTES)
      opened.push(connection)
      await connection.ask(hello)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return opened
}

/** All at once, each with its next request when the one before is answered. */
async function producing(producers: readonly RawConnection[], frame: Buffer, forMs: number) {
  const values: number[] = []
  const startedAt = performance.now()
  const one = async (connection: RawConnection) => {
    while (performance.now() - startedAt < forMs) values.push(...(await latencies(connection, frame, 1)))
  }
  await Promise.all(producers.map(one))
  return { perSecond: values.length / ((performance.now() - startedAt) / 1_000), p99: percentile(values, 0.99) }
}
