import { describe, expect, it } from 'vitest'
import { AUTO_FORMATS } from '../../contract/formats.ts'
import type { SearchFilter } from '../../contract/search.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import type { PredicateQuestion } from './predicate.ts'
import { SearchScanner } from './searchScanner.ts'
import type { ScanReport } from './searchWorkers.ts'

const RECORDS = 6_000
const VALUE_BYTES = 1_000

/** As many megabytes as a scan reads several times for, each record with its offset in it. */
const file = Buffer.concat(
  Array.from({ length: RECORDS / 20 }, (_, batch) =>
    buildBatch({
      baseOffset: batch * 20,
      records: Array.from({ length: 20 }, (_, index) => {
        const value = Buffer.from(`${batch * 20 + index} `.padEnd(VALUE_BYTES, '.'))
        return { key: Buffer.from('key'), value, timestamp: 5, headers: [{ key: 'h', value: null }] }
      }),
    }),
  ),
)

interface Scanned {
  readonly reports: ScanReport[]
  readonly questions: PredicateQuestion[]
}

/** A predicate that takes every hundredth record, whatever its source says. */
async function scanned(filter: SearchFilter): Promise<Scanned> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const reports: ScanReport[] = []
  const questions: PredicateQuestion[] = []
  const scanner = new SearchScanner({
    elapsed: () => 0,
    open: () =>
      Promise.resolve({
        read: (position, length, into = Buffer.alloc(length)) => {
          const bytes = file.copy(into, 0, position, position + length)
          return Promise.resolve(into.subarray(0, bytes))
        },
        close: () => Promise.resolve(),
      }),
    openSandbox: () => ({
      ask: question => {
        questions.push(question)
        const offsets = question.numbers.filter((_, index) => index % 4 === 0)
        return { verdicts: offsets.map(offset => (offset % 100 === 7 ? 'y' : 'n')).join(''), problem: null }
      },
    }),
    answer: answer => {
      if (answer.type === 'report') reports.push(answer)
      else if (answer.type === 'finished') resolve()
      else if (answer.type !== 'ready') reject(new Error(JSON.stringify(answer)))
    },
  })
  const task = { filter, fromMs: null, toMs: null, columns: [], topic: 'orders', formats: AUTO_FORMATS, schemas: null }
  scanner.take({ type: 'begin', task })
  const section = { id: 1, partition: 0, from: 0, to: RECORDS }
  scanner.take({ type: 'scanFile', path: 'some.log', position: 0, end: file.length, section })
  await promise
  return { reports, questions }
}

describe('a scan of a file', () => {
  it.each<SearchFilter>([
    { kind: 'predicate', source: 'value' },
    { kind: 'regex', pattern: '^(\\d*0)?7 ', isCaseSensitive: true, where: ['value'] },
  ])('gives hits as they were read, whatever is read after them: $kind', async filter => {
    const { reports } = await scanned(filter)
    const rows = reports.flatMap(({ rows }) => rows)
    expect(rows.map(({ offset }) => offset)).toEqual(Array.from({ length: RECORDS / 100 }, (_, index) => index * 100 + 7))
    for (const { offset, value } of rows) expect(Buffer.from(value!.bytes).toString()).toMatch(new RegExp(`^${offset} `))
    expect(reports.reduce((sum, { records }) => sum + records, 0)).toBe(RECORDS)
    expect(reports.reduce((sum, { failures }) => sum + failures, 0)).toBe(0)
  })
})

describe('a question to a predicate', () => {
  it.each([
    ['value.n > 1', { key: false, value: true }],
    ['key === "a"', { key: true, value: false }],
    ['offset % 2', { key: false, value: false }],
    ['arguments[0]', { key: true, value: true }],
    ['k\\u0065y', { key: true, value: true }],
    ['v\\u{61}lue', { key: true, value: true }],
  ])('brings what the source may look at and nothing else: %s', async (source, { key, value }) => {
    const { questions } = await scanned({ kind: 'predicate', source })
    const texts = questions[0]!.texts
    expect([texts[0], texts[1]?.slice(0, 2)]).toEqual([key ? 'key' : null, value ? '0 ' : undefined])
  })

  it('brings headers with their names, and says how many', async () => {
    const { questions } = await scanned({ kind: 'predicate', source: 'headers.h' })
    expect(questions[0]).toMatchObject({ records: 1, numbers: [0, 5, 0, 1], texts: [null, null, 'h', null] })
    expect(questions.reduce((sum, { records }) => sum + records, 0)).toBe(RECORDS)
  })
})
