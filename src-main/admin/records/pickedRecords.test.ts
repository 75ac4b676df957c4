import { afterEach, describe, expect, it } from 'vitest'
import type { OffsetRange } from '../../contract/messages.ts'
import type { RecordSelection, RunItem } from '../../contract/records.ts'
import { DescribeConfigs } from '../../protocol/messages/describeConfigs.ts'
import { Fetch } from '../../protocol/messages/fetch.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { decodeRecords } from '../../protocol/records/record.ts'
import { ScriptedKafka } from '../../simulation/kafka/scriptedKafka.ts'
import { type AdminServices, adminServices } from '../adminServices.ts'
import { sameThreadWorkers } from '../search/sameThread.ts'
import { withoutRecord } from './pickedRecords.ts'

const clusterId = 'scripted'
const never = new AbortController().signal

let kafka: ScriptedKafka
let admin: AdminServices
let exported: string
afterEach(async () => {
  await admin.close()
  kafka.world.close()
})

/** Topic `a` with two partitions of 5,000 records of about 100 bytes, ten to a batch, and `b`, which is empty. */
async function connected(given: (kafka: ScriptedKafka) => void = () => undefined): Promise<void> {
  kafka = new ScriptedKafka()
  kafka.topic('a', { partitions: 2 })
  kafka.topic('b', { partitions: 2 })
  for (const partition of [0, 1]) {
    for (let first = 0; first < 5_000; first += 10) {
      const records = Array.from({ length: 10 }, (_, index) => ({
        key: Buffer.from(`k${index}`),
        value: Buffer.from(`${partition}-${first + index} ${'x'.repeat(90)}`),
        headers: [{ key: 'h', value: Buffer.of(255) }],
        timestamp: 1_000_000 + first + index,
      }))
      kafka.append('a', partition, buildBatch({ records }))
    }
  }
  given(kafka)
  await kafka.world.settle(kafka.start())
  exported = ''
  admin = adminServices(kafka.world.env('client'), {
    bootstrapOf: () => [1, 2, 3].map(broker => kafka.addressOf(broker)),
    searchWorkers: sameThreadWorkers(),
    exportFiles: {
      open: async (_, name) => ({
        place: { kind: 'file', path: `/tmp/${name}` },
        write: async bytes => void (exported += bytes.toString()),
        abandon: () => undefined,
        close: async () => undefined,
      }),
    },
  })
}
const settle = <T>(promise: Promise<T>) => kafka.world.settle(promise)
const endOf = (items: AsyncIterable<RunItem>) =>
  settle(
    (async () => {
      let last: RunItem | undefined
      for await (const item of items) last = item
      if (last?.type !== 'ended') throw new Error('it did not end')
      return last
    })(),
  )
const one = (partition: number, offset: number): OffsetRange => ({ partition, from: offset, to: offset + 1 })
const picked = (ranges: OffsetRange[]): RecordSelection => ({
  topic: 'a',
  ranges,
  isPicked: true,
  filter: null,
  fromMs: null,
  toMs: null,
})
const exporting = (ranges: OffsetRange[]) =>
  endOf(admin.records.export({ clusterId, selection: picked(ranges), format: 'ndjson', to: 'dialog', name: 'a' }, never))
const linesOut = () =>
  exported
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line) as { partition: number; offset: number })
const placesOut = () => linesOut().map(({ partition, offset }) => `${partition}@${offset}`)
const target = { clusterId, toCluster: clusterId, toTopic: 'b', keepsPartitions: true, keepsTimestamps: true }

