import { gzipSync } from 'node:zlib'
import { encode as encodeMessagePack } from '@msgpack/msgpack'
import { encode as encodeCbor } from 'cborg'
import { describe, expect, it } from 'vitest'
import { AUTO_FORMATS, type TopicFormats } from '../../contract/formats.ts'
import type { SearchFilter } from '../../contract/search.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import type { RecordContent } from '../../protocol/records/record.ts'
import { SearchScanner } from './searchScanner.ts'
import type { ScanReport } from './searchWorkers.ts'

/** What a worker says of one batch of these records. */
async function search(filter: SearchFilter, records: readonly RecordContent[], formats: TopicFormats = AUTO_FORMATS) {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const reports: ScanReport[] = []
  const scanner = new SearchScanner({
    elapsed: () => 0,
    open: () => Promise.reject(new Error('there are no files')),
    openSandbox: () => {
      throw new Error('there is no sandbox')
    },
    answer: answer => {
      if (answer.type === 'report') reports.push(answer)
      else if (answer.type === 'finished') resolve()
      else if (answer.type !== 'ready') reject(new Error(JSON.stringify(answer)))
    },
  })
  const bytes = buildBatch({ baseOffset: 0, records: records.map(record => ({ ...record, timestamp: 5 })) })
  scanner.take({
    type: 'begin',
    task: { filter, fromMs: null, toMs: null, columns: ['value.id'], topic: 'orders', formats, schemas: null },
  })
  scanner.take({ type: 'scanBytes', bytes, sections: [{ id: 1, partition: 0, from: 0, to: 1e9, at: 0, length: bytes.length }] })
  await promise
  return {
    offsets: reports.flatMap(({ rows }) => rows.map(({ offset }) => offset)),
    columns: reports.flatMap(({ rows }) => rows.map(({ columns }) => columns[0])),
    failures: reports.reduce((sum, { failures }) => sum + failures, 0),
  }
}

const text = (sought: string): SearchFilter => ({ kind: 'text', text: sought, isCaseSensitive: false, where: ['key', 'value'] })
const json = (path: string, value: string): SearchFilter => ({
  kind: 'json',
  combine: 'every',
  conditions: [{ part: 'value', path, operator: 'equals', value }],
})
const ofValue = (value: Buffer | Uint8Array | string) => ({ key: null, value: Buffer.from(value as string) })

const SAME = [
  ofValue('{"id":7,"city":"Bergen"}'),
  ofValue(encodeMessagePack({ id: 7, city: 'Bergen' })),
  ofValue(encodeCbor({ id: 7, city: 'Bergen' })),
  ofValue(Buffer.from('\ufeff{"id":7,"city":"Bergen"}', 'utf16le')),
  ofValue(gzipSync('{"id":7,"city":"Bergen"}')),
  ofValue('<id>7</id>'),
  ofValue('{"id":8,"city":"Lyon"}'),
  ofValue(encodeCbor({ id: 8, city: 'Lyon' })),
]

describe('a search of records of several formats', () => {
  it('finds a text in what they were decoded to, also where the bytes do not hold it', async () => {
    expect((await search(text('bergen'), SAME)).offsets).toEqual([0, 1, 2, 3, 4])
    expect((await search(text('"id":8'), SAME)).offsets).toEqual([6, 7])
    expect((await search({ kind: 'regex', pattern: 'city":"Ly', isCaseSensitive: true, where: ['value'] }, SAME)).offsets).toEqual([6, 7])
  })

  it('asks conditions of values, and reads columns', async () => {
    const { offsets, columns } = await search(json('id', '7'), SAME)
    expect(offsets).toEqual([0, 1, 2, 3, 4, 5])
    expect(columns).toEqual(['7', '7', '7', '7', '7', '7'])
    expect((await search(json('city', 'Lyon'), SAME)).offsets).toEqual([6, 7])
  })

  it('takes bytes for what was chosen', async () => {
    const long = Buffer.alloc(8)
    long.writeBigInt64BE(1_234_567_890_123_456_789n)
    const records = [{ key: long, value: Buffer.from('x') }]
    expect((await search(text('234567890123456789'), records)).offsets).toEqual([])
    expect((await search(text('234567890123456789'), records, { key: 'long', value: 'auto' })).offsets).toEqual([0])
    const condition: SearchFilter = {
      kind: 'json',
      combine: 'every',
      conditions: [{ part: 'key', path: '', operator: 'equals', value: '1234567890123456789' }],
    }
    expect((await search(condition, records, { key: 'long', value: 'auto' })).offsets).toEqual([0])
  })

  it('still finds the bytes of what could not be decoded', async () => {
    const binary = [ofValue(Buffer.concat([Buffer.from([0xff, 0xfe, 0]), Buffer.from('needle')]))]
    expect((await search(text('needle'), binary)).offsets).toEqual([0])
  })

  it('counts what it could not see all of, and goes on', async () => {
    const tooDeep = ofValue(Buffer.from(`d9d9f7${'81'.repeat(2_000)}f6`, 'hex'))
    const { offsets, failures } = await search(text('bergen'), [tooDeep, ...SAME])
    expect(offsets).toEqual([1, 2, 3, 4, 5])
    expect(failures).toBe(1)
  })

  it('is not ended by a value that is nested deeper than a stack', async () => {
    const deep = ofValue('['.repeat(20_000) + ']'.repeat(20_000))
    const contains: SearchFilter = {
      kind: 'json',
      combine: 'every',
      conditions: [{ part: 'value', path: '', operator: 'contains', value: '[[' }],
    }
    expect((await search(contains, [deep, ...SAME])).offsets).toEqual([0])
  })
})
