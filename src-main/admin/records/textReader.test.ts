import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TextFormat } from '../../contract/records.ts'
import type { LogRecord } from '../../protocol/records/record.ts'
import { recordWriter } from './recordWriter.ts'
import { type Found, textReader } from './textReader.ts'

/** Cut into pieces of so many bytes, wherever that falls. */
function read(format: TextFormat, text: string | Buffer, { piece = 1 << 20, maxLineBytes = 1_000_000 } = {}): Found {
  const reader = textReader(format, maxLineBytes)
  const bytes = Buffer.from(text)
  const found: Found = { records: [], bad: [] }
  const take = ({ records, bad }: Found) => {
    found.records.push(...records)
    found.bad.push(...bad)
  }
  for (let at = 0; at < bytes.length; at += piece) take(reader.push(bytes.subarray(at, at + piece)))
  take(reader.end())
  return found
}
const values = (found: Found) => found.records.map(({ value }) => value?.toString('utf8') ?? null)

const bytes = fc.oneof(
  fc.constant(null),
  fc.uint8Array({ maxLength: 12 }).map(each => Buffer.from(each)),
  fc.string({ unit: 'grapheme', maxLength: 12 }).map(each => Buffer.from(each)),
  fc.constantFrom('', '"', '""', ',', '\r\n', '\n', '\ufeff', '{"$base64":"AA=="}', 'null', '\0', '💥').map(each => Buffer.from(each)),
)
const record = fc.record({
  offset: fc.nat(),
  timestamp: fc.integer({ min: -1, max: 2 ** 45 }),
  key: bytes,
  value: bytes,
  headers: fc.array(fc.record({ key: fc.string({ unit: 'grapheme', maxLength: 4 }), value: bytes }), { maxLength: 3 }),
})

describe.each(['ndjson', 'csv'] as const)('what is written as %s', format => {
  it('is read as the very same records, wherever the pieces end', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 6 }), fc.integer({ min: 1, max: 9 }), (records, piece) => {
        const writer = recordWriter(format)
        const placed = records.map((each: LogRecord, partition) => ({ partition, timestampType: 'CreateTime' as const, record: each }))
        const text = writer.head + placed.map(each => writer.record(each)!.toString('utf8')).join('')
        const found = read(format, text, { piece })
        expect(found.bad).toEqual([])
        expect(found.records.map(({ line: _, ...each }) => each)).toEqual(
          records.map(({ offset: _, ...each }, partition) => ({ ...each, partition })),
        )
      }),
    )
  })
})

/** A sentence of ours: the code by which other languages know it, and in English these words. */
const told = (words: string) => ({
  code: expect.stringMatching(/^recordProblems\.\w+$/) as string,
  details: expect.any(Object) as object,
  message: expect.stringContaining(words) as string,
})