describe('records that were picked one by one', () => {
  it('are exported, these and no others, in the order of the log', async () => {
    await connected()
    expect(await exporting([one(1, 4_000), one(0, 17), one(0, 15), { partition: 1, from: 8, to: 11 }])).toMatchObject({
      why: 'done',
      progress: { records: 6, missing: 0, firstMissing: [], done: 1 },
    })
    expect(placesOut()).toEqual(['0@15', '0@17', '1@8', '1@9', '1@10', '1@4000'])
    expect(linesOut()[0]).toMatchObject({ timestamp: 1_000_015, key: 'k5', headers: [{ key: 'h', value: { $base64: '/w==' } }] })
  })

  it('come with one answer when they are near each other', async () => {
    await connected()
    await exporting(Array.from({ length: 50 }, (_, index) => one(0, 100 + index * 3)))
    expect(linesOut()).toHaveLength(50)
    expect(kafka.countOf(Fetch)).toBe(1)
  })

  it('come with an answer each when they are not', async () => {
    await connected()
    await exporting(Array.from({ length: 5 }, (_, index) => one(0, index * 900)))
    expect(placesOut()).toEqual(['0@0', '0@900', '0@1800', '0@2700', '0@3600'])
    expect(kafka.countOf(Fetch)).toBe(5)
  })

  it('may be all there is', async () => {
    await connected()
    const all = [0, 1].map(partition => ({ partition, from: 0, to: 5_000 }))
    expect(await exporting(all)).toMatchObject({ progress: { records: 10_000, missing: 0 } })
    expect(new Set(placesOut()).size).toBe(10_000)
  })

  it('are named when they are gone: deleted, compacted away, or behind where the log ends now', async () => {
    await connected(given => {
      const partition = given.topics.get('a')!.partitions[0]!
      partition.start = 20
      partition.log.splice(0, 2)
      partition.log.splice(3, 1) // offsets 50 to 59
    })
    const done = await exporting([one(0, 7), one(0, 19), one(0, 20), { partition: 0, from: 48, to: 52 }, one(0, 55), one(0, 5_000)])
    expect(done).toMatchObject({ why: 'done', progress: { records: 3, missing: 6 } })
    expect(placesOut()).toEqual(['0@20', '0@48', '0@49'])
    expect(done.progress.firstMissing).toEqual([
      { ...one(0, 7), why: 'deleted' },
      { ...one(0, 19), why: 'deleted' },
      { ...one(0, 5_000), why: 'beyondEnd' },
      { partition: 0, from: 50, to: 52, why: 'noRecord' },
      { ...one(0, 55), why: 'noRecord' },
    ])
  })

  it('are replayed with key, value, headers, time and partition', async () => {
    await connected()
    const selection = picked([one(0, 3), one(1, 4), one(1, 4_900)])
    expect(await endOf(admin.records.replay({ ...target, selection, compression: 'none' }, never))).toMatchObject({
      why: 'done',
      progress: { acknowledged: 3, missing: 0 },
    })
    const recordsOf = (topic: string) =>
      kafka.topics
        .get(topic)!
        .partitions.map(({ log }) =>
          log
            .flatMap(batch => decodeRecords(batch, 0, 1e6))
            .map(({ key, value, headers, timestamp }) => ({ key, value, headers, timestamp })),
        )
    const [first, second] = recordsOf('a')
    expect(recordsOf('b')).toEqual([[first![3]], [second![4], second![4_900]]])
  })

  it('that are outside the log are counted before a replay', async () => {
    await connected(given => {
      given.topics.get('a')!.partitions[0]!.start = 20
      given.script(DescribeConfigs, () => ({ throttleTimeMs: 0, results: [] }))
    })
    const plan = await settle(admin.records.planReplay({ ...target, selection: picked([{ partition: 0, from: 18, to: 23 }, one(1, 9)]) }))
    expect(plan).toMatchObject({ offsets: 4, gone: 2 })
  })

  it('become a text for the clipboard, unless that would be too long', async () => {
    await connected(given =>
      given.append('b', 0, buildBatch({ records: [{ key: null, value: Buffer.alloc(9_000_000, 'x'), headers: [], timestamp: 0 }] })),
    )
    const { text, ...rest } = await settle(admin.records.ndjson({ clusterId, selection: picked([one(1, 9), one(0, 8), one(0, 6_000)]) }))
    expect(rest).toEqual({ records: 2, missing: 1, firstMissing: [{ ...one(0, 6_000), why: 'beyondEnd' }] })
    expect(text?.split('\n').map(line => line.slice(0, 26))).toEqual(['{"partition":0,"offset":8,', '{"partition":1,"offset":9,', ''])
    const tooLong = await settle(admin.records.ndjson({ clusterId, selection: { ...picked([one(0, 0)]), topic: 'b' } }))
    expect(tooLong).toMatchObject({ text: null })
  })

  it('of a partition that there is not are refused', async () => {
    await connected()
    expect(await exporting([one(7, 0)])).toMatchObject({ why: 'failed', problem: { message: 'a has no partition 7.' } })
  })
})

it('what holds no record is told in stretches', () => {
  const at = (partition: number, offset: number) => ({ partition, timestampType: 'CreateTime' as const, record: { offset } as never })
  const ranges = [
    { partition: 0, from: 0, to: 5 },
    { partition: 0, from: 8, to: 9 },
    { partition: 1, from: 0, to: 3 },
  ]
  expect([...withoutRecord({ picked: ranges, records: [at(0, 1), at(0, 2), at(1, 2)] })]).toEqual([
    { partition: 0, from: 0, to: 1 },
    { partition: 0, from: 3, to: 5 },
    { partition: 0, from: 8, to: 9 },
    { partition: 1, from: 0, to: 2 },
  ])
})
