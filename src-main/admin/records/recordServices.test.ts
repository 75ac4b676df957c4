import { afterEach, describe, expect, it } from 'vitest'
import type { ProduceSettings, RecordSelection, RunItem, WrittenRecord } from '../../contract/records.ts'
import { errorCode } from '../../protocol/errors.ts'
import { DescribeConfigs } from '../../protocol/messages/describeConfigs.ts'
import { ListOffsets } from '../../protocol/messages/listOffsets.ts'
import { Produce } from '../../protocol/messages/produce.ts'
import { baseSequence, compressionName, producerId } from '../../protocol/records/batch.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { decodeRecords, type LogRecord } from '../../protocol/records/record.ts'
import type { ResponseInput } from '../../protocol/schema.ts'
import { ScriptedKafka } from '../../simulation/kafka/scriptedKafka.ts'
import { type Answer, noResponse } from '../../wire/handler.ts'
import { type AdminServices, adminServices } from '../adminServices.ts'
import { sameThreadWorkers } from '../search/sameThread.ts'

const clusterId = 'scripted'
const never = new AbortController().signal
const settings: ProduceSettings = { partitioner: { kind: 'byKey' }, compression: 'none', acks: 'all' }

let kafka: ScriptedKafka
let admin: AdminServices
/** What was exported, and whether that was whole. */
let exported: { text: string; isWhole: boolean | undefined; name: string }
let isFull = false
afterEach(async () => {
  await admin.close()
  kafka.world.close()
})

async function connected(given: (kafka: ScriptedKafka) => void): Promise<void> {
  kafka = new ScriptedKafka()
  given(kafka)
  await kafka.world.settle(kafka.start())
  exported = { text: '', isWhole: undefined, name: '' }
  isFull = false
  admin = adminServices(kafka.world.env('client'), {
    bootstrapOf: () => [1, 2, 3].map(broker => kafka.addressOf(broker)),
    searchWorkers: sameThreadWorkers(),
    exportFiles: {
      open: async (_, name) => ({
        place: { kind: 'file', path: `/tmp/${name}` },
        write: async bytes => {
          if (isFull) throw new Error('There is no space left on the disk.')
          exported = { ...exported, name, text: exported.text + bytes.toString() }
        },
        abandon: () => undefined,
        close: async ({ isWhole }) => {
          exported.isWhole = isWhole
        },
      }),
    },
  })
}
const settle = <T>(promise: Promise<T>) => kafka.world.settle(promise)

/** Runs to the end; `each` is told of every item as it comes. */
function endOf(items: AsyncIterable<RunItem>, each: (item: RunItem) => void = () => undefined) {
  return settle(
    (async () => {
      let last: RunItem | undefined
      for await (const item of items) each((last = item))
      if (last?.type !== 'ended') throw new Error('it did not end')
      return last
    })(),
  )
}

const text = (value: string) => ({ encoding: 'text' as const, text: value })
const written = (record: Partial<WrittenRecord> = {}): WrittenRecord => ({ key: null, value: text('v'), headers: [], ...record })
const logOf = (topic: string): LogRecord[][] =>
  kafka.topics.get(topic)!.partitions.map(({ log }) => log.flatMap(batch => [...decodeRecords(batch, 0, 1e6)]))
const valuesIn = (topic: string) => logOf(topic).map(records => records.map(({ value }) => value?.toString() ?? null))
const batchesIn = (topic: string) => kafka.topics.get(topic)!.partitions.flatMap(({ log }) => log)