describe('NDJSON', () => {
  it('may begin with a byte order mark, and end lines as Windows does', () => {
    const found = read('ndjson', '\ufeff{"value":"a"}\r\n{"value":"b"}\r\n', { piece: 1 })
    expect(values(found)).toEqual(['a', 'b'])
    expect(found.bad).toEqual([])
  })

  it('makes the text of JSON that is no string, large integers as they are', () => {
    const found = read('ndjson', '{"key":7,"value":{"id":12345678901234567890,"tags":[null,true]},"headers":{"a":"1","b":null}}')
    expect(found.records[0]).toMatchObject({
      key: Buffer.from('7'),
      value: Buffer.from('{"id":12345678901234567890,"tags":[null,true]}'),
      headers: [
        { key: 'a', value: Buffer.from('1') },
        { key: 'b', value: null },
      ],
    })
  })

  it.each([
    ['{"value":"a"', 'It is no JSON'],
    ['[1]', 'no object'],
    ['"text"', 'no object'],
    ['{"key":"k"}', 'no "value"'],
    ['{"value":"a","vaule":"b"}', 'No record has "vaule"'],
    ['{"value":"\\ud800"}', 'half of a character'],
    ['{"value":{"$base64":"%"}}', 'no digit of base64'],
    ['{"value":{"$base64":7}}', 'no text'],
    ['{"value":"a","partition":-1}', 'no partition'],
    ['{"value":"a","partition":1.5}', 'no partition'],
    ['{"value":"a","timestamp":"yesterday"}', 'no time'],
    ['{"value":"a","headers":"h"}', 'neither a list nor an object'],
    ['{"value":"a","headers":[{"key":"h","values":1}]}', 'Header 1'],
  ])('refuses %s', (line, why) => {
    const found = read('ndjson', `{"value":"before"}\n\n${line}\n{"value":"after"}`)
    expect(values(found)).toEqual(['before', 'after'])
    expect(found.bad).toEqual([{ line: 3, why: told(why) }])
  })

  it('refuses bytes that are no UTF-8', () => {
    const found = read('ndjson', Buffer.concat([Buffer.from('{"value":"'), Buffer.of(0xc3, 0x28), Buffer.from('"}\n{"value":"b"}')]))
    expect(found.bad).toEqual([{ line: 1, why: { code: 'recordProblems.notUtf8', details: {}, message: 'It is not valid UTF-8.' } }])
    expect(values(found)).toEqual(['b'])
  })

  it('names a line that is too long and goes on behind it', () => {
    const found = read('ndjson', `{"value":"a"}\n{"value":"${'x'.repeat(5_000)}"}\n{"value":"b"}\n`, { piece: 100, maxLineBytes: 1_000 })
    expect(found.bad).toEqual([{ line: 2, why: told('more than 1000 bytes') }])
    expect(values(found)).toEqual(['a', 'b'])
  })
})

describe('lines', () => {
  it('are values, empty ones too; what ends the last one begins no other', () => {
    expect(values(read('lines', 'a\r\n\nb\n'))).toEqual(['a', '', 'b'])
    expect(read('lines', Buffer.of(0xff, 10)).records[0]?.value).toEqual(Buffer.of(0xff))
    expect(read('lines', '').records).toEqual([])
  })
})

describe('CSV', () => {
  it('has quoted separators, quotes and ends of lines; nothing is null, and two quotes are empty', () => {
    const found = read('csv', 'key,value\r\n"a,""b""","one\r\ntwo"\r\n,""\r\n"",\r\nplain,text\r\n', { piece: 2 })
    expect(found.records.map(({ line, key, value }) => [line, key?.toString() ?? null, value?.toString() ?? null])).toEqual([
      [2, 'a,"b"', 'one\r\ntwo'],
      [4, null, ''],
      [5, '', null],
      [6, 'plain', 'text'],
    ])
  })

  it.each([';', '\t'])('may be separated by %j when its first row is', separator => {
    expect(values(read('csv', ['Key', 'Value\n1', 'a,b\n'].join(separator)))).toEqual(['a,b'])
  })

  it.each([
    ['a', 'It has 1 fields'],
    ['a,b,c', 'It has 3 fields'],
    ['a"b,c', 'does not begin with one'],
    ['"a"b,c', 'behind the quotation mark'],
  ])('refuses the row %s and goes on behind it', (row, why) => {
    const found = read('csv', `key,value\n1,before\n${row}\n2,after\n`, { piece: 3 })
    expect(values(found)).toEqual(['before', 'after'])
    expect(found.bad).toEqual([{ line: 3, why: told(why) }])
  })

  it('names the row in which a quote was opened that nothing closes', () => {
    const found = read('csv', 'key,value\n1,a\n2,"b\n3,c\n')
    expect(values(found)).toEqual(['a'])
    expect(found.bad).toEqual([{ line: 3, why: told('no other one that closes it') }])
  })

  it('gives up on a quote that swallows more than a row may have', () => {
    const found = read('csv', `value\n"${'x'.repeat(2_000)}\nb\n`, { piece: 64, maxLineBytes: 1_000 })
    expect(found.bad).toEqual([{ line: 2, why: told('more than 1000 bytes') }])
    expect(values(found)).toEqual(['b'])
  })

  it.each([
    ['key,wert\n', 'none is "wert"'],
    ['key,key,value\n', 'key twice'],
    ['key\n', 'no column "value"'],
  ])('is refused as a whole when its first row is %j', (text, why) => {
    expect(() => read('csv', text)).toThrow(why)
  })
})
