import { join } from 'node:path'
import { javaProduce } from '../clients/javaPerf.ts'
import { kcatProduce, type ProducerOptions } from '../clients/kcat.ts'
import { RECORD_BYTES, writeOrders } from '../clients/payload.ts'
import { kcat } from '../clients/programs.ts'
import { rowsOf, type Desk, type Outcomes } from '../desk.ts'
import type { Row } from '../figures.ts'
import { underLoad, type Load } from '../load.ts'
import { createTopics, deleteTopics } from '../topics.ts'
import { ceilingOf } from './ceiling.ts'

type Client = 'librdkafka' | 'Java'

interface Case extends Pick<ProducerOptions, 'batchBytes' | 'codec' | 'acks'> {
  readonly client: Client
  readonly partitions: number
  readonly replicas: number
  readonly bar?: string
}

interface Outcome extends Load {
  readonly megabytesPerSecond: number
  readonly megabytes: number
}

const SMALL = 16_384
const LARGE = 1_000_000

const all = { client: 'librdkafka', replicas: 3, acks: -1 } as const
const one = { client: 'librdkafka', replicas: 1, acks: 1, partitions: 1, codec: 'none' } as const

/** The first one is what the cpu figure is about. */
const CASES: readonly Case[] = [
  { ...all, batchBytes: SMALL, partitions: 1, codec: 'none', bar: 'ratio ≥ 1.5' },
  { ...all, batchBytes: SMALL, partitions: 1, codec: 'lz4' },
  { ...all, batchBytes: SMALL, partitions: 12, codec: 'none', bar: 'ratio ≥ 1.5' },
  { ...all, batchBytes: SMALL, partitions: 12, codec: 'lz4' },
  { ...all, batchBytes: LARGE, partitions: 1, codec: 'none' },
  { ...all, batchBytes: LARGE, partitions: 1, codec: 'lz4' },
  { ...all, batchBytes: LARGE, partitions: 12, codec: 'none' },
  { ...all, batchBytes: LARGE, partitions: 12, codec: 'lz4' },
  { ...one, batchBytes: SMALL, bar: 'ratio ≥ 1.0' },
  { ...one, batchBytes: LARGE, bar: 'ratio ≥ 1.0' },
  { ...all, client: 'Java', batchBytes: SMALL, partitions: 1, codec: 'none', bar: 'ratio ≥ 1.5' },
  { ...all, client: 'Java', batchBytes: LARGE, partitions: 1, codec: 'none' },
]

/** What producers that people use get stored in a second, and what that costs the brokers. */
export async function produce(desk: Desk): Promise<Row[]> {
  const records = desk.isQuick ? 50_000 : 200_000
  const { javaClasspath } = desk
  const isThere: Readonly<Record<Client, boolean>> = { librdkafka: kcat !== undefined, Java: javaClasspath !== undefined }
  const folder = await desk.folder()
  const files = { all: join(folder, 'orders'), some: join(folder, 'payloads') }
  await writeOrders(files.all, records)
  await writeOrders(files.some, 1_000)
  const ceiling = await ceilingOf(desk.isQuick)

  const rows: Row[] = []
  const outcomes = new Map<Case, Outcomes<Outcome>>()
  for (const [index, each] of CASES.filter(({ client }) => isThere[client]).entries()) {
    const measured = await desk.measure(desk.isQuick ? 1 : 3, async (cluster, round): Promise<Outcome> => {
      const topic = `produce-${index}-${round}`
      await createTopics(cluster, [{ name: topic, partitions: each.partitions, replicas: each.replicas }])
      const { bootstrapServers } = cluster
      const { outcome, ...load } = await underLoad(cluster, async () =>
        each.client === 'Java'
          ? await javaProduce(javaClasspath!, files.some, records * 2, { bootstrapServers, topic, ...each })
          : (records * RECORD_BYTES) / 1e6 / (await kcatProduce(files.all, { bootstrapServers, topic, ...each })),
      )
      await deleteTopics(cluster, [topic])
      return { megabytesPerSecond: outcome, megabytes: (records * RECORD_BYTES * (each.client === 'Java' ? 2 : 1)) / 1e6, ...load }
    })
    outcomes.set(each, measured)
    rows.push(
      ...rowsOf(nameOf(each), 'MB/s', measured, outcome => outcome.megabytesPerSecond, { ceiling, ...(each.bar && { bar: each.bar }) }),
    )
  }
  return [...rows, ...costs(outcomes)]
}

function costs(outcomes: ReadonlyMap<Case, Outcomes<Outcome>>): Row[] {
  const replicated = [...outcomes].filter(([each]) => each.replicas === 3)
  const together = {
    trilog: replicated.flatMap(([, { trilog }]) => trilog),
    kafka: replicated.flatMap(([, { kafka }]) => kafka),
  }
  return [
    ...replicated
      .filter(([{ partitions, codec }]) => partitions === 1 && codec === 'none')
      .flatMap(([each, measured]) =>
        rowsOf(
          `cpu of the brokers per GB: ${nameOf(each)}`,
          's/GB',
          measured,
          perGigabyte,
          each.batchBytes === SMALL ? { bar: 'ratio ≤ 0.8' } : {},
        ),
      ),
    ...rowsOf(
      'resident memory of three brokers while they are produced to, summed',
      'MB',
      together,
      outcome => outcome.residentBytes && outcome.residentBytes / 1e6,
      {
        bar: 'ratio ≤ 0.4',
      },
    ),
  ]
}

const perGigabyte = ({ cpuSeconds, megabytes }: Outcome) => (cpuSeconds === undefined ? undefined : cpuSeconds / (megabytes / 1_000))

function nameOf({ client, batchBytes, partitions, codec, acks, replicas }: Case): string {
  const batches = batchBytes === SMALL ? '16 KB' : '1 MB'
  return `produce, ${client}, acks=${acks === -1 ? 'all' : '1'}, replication ${replicas}, ${batches}, ${partitions} partition${partitions === 1 ? '' : 's'}, ${codec}`
}