describe('producing', () => {
  const produce = (more: Partial<Parameters<AdminServices['records']['produce']>[0]> = {}) =>
    endOf(
      admin.records.produce(
        { clusterId, topic: 'a', record: written(), isTemplate: false, count: 1, perSecond: null, settings, ...more },
        never,
      ),
    )

  it('a record: says where it is', async () => {
    await connected(given => given.topic('a', { partitions: 3 }))
    const record = written({
      key: { encoding: 'hex', text: '66 6f 6f' },
      headers: [{ key: 'h', value: { encoding: 'base64', text: '/w==' } }],
    })
    const done = await produce({ record, settings: { ...settings, partitioner: { kind: 'fixed', partition: 2 }, compression: 'lz4' } })
    expect(done).toMatchObject({ why: 'done', last: { partition: 2, offset: 0 }, progress: { records: 1, acknowledged: 1, perhaps: 0 } })
    expect(logOf('a')[2]).toMatchObject([{ key: Buffer.from('foo'), headers: [{ key: 'h', value: Buffer.of(255) }] }])
    expect(batchesIn('a').map(batch => compressionName(batch))).toEqual(['lz4'])
  })

  it('many: fills each in anew', async () => {
    await connected(given => given.topic('a'))
    const record = written({ key: text('k{{counter}}'), value: { encoding: 'json', text: '{"n":{{counter 10}}}' } })
    expect(await produce({ record, isTemplate: true, count: 3 })).toMatchObject({ progress: { acknowledged: 3, done: 1 } })
    expect(logOf('a')[0]!.map(({ key, value }) => `${String(key)} ${String(value)}`)).toEqual(['k1 {"n":10}', 'k2 {"n":11}', 'k3 {"n":12}'])
  })

  it('leaves braces alone when they are no template', async () => {
    await connected(given => given.topic('a'))
    await produce({ record: written({ value: text('{{counter}}') }) })
    expect(valuesIn('a')).toEqual([['{{counter}}']])
  })

  it('keeps to a rate', async () => {
    await connected(given => given.topic('a'))
    const before = kafka.world.env('client').clock.elapsed()
    await produce({ count: 21, perSecond: 10 })
    expect(kafka.world.env('client').clock.elapsed() - before).toBeGreaterThan(1_900)
    expect(kafka.world.env('client').clock.elapsed() - before).toBeLessThan(3_000)
  })

  it('says which part can become no bytes, and sends nothing', async () => {
    await connected(given => given.topic('a'))
    expect(await produce({ record: written({ value: { encoding: 'json', text: '{' } }) })).toMatchObject({
      why: 'failed',
      problem: {
        code: 'recordProblems.noJson',
        details: { part: 'value', why: expect.any(String) as string },
        message: expect.stringContaining('The value: It is no JSON') as string,
      },
    })
    expect(valuesIn('a')).toEqual([[]])
  })

  it('with acks=leader has no sequence numbers, and with acks=none hears nothing', async () => {
    await connected(given => given.topic('a'))
    expect(await produce({ settings: { ...settings, acks: 'leader' } })).toMatchObject({ last: { offset: 0 } })
    expect(batchesIn('a').map(batch => [producerId(batch), baseSequence(batch)])).toEqual([[-1, -1]])
    const usual = kafka.scripted(Produce)
    kafka.script(Produce, async (request, call): Promise<Answer<typeof Produce>> => {
      await usual(request, call)
      return noResponse
    })
    expect(await produce({ settings: { ...settings, acks: 'none' }, count: 2 })).toMatchObject({ why: 'done', last: { offset: null } })
    await kafka.world.run(1_000)
    expect(valuesIn('a')).toEqual([['v', 'v', 'v']])
  })

  it('halves a batch that is too large for the topic, and tells how far it came when one record is', async () => {
    await connected(given => given.topic('a'))
    const usual = kafka.scripted(Produce)
    kafka.script(Produce, (request, call) => {
      const { records } = request.topicData[0]!.partitionData[0]!
      if (records!.length <= 400) return usual(request, call)
      return { responses: [{ name: 'a', partitionResponses: [{ index: 0, errorCode: errorCode('MESSAGE_TOO_LARGE'), baseOffset: -1 }] }] }
    })
    const record = (length: number) => written({ value: text(`{{text ${length}}}`) })
    expect(await produce({ record: record(90), isTemplate: true, count: 8 })).toMatchObject({ why: 'done', progress: { acknowledged: 8 } })
    expect(await produce({ record: record(900), isTemplate: true, count: 2 })).toMatchObject({
      why: 'failed',
      problem: { code: 'MESSAGE_TOO_LARGE' },
      progress: { acknowledged: 0, perhaps: 0 },
    })
  })

  it('that is stopped says how many were acknowledged', async () => {
    await connected(given => given.topic('a'))
    const items = admin.records.produce(
      { clusterId, topic: 'a', record: written(), isTemplate: false, count: 1_000, perSecond: 100, settings },
      never,
    )
    const done = await endOf(items, item => {
      if (item.type === 'begun') kafka.world.env('client').clock.after(2_000, () => void admin.records.stop({ runId: item.runId }))
    })
    expect(done.why).toBe('stopped')
    expect(done.progress.acknowledged).toBe(valuesIn('a')[0]!.length)
    expect(done.progress.acknowledged).toBeGreaterThan(100)
    expect(done.progress.acknowledged).toBeLessThan(300)
  })

  it('shows what would be, and what is wrong, before anything is sent', async () => {
    await connected(given => given.topic('a'))
    const record = written({ key: text('{{counter}}'), value: { encoding: 'hex', text: 'xy' } })
    expect(await admin.records.preview({ clusterId, topic: 'a', record, isTemplate: true, count: 2 })).toMatchObject([
      {
        key: { text: '1', size: 1, problem: null },
        value: {
          text: 'xy',
          size: null,
          problem: { code: 'recordProblems.noHexDigit', details: { digit: 'x' }, message: '"x" is no hexadecimal digit.' },
        },
      },
      { key: { text: '2' } },
    ])
  })
})

