import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AUTO_FORMATS } from '../../contract/formats.ts'
import type { JsonCondition, SearchFilter, SearchPart } from '../../contract/search.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { type CompressionName, compressionNames } from '../../protocol/records/batch.ts'
import { decodeRecords, type RecordContent } from '../../protocol/records/record.ts'
import { detect } from '../formats/detect.ts'
import { compileFilter } from './filter.ts'
import { InvalidFilter } from './invalidFilter.ts'
import { SearchScanner } from './searchScanner.ts'
import type { ScanReport } from './searchWorkers.ts'

/** The offsets at which a worker finds something in these batches. */
async function found(filter: SearchFilter, ...batches: Buffer[]): Promise<number[]> {
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
  const bytes = Buffer.concat(batches)
  scanner.take({
    type: 'begin',
    task: { filter, fromMs: null, toMs: null, columns: [], topic: 'orders', formats: AUTO_FORMATS, schemas: null },
  })
  scanner.take({ type: 'scanBytes', bytes, sections: [{ id: 1, partition: 0, from: 0, to: 1e9, at: 0, length: bytes.length }] })
  await promise
  return reports.flatMap(({ rows }) => rows.map(({ offset }) => offset))
}

const inBatches = (records: readonly RecordContent[], codec: CompressionName, perBatch = 4) =>
  Array.from({ length: Math.ceil(records.length / perBatch) }, (_, index) =>
    buildBatch({
      codec,
      baseOffset: index * perBatch,
      records: records.slice(index * perBatch, (index + 1) * perBatch).map(record => ({ ...record, timestamp: 5 })),
    }),
  )

/** Decodes everything, and asks of each text. */
function expected(batches: readonly Buffer[], where: readonly SearchPart[], isSuch: (text: string) => boolean): number[] {
  return batches.flatMap(batch =>
    decodeRecords(batch, 0, 1e9)
      .filter(({ key, value, headers }) => {
        const texts = [
          ...(where.includes('key') ? [key] : []),
          ...(where.includes('value') ? [value] : []),
          ...(where.includes('headers') ? headers.flatMap(each => [Buffer.from(each.key), each.value]) : []),
        ]
        return texts.some(text => text !== null && isSuch(text.toString('utf8')))
      })
      .map(({ offset }) => offset),
  )
}

// Few letters, so that much matches by chance; some with a case beyond ASCII, of several bytes, or with a meaning in JSON or regular expressions.
const letters = fc.constantFrom(
  'a',
  'A',
  'b',
  'k',
  'K',
  '\u212a',
  's',
  '\u017f',
  'é',
  'É',
  'ß',
  '"',
  '\\',
  '.',
  '-',
  '1',
  '😀',
  '\ufffd',
  '\n',
)
const shortText = fc.array(letters, { minLength: 1, maxLength: 3 }).map(all => all.join(''))
const longText = fc.array(letters, { maxLength: 12 }).map(all => Buffer.from(all.join('')))
const someBytes = fc.oneof(
  longText,
  longText,
  fc.constant(null),
  fc
    .uint8Array({ maxLength: 6 })
    .map(bytes => Buffer.from(bytes))
    // What reads as more than its bytes is searched as what it reads as.
    .filter(bytes => ['text', 'json', 'xml', 'binary', 'empty'].includes(detect(bytes).format)),
)
const record = fc.record({
  key: someBytes,
  value: someBytes,
  headers: fc.array(fc.record({ key: fc.array(letters, { maxLength: 3 }).map(all => all.join('')), value: someBytes }), { maxLength: 2 }),
})
const someRecords = fc.array(record, { minLength: 1, maxLength: 12 })
const where = fc.subarray<SearchPart>(['key', 'value', 'headers'], { minLength: 1 })
const codec = fc.constantFrom(...compressionNames)
const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)

describe('a text', () => {
  it('is found wherever it is, and nowhere else', async () => {
    await fc.assert(
      fc.asyncProperty(someRecords, shortText, fc.boolean(), where, codec, async (records, text, isCaseSensitive, parts, by) => {
        const batches = inBatches(records, by)
        const pattern = new RegExp(escaped(text), 'i')
        const isSuch = (whole: string) => (isCaseSensitive ? whole.includes(text) : pattern.test(whole))
        // Bytes that are no text have nothing in common with U+FFFD but how they are shown.
        fc.pre(!text.includes('\ufffd'))
        expect(await found({ kind: 'text', text, isCaseSensitive, where: parts }, ...batches)).toEqual(expected(batches, parts, isSuch))
      }),
      { numRuns: 400 },
    )
  })

  it('does not begin in one part and end in the next', async () => {
    const batches = inBatches([{ key: Buffer.from('ab'), value: Buffer.from('cd') }], 'none')
    const search = (text: string) => found({ kind: 'text', text, isCaseSensitive: true, where: ['key', 'value', 'headers'] }, ...batches)
    expect(await search('bc')).toEqual([])
    expect(await search('\u0004cd')).toEqual([]) // the length before the value
    expect(await search('ab')).toEqual([0])
  })
})

