import avsc from 'avsc'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exactJson, parseExactJson, type PlainValue } from '../plainValue.ts'
import { SchemaProblem } from '../schemaProblem.ts'
import { decodeAvro } from './decode.ts'
import { encodeAvro } from './encode.ts'
import { parseAvroSchema } from './schema.ts'

const typeOf = (schema: unknown) => parseAvroSchema(JSON.stringify(schema)).type
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const decoded = (schema: unknown, bytes: string) => exactJson(decodeAvro(typeOf(schema), hex(bytes)))
const bytesOf = (schema: unknown, value: PlainValue) => encodeAvro(typeOf(schema), value).toString('hex')
const problemOf = (act: () => unknown): string => {
  try {
    act()
  } catch (problem) {
    if (problem instanceof SchemaProblem) return problem.message
    throw problem
  }
  throw new Error('There was no problem')
}

const order = {
  type: 'record',
  name: 'Order',
  namespace: 'shop',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'state', type: { type: 'enum', name: 'State', symbols: ['NEW', 'PAID'] }, default: 'NEW' },
    { name: 'note', type: ['null', 'string'], default: null },
    {
      name: 'lines',
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'Line',
          fields: [
            { name: 'sku', type: 'string' },
            { name: 'n', type: 'int' },
          ],
        },
      },
    },
    { name: 'parent', type: ['null', 'Order'], default: null },
  ],
}

describe('bytes of the specification', () => {
  it.each([
    ['long', '80 01', '64'],
    ['long', '7f', '-64'],
    ['long', '01', '-1'],
    ['string', '06 66 6f 6f', '"foo"'],
    ['boolean', '01', 'true'],
    [{ type: 'array', items: 'long' }, '04 06 36 00', '[3,27]'],
    [{ type: 'array', items: 'long' }, '03 04 06 36 00', '[3,27]'],
    [['null', 'string'], '02 02 61', '"a"'],
    [['null', 'string'], '00', 'null'],
    ['bytes', '04 00 ff', '"0x00ff"'],
    [{ type: 'map', values: 'int' }, '02 02 61 02 00', '{"a":1}'],
    ['float', '00 00 c0 7f', '"NaN"'],
  ])('%j of %s is %s', (schema, bytes, json) => expect(decoded(schema, bytes)).toBe(json))

  it('keeps every digit of a long', () => {
    expect(decoded('long', 'fe ff ff ff ff ff ff ff ff 01')).toBe('9223372036854775807')
    expect(decoded('long', 'ff ff ff ff ff ff ff ff ff 01')).toBe('-9223372036854775808')
    expect(bytesOf('long', parseExactJson('9223372036854775807'))).toBe('feffffffffffffffff01')
  })

  it('refuses a number of more than 64 bits', () => {
    expect(problemOf(() => decoded('long', 'ff ff ff ff ff ff ff ff ff 7f'))).toContain('more than 64 bits')
  })
})

describe('logical types', () => {
  it.each([
    [{ type: 'int', logicalType: 'date' }, 'ac 9d 02', '"2020-01-01"', '2020-01-01'],
    [{ type: 'long', logicalType: 'timestamp-millis' }, '01', '"1969-12-31T23:59:59.999Z"', '1969-12-31T23:59:59.999Z'],
    [{ type: 'bytes', logicalType: 'decimal', precision: 6, scale: 2 }, '04 04 d2', '"12.34"', '12.34'],
    [{ type: 'bytes', logicalType: 'decimal', precision: 6, scale: 2 }, '02 ff', '"-0.01"', '-0.01'],
    [{ type: 'string', logicalType: 'uuid' }, '02 61', '"a"', undefined],
    [{ type: 'long', logicalType: 'unheard-of' }, '02', '1', undefined],
    [{ type: 'fixed', name: 'D', size: 12, logicalType: 'duration' }, '01000000 02000000 dc050000', '"P1M2DT1.5S"', 'P1M2DT1.5S'],
  ])('%j of %s is %s', (schema, bytes, json, back) => {
    expect(decoded(schema, bytes)).toBe(json)
    if (back !== undefined) expect(bytesOf(schema, back)).toBe(bytes.replaceAll(' ', ''))
  })

  it.each([
    ['timestamp-micros', 1_700_000_000_123_456n, '2023-11-14T22:13:20.123456Z'],
    ['timestamp-micros', -1n, '1969-12-31T23:59:59.999999Z'],
    ['timestamp-nanos', 1_700_000_000_123_456_789n, '2023-11-14T22:13:20.123456789Z'],
    ['local-timestamp-millis', 1_700_000_000_123n, '2023-11-14T22:13:20.123'],
    ['time-micros', 45_296_789_012n, '12:34:56.789012'],
  ])('%s %s is %s, and back', (logicalType, number, text) => {
    const type = typeOf({ type: 'long', logicalType })
    const bytes = encodeAvro({ kind: 'long' }, number)
    expect(decodeAvro(type, bytes)).toBe(text)
    expect(encodeAvro(type, text)).toEqual(bytes)
  })

  it('shows a date that no calendar has as the number it is', () => {
    expect(decodeAvro(typeOf({ type: 'long', logicalType: 'timestamp-millis' }), encodeAvro({ kind: 'long' }, 2n ** 60n))).toBe(2n ** 60n)
  })
})