/** Gives a text as a page does, piece by piece. */
async function give(runId: string, whole: string, piece = 64): Promise<void> {
  const bytes = Buffer.from(whole)
  for (let at = 0; at < bytes.length || at === 0; at += piece) {
    const { isWanted } = await admin.records.give({ runId, bytes: bytes.subarray(at, at + piece), isLast: at + piece >= bytes.length })
    if (!isWanted) return
  }
}

describe('importing', () => {
  const importing = (whole: string, more: Partial<Parameters<AdminServices['records']['import']>[0]> = {}) =>
    endOf(
      admin.records.import(
        { clusterId, topic: 'a', format: 'ndjson', size: whole.length, settings, keepsPartitions: true, keepsTimestamps: true, ...more },
        never,
      ),
      item => {
        if (item.type === 'begun') void give(item.runId, whole)
      },
    )
  const lines = '{"key":"a","value":"1","partition":1,"timestamp":5}\nnot json\n{"value":"2","partition":7}\n{"value":null,"partition":0}\n'

  it('keeps partitions and times, leaves bad lines out and names them', async () => {
    await connected(given => given.topic('a', { partitions: 2 }))
    const done = await importing(lines)
    expect(done).toMatchObject({ why: 'done', progress: { records: 2, acknowledged: 2, leftOut: 2, done: 1 } })
    expect(done.progress.badLines).toEqual([
      { line: 2, why: expect.objectContaining({ code: 'recordProblems.noJson' }) as object },
      {
        line: 3,
        why: { code: 'recordProblems.elsewhere', details: { topic: 'a', partition: 7 }, message: 'a has no partition 7.' },
      },
    ])
    expect(logOf('a')).toMatchObject([[{ value: null }], [{ key: Buffer.from('a'), timestamp: 5 }]])
  })

  it('lets the key decide when partitions are not to be kept', async () => {
    await connected(given => given.topic('a', { partitions: 2 }))
    expect(await importing(lines, { keepsPartitions: false })).toMatchObject({ progress: { acknowledged: 3, leftOut: 1 } })
  })

  it('a check says the same and produces nothing', async () => {
    await connected(given => given.topic('a', { partitions: 2 }))
    const done = await endOf(admin.records.check({ format: 'ndjson', size: null }, never), item => {
      if (item.type === 'begun') void give(item.runId, lines)
    })
    expect(done).toMatchObject({ why: 'done', progress: { records: 3, leftOut: 1, acknowledged: 0 } })
    expect(valuesIn('a')).toEqual([[], []])
  })

  it('that is stopped wants no more, and says what was acknowledged', async () => {
    await connected(given => given.topic('a'))
    const line = `{"value":"${'x'.repeat(1_000)}"}\n`
    let told = 0
    const done = await endOf(
      admin.records.import(
        { clusterId, topic: 'a', format: 'ndjson', size: null, settings, keepsPartitions: false, keepsTimestamps: false },
        never,
      ),
      item => {
        if (item.type === 'begun') void give(item.runId, line.repeat(20_000), 100_000)
        const runId = item.type === 'begun' ? item.runId : undefined
        if (runId !== undefined) kafka.world.env('client').clock.after(20, () => void admin.records.stop({ runId }))
        told += 1
      },
    )
    expect(told).toBeGreaterThan(1)
    expect(done.why).toBe('stopped')
    expect(done.progress.acknowledged).toBe(valuesIn('a')[0]!.length)
    expect(done.progress.acknowledged).toBeLessThan(20_000)
    expect(await admin.records.give({ runId: 'long gone', bytes: new Uint8Array(), isLast: false })).toEqual({ isWanted: false })
  })

  it('fails as a whole when the first row of a table names no columns, with nothing produced', async () => {
    await connected(given => given.topic('a'))
    expect(await importing('1,2\n3,4\n', { format: 'csv' })).toMatchObject({
      why: 'failed',
      problem: { code: 'recordProblems.noSuchColumn', details: { name: '1' } },
    })
    expect(valuesIn('a')).toEqual([[]])
  })
})

