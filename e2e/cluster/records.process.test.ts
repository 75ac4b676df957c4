import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ExportFormat, ProduceSettings, RecordSelection, RunItem, TextFormat } from '../../src-main/contract/records.ts'
import { connectToHost, type HostClient } from '../../src-main/hosts/cli/hostClient.ts'
import { kafkaOf } from './clients/kafkajs.ts'
import { Trilog } from './trilog.ts'

const clusterId = 'local'
const never = new AbortController().signal
const settings: ProduceSettings = { partitioner: { kind: 'byKey' }, compression: 'lz4', acks: 'all' }
const trilog = new Trilog()
let bootstrap: string
let host: HostClient

beforeAll(async () => {
  const data = trilog.folder('data')
  bootstrap = (await trilog.up(data, '--port', '0', '--web-port', '0')).bootstrap
  const found = await connectToHost(data)
  if (found === undefined) throw new Error('the host does not answer')
  host = found
})
afterAll(() => {
  host.close()
  trilog.end()
})

async function endOf(items: AsyncIterable<RunItem>, each: (item: RunItem) => void = () => undefined) {
  let last: RunItem | undefined
  for await (const item of items) each((last = item))
  if (last?.type !== 'ended') throw new Error('it did not end')
  return last
}

const whole = (topic: string): RecordSelection => ({ topic, ranges: null, fromMs: null, toMs: null, filter: null })

/** What a browser gets; reads slowly when told to. */
function download(path: string, { pauseMs = 0 } = {}): Promise<{ body: Buffer; isWhole: boolean; name: string }> {
  return new Promise(resolve => {
    const headers = { host: `127.0.0.1:${host.file.port}`, authorization: `Bearer ${host.file.token}` }
    const sent = request({ host: '127.0.0.1', port: host.file.port, path, headers, setHost: false }, response => {
      const chunks: Buffer[] = []
      const done = (isWhole: boolean) =>
        resolve({ body: Buffer.concat(chunks), isWhole, name: String(response.headers['content-disposition']) })
      void (async () => {
        try {
          for await (const chunk of response) {
            chunks.push(chunk as Buffer)
            if (pauseMs > 0) await sleep(pauseMs)
          }
          done(response.complete && response.statusCode === 200)
        } catch {
          done(false)
        }
      })()
    })
    sent.on('error', () => resolve({ body: Buffer.alloc(0), isWhole: false, name: '' }))
    sent.end()
  })
}

async function exported(selection: RecordSelection, format: ExportFormat = 'ndjson') {
  let fetched: ReturnType<typeof download> | undefined
  const end = await endOf(host.bridge.records.export({ clusterId, selection, format, to: 'download', name: 'a ’b.txt' }, never), item => {
    if (item.type === 'begun') fetched = download(item.place!.path)
  })
  return { end, ...(await fetched!) }
}

async function give(runId: string, text: Buffer) {
  for (let at = 0; at < text.length; at += 100_000) {
    const { isWanted } = await host.bridge.records.give({ runId, bytes: new Uint8Array(text.subarray(at, at + 100_000)), isLast: false })
    if (!isWanted) return
  }
  await host.bridge.records.give({ runId, bytes: new Uint8Array(), isLast: true })
}
const imported = (topic: string, text: Buffer, format: TextFormat = 'ndjson') =>
  endOf(
    host.bridge.records.import(
      { clusterId, topic, format, size: text.length, settings, keepsPartitions: true, keepsTimestamps: true },
      never,
    ),
    item => {
      if (item.type === 'begun') void give(item.runId, text)
    },
  )

const newTopic = (name: string, partitions = 3) =>
  host.bridge.topics.create({ clusterId, name, partitions, replicationFactor: 3, configs: { 'max.message.bytes': '4000000' } })

/** All that is hard to write down, and enough of everything else to need many batches. */
async function fill(topic: string, count: number) {
  const producer = kafkaOf(bootstrap, 'filler').producer()
  await producer.connect()
  const nasty: (Buffer | null)[] = [
    null,
    Buffer.alloc(0),
    Buffer.from([0xff, 0xfe, 0x00]),
    Buffer.from('"quoted", with; separators\r\nand\tlines'),
    Buffer.from('\ufeffmark'),
    Buffer.from('{"$base64":"AA=="}'),
    Buffer.from('💥 \u2028'),
    Buffer.alloc(1_500_000, 'x'),
  ]
  await producer.send({
    topic,
    acks: -1,
    messages: nasty.map((value, index) => ({
      key: nasty[(index + 3) % (nasty.length - 1)]!,
      value,
      partition: index % 3,
      timestamp: String(1_700_000_000_000 + index),
      headers: { plain: 'text', bytes: Buffer.from([0x80]), 'with "quotes"': '' },
    })),
  })
  for (let at = 0; at < count; at += 5_000) {
    const messages = Array.from({ length: Math.min(5_000, count - at) }, (_, index) => ({
      key: `key-${(at + index) % 500}`,
      value: JSON.stringify({ n: at + index, text: 'abcdefghijklmnopqrstuvwxyz'.repeat(4) }),
      partition: (at + index) % 3,
      timestamp: String(1_700_000_100_000 + at + index),
    }))
    await producer.send({ topic, acks: -1, messages, compression: 1 })
  }
  await producer.disconnect()
}