describe('a record', () => {
  it('is read by its fields, itself inside itself', () => {
    expect(decoded(order, '02 02 02 02 61 02 02 78 06 00 02 04 00 00 00 00')).toBe(
      '{"id":1,"state":"PAID","note":"a","lines":[{"sku":"x","n":3}],"parent":{"id":2,"state":"NEW","note":null,"lines":[],"parent":null}}',
    )
  })

  it('takes the defaults of what is left out', () => {
    expect(bytesOf(order, { id: 1, lines: [] })).toBe('0200000000')
  })

  it.each([
    [{ id: 1, lines: [{ sku: 'x', n: 'three' }] }, 'lines[0].n: This is to be a whole number of 32 bits, not "three".'],
    [{ id: 1, lines: [{ sku: 'x' }] }, 'lines[0].n: This field is missing, and it has no default.'],
    [{ id: 1, lines: [], colour: 'red' }, 'colour: shop.Order has no such field.'],
    [{ id: 1, lines: [], note: 7 }, 'note: This is to be a text, not 7.'],
    [{ id: 1, state: 'LOST', lines: [] }, 'state: This is to be one of NEW, PAID, not "LOST".'],
    [{ id: 0.5, lines: [] }, 'id: This is to be a whole number of 64 bits, not 0.5.'],
  ])('that does not fit says where: %j', (value, message) => {
    expect(problemOf(() => bytesOf(order, value as unknown as PlainValue))).toBe(message)
  })

  it('that is cut off says where', () => {
    expect(problemOf(() => decoded(order, '02 02 02 02 61 02 06 78'))).toBe(
      'lines[0].sku: The data ends too early: at byte 7, 3 are to come and 1 are left.',
    )
  })

  it('of another schema is told by what is left over', () => {
    expect(problemOf(() => decoded('long', '02 02'))).toContain('1 bytes are left')
  })

  it('with a field of a dangerous name has that field, and nothing else changes', () => {
    const schema = { type: 'record', name: 'R', fields: [{ name: '__proto__', type: 'int' }] }
    expect(decoded(schema, '02')).toBe('{"__proto__":1}')
    expect(({} as Record<string, unknown>)['1']).toBeUndefined()
  })
})

describe('hostile bytes', () => {
  it('a billion nulls in ten bytes are refused', () => {
    const many = encodeAvro({ kind: 'long' }, 10n ** 12n)
    expect(problemOf(() => decodeAvro(typeOf({ type: 'array', items: 'null' }), Buffer.concat([many, Buffer.from([0])])))).toContain(
      'more values',
    )
  })

  it('nesting without end is refused', () => {
    expect(
      problemOf(() =>
        decodeAvro(typeOf({ type: 'record', name: 'A', fields: [{ name: 'a', type: ['null', 'A'] }] }), Buffer.alloc(100_000, 2)),
      ),
    ).toContain('nested too deeply')
    expect(() => decodeAvro(typeOf({ type: 'record', name: 'B', fields: [{ name: 'b', type: 'B' }] }), Buffer.alloc(8))).toThrow(
      'nested too deeply',
    )
  })

  it('any bytes are a value or a problem', () => {
    const type = typeOf(order)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
        try {
          decodeAvro(type, Buffer.from(bytes))
        } catch (problem) {
          expect(problem).toBeInstanceOf(SchemaProblem)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('a library that others wrote', () => {
  const peer = avsc.Type.forSchema(order as avsc.Schema)
  /** Beyond it, avsc loses the last digit of numbers below zero. */
  const WHOLE = 2 ** 52
  const line = fc.record({ sku: fc.string(), n: fc.integer() })
  const value = fc.record({
    id: fc.integer({ min: -WHOLE, max: WHOLE }),
    state: fc.constantFrom('NEW', 'PAID'),
    note: fc.option(fc.string()),
    lines: fc.array(line),
  })

  it('writes and reads the same bytes', () => {
    fc.assert(
      fc.property(value, inner => {
        const outer = { ...inner, parent: { ...inner, parent: null } }
        const bytes = peer.toBuffer(outer)
        expect(encodeAvro(typeOf(order), outer)).toEqual(bytes)
        expect(JSON.parse(exactJson(decodeAvro(typeOf(order), bytes)))).toEqual(JSON.parse(JSON.stringify(outer)))
      }),
    )
  })
})

describe('a schema', () => {
  it('finds the types of its references', () => {
    const { named } = parseAvroSchema(JSON.stringify({ type: 'fixed', name: 'Two', namespace: 'x', size: 2 }))
    expect(parseAvroSchema('{"type":"array","items":"x.Two"}', named).type).toMatchObject({
      kind: 'array',
      items: { kind: 'fixed', size: 2 },
    })
  })

  it.each([
    ['{', 'This is not JSON'],
    ['"Foo"', 'There is no type Foo'],
    ['{"type":"record","name":"R"}', 'The record R has no list of fields'],
    ['{"type":"record","name":"R","fields":[{"name":"f","type":"Foo"}]}', 'f: There is no type Foo'],
    ['{"type":"array"}', 'items: A type is missing'],
  ])('%s says what is wrong', (text, message) => expect(problemOf(() => parseAvroSchema(text))).toContain(message))
})