describe('a regular expression', () => {
  const piece = fc.oneof(
    shortText.map(escaped),
    fc.constantFrom('.', 'a+', 'k?', '[ab]', '(?:a|b)', '(s|k)', 'b*', '^', '$', '\\w', 'a{2}', '(?=k)', '\\\\', 'é{1,2}', 'A|b'),
  )
  const pattern = fc.array(piece, { minLength: 1, maxLength: 4 }).map(all => all.join(''))

  it('finds all that it matches, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(someRecords, pattern, fc.boolean(), where, codec, async (records, source, isCaseSensitive, parts, by) => {
        const batches = inBatches(records, by)
        let regex: RegExp
        try {
          regex = new RegExp(source, isCaseSensitive ? 'u' : 'iu')
        } catch {
          regex = new RegExp(source, isCaseSensitive ? '' : 'i')
        }
        const hits = await found({ kind: 'regex', pattern: source, isCaseSensitive, where: parts }, ...batches)
        expect(hits).toEqual(expected(batches, parts, text => regex.test(text)))
      }),
      { numRuns: 400 },
    )
  })

  it('takes for the other case what Unicode does', async () => {
    const batches = inBatches([{ key: null, value: Buffer.from('ta\u017f\u212a') }], 'none')
    expect(await found({ kind: 'regex', pattern: 'task', isCaseSensitive: false, where: ['value'] }, ...batches)).toEqual([0])
  })

  it('is refused when it is none', () => {
    expect(() => compileFilter({ kind: 'regex', pattern: '(', isCaseSensitive: true, where: ['value'] })).toThrow(InvalidFilter)
    expect(() =>
      compileFilter({ kind: 'json', combine: 'every', conditions: [{ part: 'value', path: 'a', operator: 'matches', value: '[' }] }),
    ).toThrow(InvalidFilter)
    expect(() =>
      compileFilter({ kind: 'json', combine: 'every', conditions: [{ part: 'value', path: 'a[', operator: 'exists', value: '' }] }),
    ).toThrow(expect.objectContaining({ code: 'INVALID_FILTER', details: { problem: expect.stringContaining('a[') as string } }))
  })
})