describe('records that leave a cluster and come back', () => {
  it.each(['ndjson', 'csv'] as const)('as %s are the same again', { timeout: 120_000 }, async format => {
    const [from, to] = [`from-${format}`, `to-${format}`]
    await newTopic(from)
    await newTopic(to)
    await fill(from, 20_000)
    const first = await exported(whole(from), format)
    expect(first).toMatchObject({ isWhole: true, end: { why: 'done', progress: { records: 20_008, done: 1 } } })
    expect(first.name).toBe("attachment; filename*=UTF-8''a%20%E2%80%99b.txt")
    expect(await imported(to, first.body, format)).toMatchObject({ why: 'done', progress: { acknowledged: 20_008, leftOut: 0 } })
    const second = await exported(whole(to), format)
    expect(second.body.equals(first.body)).toBe(true)
  })

  it('are those that a search finds, and no others', async () => {
    const filter = {
      kind: 'json' as const,
      combine: 'every' as const,
      conditions: [{ part: 'value' as const, path: 'n', operator: 'less' as const, value: '30' }],
    }
    const { end, body } = await exported({ ...whole('from-ndjson'), filter })
    expect(end).toMatchObject({ why: 'done', progress: { records: 30 } })
    const numbers = body
      .toString()
      .trim()
      .split('\n')
      .map(line => (JSON.parse((JSON.parse(line) as { value: string }).value) as { n: number }).n)
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, n) => n))
  })

  it('go to another topic and are the same there, which the audit log knows', async () => {
    await newTopic('replayed')
    const to = { toCluster: clusterId, toTopic: 'replayed', keepsPartitions: true, keepsTimestamps: true }
    const end = await endOf(host.bridge.records.replay({ clusterId, selection: whole('from-ndjson'), compression: 'zstd', ...to }, never))
    expect(end).toMatchObject({ why: 'done', progress: { acknowledged: 20_008 } })
    const [before, after] = [await exported(whole('from-ndjson')), await exported(whole('replayed'))]
    expect(after.body.equals(before.body)).toBe(true)
    const { entries } = await host.bridge.audit.list({ limit: 5 })
    expect(entries.find(entry => entry.operation === 'records.replay')).toMatchObject({
      outcome: 'done',
      about: { selection: 'from-ndjson', toTopic: 'replayed', acknowledged: 20_008 },
    })
  })

  it('that are stopped half way say how many arrived, and a download says itself that it is not whole', async () => {
    await newTopic('stopped', 1)
    const text = Buffer.from(`{"value":"${'x'.repeat(500)}"}\n`.repeat(200_000))
    let runId = ''
    const end = await endOf(
      host.bridge.records.import(
        { clusterId, topic: 'stopped', format: 'ndjson', size: text.length, settings, keepsPartitions: true, keepsTimestamps: true },
        never,
      ),
      item => {
        if (item.type === 'begun') void give((runId = item.runId), text)
        if (item.type === 'progress') void host.bridge.records.stop({ runId })
      },
    )
    expect(end.why).toBe('stopped')
    const [extent] = await host.bridge.messages.extent({ clusterId, topic: 'stopped' })
    expect(end.progress.acknowledged).toBe(extent!.end)
    expect(end.progress.acknowledged).toBeLessThan(200_000)

    await newTopic('large', 1)
    const record = { key: null, value: { encoding: 'text' as const, text: 'x'.repeat(100_000) }, headers: [] }
    const large = {
      clusterId,
      topic: 'large',
      record,
      isTemplate: false,
      count: 400,
      perSecond: null,
      settings: { ...settings, compression: 'none' as const },
    }
    expect(await endOf(host.bridge.records.produce(large, never))).toMatchObject({ progress: { acknowledged: 400 } })
    let fetched: ReturnType<typeof download> | undefined
    const selection = whole('large')
    const half = await endOf(
      host.bridge.records.export({ clusterId, selection, format: 'raw', to: 'download', name: 'half.txt' }, never),
      item => {
        if (item.type !== 'begun') return
        // Some 40 MB at a megabyte a second.
        fetched = download(item.place!.path, { pauseMs: 60 })
        setTimeout(() => void host.bridge.records.stop({ runId: item.runId }), 300)
      },
    )
    expect(half.why).toBe('stopped')
    expect((await fetched!).isWhole).toBe(false)
  })
})