describe('a selection of records', () => {
  const selection: RecordSelection = { topic: 'a', ranges: null, fromMs: null, toMs: null, filter: null }
  const hits: RecordSelection['filter'] = { kind: 'text', text: 'hit', isCaseSensitive: true, where: ['value'] }
  /** Two partitions of 50, each in batches of 10, every fifth a hit; timestamps are offsets. */
  const filled = (given: ScriptedKafka) => {
    given.topic('a', { partitions: 2 })
    for (const partition of [0, 1]) {
      for (let first = 0; first < 50; first += 10) {
        const records = Array.from({ length: 10 }, (_, index) => ({
          key: Buffer.from(`k${index}`),
          value: Buffer.from(`${(first + index) % 5 === 0 ? 'hit' : 'no'} ${partition}-${first + index}`),
          headers: [{ key: 'h', value: null }],
          timestamp: first + index,
        }))
        given.append('a', partition, buildBatch({ records }))
      }
    }
    const usual = given.scripted(ListOffsets)
    given.script(ListOffsets, async (request, call) => {
      const answer = (await usual(request, call)) as ResponseInput<typeof ListOffsets>
      const timestamp = request.topics[0]?.partitions[0]?.timestamp ?? -1
      if (timestamp < 0) return answer
      const topics = answer.topics.map(topic => ({
        ...topic,
        partitions: topic.partitions.map(partition => ({ ...partition, errorCode: 0, offset: timestamp < 50 ? timestamp : -1 })),
      }))
      return { ...answer, topics }
    })
  }
  const exporting = (wanted: Partial<RecordSelection> = {}, format: 'ndjson' | 'csv' | 'raw' = 'raw') =>
    endOf(admin.records.export({ clusterId, selection: { ...selection, ...wanted }, format, to: 'dialog', name: 'a.txt' }, never))
  const linesOut = () => exported.text.split('\n').slice(0, -1)

  it('is exported partition by partition, whole', async () => {
    await connected(filled)
    expect(await exporting()).toMatchObject({ why: 'done', progress: { records: 100, leftOut: 0, done: 1 } })
    expect(linesOut()).toHaveLength(100)
    expect([linesOut()[0], linesOut()[49], linesOut()[50]]).toEqual(['hit 0-0', 'no 0-49', 'hit 1-0'])
    expect(exported).toMatchObject({ isWhole: true, name: 'a.txt' })
  })

  it.each<[string, Partial<RecordSelection>, string[]]>([
    ['ranges', { ranges: [{ partition: 1, from: 8, to: 11 }] }, ['no 1-8', 'no 1-9', 'hit 1-10']],
    ['times', { ranges: [{ partition: 0, from: 0, to: 50 }], fromMs: 48, toMs: 50 }, ['no 0-48', 'no 0-49']],
    ['a filter and times', { filter: hits, fromMs: 40, toMs: 46 }, ['hit 0-40', 'hit 0-45', 'hit 1-40', 'hit 1-45']],
  ])('is bounded by %s', async (_, wanted, expected) => {
    await connected(filled)
    expect(await exporting(wanted)).toMatchObject({ why: 'done' })
    expect(linesOut()).toEqual(expected)
  })

  it('of hits has each of them whole', async () => {
    await connected(filled)
    expect(await exporting({ filter: hits }, 'ndjson')).toMatchObject({ progress: { records: 20, undecided: 0, done: 1 } })
    expect(JSON.parse(linesOut()[1]!)).toEqual({
      partition: 0,
      offset: 5,
      timestamp: 5,
      timestampType: 'CreateTime',
      key: 'k5',
      value: 'hit 0-5',
      headers: [{ key: 'h', value: null }],
    })
  })

  it('is not whole on a full disk, and says so', async () => {
    await connected(filled)
    isFull = true
    expect(await exporting()).toMatchObject({ why: 'failed', problem: { message: 'There is no space left on the disk.' } })
    expect(exported.isWhole).toBe(false)
  })

  it('refuses a filter that cannot be understood', async () => {
    await connected(filled)
    const filter: RecordSelection['filter'] = { kind: 'regex', pattern: '(', isCaseSensitive: true, where: ['value'] }
    expect(await exporting({ filter })).toMatchObject({ why: 'failed', problem: { code: 'INVALID_FILTER' } })
  })

  const replaying = (more: Partial<Parameters<AdminServices['records']['replay']>[0]> = {}) =>
    endOf(
      admin.records.replay(
        {
          clusterId,
          toCluster: clusterId,
          toTopic: 'b',
          selection,
          keepsPartitions: true,
          keepsTimestamps: true,
          compression: 'gzip',
          ...more,
        },
        never,
      ),
    )

  it('goes to another topic as it is: partition, key, value, headers and time', async () => {
    await connected(given => (filled(given), given.topic('b', { partitions: 2 })))
    expect(await replaying()).toMatchObject({ why: 'done', progress: { records: 100, acknowledged: 100 } })
    expect(logOf('b')).toEqual(logOf('a'))
    expect(batchesIn('b').every(batch => compressionName(batch) === 'gzip')).toBe(true)
  })

  it('goes where its key says, with the time of now, when it keeps neither', async () => {
    await connected(given => (filled(given), given.topic('b', { partitions: 1 })))
    expect(await replaying({ keepsPartitions: false, keepsTimestamps: false, selection: { ...selection, filter: hits } })).toMatchObject({
      progress: { acknowledged: 20 },
    })
    expect(logOf('b')[0]!.every(({ timestamp }) => timestamp > 1_000)).toBe(true)
  })

  it('that goes to where it comes from is what was there at the beginning', async () => {
    await connected(filled)
    expect(await replaying({ toTopic: 'a' })).toMatchObject({ progress: { acknowledged: 100 } })
    expect(logOf('a').map(records => records.length)).toEqual([100, 100])
  })

  it('stops at a partition that the target does not have, and says how far it came', async () => {
    await connected(given => (filled(given), given.topic('b', { partitions: 1 })))
    expect(await replaying()).toMatchObject({
      why: 'failed',
      problem: { message: 'b has no partition 1.' },
      progress: { acknowledged: 50 },
    })
  })

  it('is counted, and what it would come upon named, beforehand', async () => {
    await connected(given => {
      filled(given)
      given.topic('b', { partitions: 1 })
      given.script(DescribeConfigs, ({ resources }) => ({
        throttleTimeMs: 0,
        results: resources.map(({ resourceType, resourceName }) => ({
          errorCode: 0,
          errorMessage: null,
          resourceType,
          resourceName,
          configs: [
            { name: 'cleanup.policy', value: 'compact,delete', readOnly: false, configSource: 1, isSensitive: false, synonyms: [] },
            { name: 'message.timestamp.type', value: 'LogAppendTime', readOnly: false, configSource: 1, isSensitive: false, synonyms: [] },
          ],
        })),
      }))
    })
    const asked = { clusterId, toCluster: clusterId, toTopic: 'b', keepsPartitions: true, keepsTimestamps: true, selection }
    expect(await settle(admin.records.planReplay(asked))).toEqual({
      offsets: 100,
      gone: 0,
      sourcePartitions: 2,
      targetPartitions: 1,
      warnings: ['fewerPartitions', 'logAppendTime', 'compacted'],
    })
  })
})