describe('JSON conditions', () => {
  const matching = async (condition: Partial<JsonCondition>, ...values: (string | null)[]) => {
    const whole: JsonCondition = { part: 'value', path: 'a', operator: 'equals', value: '', ...condition }
    const records = values.map(value => ({ key: null, value: value === null ? null : Buffer.from(value) }))
    const hits = await found({ kind: 'json', conditions: [whole], combine: 'every' }, ...inBatches(records, 'none', 1))
    return hits.map(offset => values[offset])
  }

  it('compare numbers as numbers, and the rest as text', async () => {
    expect(await matching({ value: '42' }, '{"a":42}', '{"a":4.2e1}', '{"a":"42"}', '{"a":"042"}', '{"a":43}', '{"b":42}')).toEqual([
      '{"a":42}',
      '{"a":4.2e1}',
      '{"a":"42"}',
    ])
    expect(await matching({ operator: 'greater', value: '9' }, '{"a":10}', '{"a":9}', '{"a":"8"}', '{"a":"91"}')).toEqual([
      '{"a":10}',
      '{"a":"91"}',
    ])
    expect(await matching({ operator: 'atMost', value: '9' }, '{"a":10}', '{"a":9}', '{"a":null}')).toEqual(['{"a":9}'])
    expect(await matching({ value: 'true' }, '{"a":true}', '{"a":"true"}', '{"a":false}')).toEqual(['{"a":true}', '{"a":"true"}'])
  })

  it('tell integers beyond 2^53 apart', async () => {
    expect(
      await matching({ value: '9007199254740993' }, '{"a":9007199254740993}', '{"a":9007199254740992}', '{"a":9007199254740994}'),
    ).toEqual(['{"a":9007199254740993}'])
    const close = ['{"a":9007199254740992}', '{"a":9007199254740993}', '{"a":9007199254740994}']
    expect(await matching({ operator: 'differs', value: '+9007199254740993' }, ...close)).toEqual([close[0], close[2]])
    expect(await matching({ operator: 'less', value: '9007199254740992.5' }, ...close)).toEqual([close[0]])
    expect(await matching({ operator: 'atLeast', value: '9007199254740993.0' }, ...close)).toEqual([close[1], close[2]])
    expect(await matching({ operator: 'contains', value: '993' }, ...close)).toEqual([close[1]])
  })

  it('tell other numbers apart that a double would round, and take one number however it is written', async () => {
    const fine = ['{"a":0.1234567890123456789}', '{"a":0.1234567890123456788}', '{"a":1e400}']
    expect(await matching({ value: '0.12345678901234567890' }, ...fine)).toEqual([fine[0]])
    expect(await matching({ operator: 'greater', value: '0.1234567890123456788' }, ...fine)).toEqual([fine[0], fine[2]])
    expect(await matching({ value: '10e399' }, ...fine)).toEqual([fine[2]])
    expect(await matching({ value: '1e2' }, '{"a":100.0}', '{"a":1E+2}', '{"a":"100"}')).toEqual(['{"a":100.0}', '{"a":1E+2}'])
    expect(await matching({ value: '0.30000000000000004' }, '{"a":0.30000000000000004}', '{"a":0.3}')).toEqual([
      '{"a":0.30000000000000004}',
    ])
  })

  it('look through elements, and know what is missing', async () => {
    expect(await matching({ path: 'a[*].b', value: 'x' }, '{"a":[{"b":"y"},{"b":"x"}]}', '{"a":[{"b":"y"}]}', '{"a":{"b":"x"}}')).toEqual([
      '{"a":[{"b":"y"},{"b":"x"}]}',
    ])
    expect(await matching({ operator: 'missing' }, '{"b":1}', '{"a":null}', '{"a":0}', 'no json', null)).toEqual([
      '{"b":1}',
      '{"a":null}',
      'no json',
      null,
    ])
    expect(await matching({ operator: 'exists' }, '{"b":1}', '{"a":null}', '{"a":0}', 'no json', null)).toEqual(['{"a":0}'])
  })

  it('find what is written with escapes', async () => {
    const escapedName = String.raw`{"\u0061bc":"x"}`
    const escapedText = String.raw`{"abc":"\u0078"}`
    expect(await matching({ path: 'abc', value: 'x' }, escapedName, escapedText, '{"abc":"x"}', '{"abc":"y"}')).toEqual([
      escapedName,
      escapedText,
      '{"abc":"x"}',
    ])
  })

  it('find the same as without looking at bytes first, however it is written', async () => {
    const names = fc.constantFrom('a', 'bc', 'long name', 'length', '0', 'ü', 'x"y', '')
    const scalars = fc.oneof(names, fc.constantFrom(0, 42, -1.5, true, false, null, 1e21))
    const json = fc.letrec(tie => ({
      value: fc.oneof(
        { maxDepth: 3 },
        scalars,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(names, tie('value'), { maxKeys: 3 }),
      ),
    })).value
    const operator = fc.constantFrom(
      'exists',
      'missing',
      'equals',
      'differs',
      'contains',
      'matches',
      'less',
      'atMost',
      'greater',
      'atLeast',
    )
    const path = fc.array(fc.constantFrom('a', 'bc', '["long name"]', 'length', '[0]', '0', '[*]', 'ü'), { maxLength: 3 })
    const condition = fc.record({
      part: fc.constantFrom('key', 'value'),
      path: path.map(steps => steps.join('.').replaceAll('.[', '[')),
      operator,
      value: fc.constantFrom('a', 'bc', 'long name', '42', '4.2e1', 'true', 'null', 'ü', '0', '1e21', '1000000000000000000000'),
    }) as fc.Arbitrary<JsonCondition>
    const written = fc.tuple(json, fc.boolean()).map(([value, isEscaped]) => {
      const text = JSON.stringify(value)
      // Every letter within a text may be written by its number.
      return Buffer.from(
        isEscaped
          ? text.replace(/[b-z](?=[^"]*"(?:[^"]*"[^"]*")*[^"]*$)/g, each => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`)
          : text,
      )
    })
    const records = fc.array(fc.record({ key: fc.oneof(written, fc.constant(null)), value: written }), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(records, fc.array(condition, { minLength: 1, maxLength: 3 }), async (given, conditions) => {
        const batches = inBatches(given, 'none', 2)
        for (const combine of ['every', 'some'] as const) {
          const filter: SearchFilter = { kind: 'json', conditions, combine }
          const fast = await found(filter, ...batches)
          // With a condition that never holds beside it, and `some`, nothing has to be in the bytes.
          const never: JsonCondition = { part: 'value', path: '', operator: 'matches', value: '(?!)' }
          const slow = await Promise.all(
            conditions.map(each => found({ kind: 'json', conditions: [each, never], combine: 'some' }, ...batches)),
          )
          const all = given.map((_, offset) => offset)
          expect(fast).toEqual(all.filter(offset => slow[combine](hits => hits.includes(offset))))
        }
      }),
      { numRuns: 400 },
    )
  })
})

describe('a damaged batch', () => {
  it('costs its records, and is told', async () => {
    const [first, second, third] = inBatches(
      [1, 2, 3].map(n => ({ key: null, value: Buffer.from(`x${n}`) })),
      'none',
      1,
    )
    second![second!.length - 2]! ^= 1
    expect(await found({ kind: 'text', text: 'x', isCaseSensitive: true, where: ['value'] }, first!, second!, third!)).toEqual([0, 2])
  })
})
