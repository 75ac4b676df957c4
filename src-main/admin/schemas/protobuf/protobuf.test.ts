import fc from 'fast-check'
import protobuf from 'protobufjs'
import { describe, expect, it } from 'vitest'
import { exactJson, parseExactJson, type PlainValue } from '../plainValue.ts'
import { SchemaProblem } from '../schemaProblem.ts'
import { decodeProtobuf } from './decode.ts'
import { encodeProtobuf } from './encode.ts'
import { ProtoFile } from './file.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const problemOf = (act: () => unknown): string => {
  try {
    act()
  } catch (problem) {
    if (problem instanceof SchemaProblem) return problem.message
    throw problem
  }
  throw new Error('There was no problem')
}

const ORDER = `
syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
import "common/money.proto";
message Note { string text = 1; }
message Order {
  enum State { NEW = 0; PAID = 1; }
  message Line { string sku_code = 1; int32 n = 2; message Deep { bool b = 1; } }
  int64 id = 1;
  optional string note = 2;
  repeated int32 counts = 3;
  map<string, Line> lines = 4;
  oneof target { string shop = 5; int32 till = 6; }
  google.protobuf.Timestamp at = 7;
  State state = 8;
  common.Money price = 9;
  bytes raw = 10;
  Order parent = 11;
}`
const MONEY = {
  name: 'common/money.proto',
  text: 'syntax = "proto3"; package common; message Other {} message Money { sint64 cents = 1; }',
}

const file = new ProtoFile(ORDER, [MONEY])
const order = file.message('shop.Order')
const json = (bytes: string, type = order) => exactJson(decodeProtobuf(file, type, hex(bytes)))
const bytesOf = (value: unknown) => encodeProtobuf(file, order, value as PlainValue).toString('hex')
const zeros = { id: 0, counts: [], lines: {}, state: 'NEW', raw: '0x' }

describe('messages of a file', () => {
  it('are numbered as they stand in it, those inside others below them', () => {
    expect(file.messages).toEqual(['shop.Note', 'shop.Order', 'shop.Order.Line', 'shop.Order.Line.Deep'])
    expect(file.messageAt([0]).name).toBe('Note')
    expect(file.messageAt([1, 0, 0]).name).toBe('Deep')
    expect(file.indexesOf('shop.Order')).toEqual([1])
    expect(problemOf(() => file.messageAt([7]))).toBe('The schema has no message at [7].')
  })

  it('are not mixed up with those of an import in the same package', () => {
    const twice = new ProtoFile('syntax = "proto3"; package common; import "common/money.proto"; message First { Money m = 1; }', [MONEY])
    expect(twice.messages).toEqual(['common.First'])
    expect(twice.messageAt([0]).name).toBe('First')
  })
})

describe('decoding', () => {
  it('shows a number with every digit, zeros of what is not there, and nothing for what may be absent', () => {
    expect(json('08 ff ff ff ff ff ff ff ff 7f')).toBe('{"id":9223372036854775807,"counts":[],"lines":{},"state":"NEW","raw":"0x"}')
  })

  it.each([
    ['12 00', { note: '' }],
    ['1a 03 01 02 03', { counts: [1, 2, 3] }],
    ['18 01 18 02', { counts: [1, 2] }],
    ['22 09 0a 01 61 12 04 0a 00 10 05', { lines: { a: { sku_code: '', n: 5 } } }],
    ['30 00', { till: 0 }],
    ['3a 08 08 e0 be a7 d1 05 10 01', { at: '2017-12-08T00:40:00.000000001Z' }],
    ['40 01', { state: 'PAID' }],
    ['40 63', { state: 99 }],
    ['4a 02 08 09', { price: { cents: -5 } }],
    ['4a 00', { price: { cents: 0 } }],
    ['52 02 00 ff', { raw: '0x00ff' }],
    ['5a 02 08 01 5a 02 40 01', { parent: { ...zeros, id: 1, state: 'PAID' } }],
    ['98 06 05 98 06 06 a2 06 01 61', { '?99': [5, 6], '?100': '0x61' }],
    ['0a 01 61', { '?1': '0x61' }],
  ])('%s adds %j', (bytes, expected) => {
    expect(JSON.parse(json(bytes))).toEqual({ ...zeros, ...expected })
  })

  it.each([
    ['12 05 61', 'note: The data ends too early: at byte 2, 5 are to come and 1 are left.'],
    ['5a 03 12 05 61', 'parent.note: The data ends too early: at byte 2, 5 are to come and 1 are left.'],
    ['08', 'id: The data ends too early, at byte 1.'],
    ['00', 'There is no field 0, at byte 0.'],
    ['0f', 'There is no wire type 7, at byte 0.'],
  ])('%s says where it is wrong', (bytes, message) => expect(problemOf(() => json(bytes))).toBe(message))

  it('any bytes are a value or a problem', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), bytes => {
        try {
          decodeProtobuf(file, order, Buffer.from(bytes))
        } catch (problem) {
          expect(problem).toBeInstanceOf(SchemaProblem)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('refuses nesting without end, and a flood of empty messages', () => {
    let deep: PlainValue = {}
    for (let n = 0; n < 150; n++) deep = { parent: deep }
    expect(problemOf(() => decodeProtobuf(file, order, encodeProtobuf(file, order, deep)))).toContain('nested too deeply')
    const wide = new ProtoFile(
      `syntax = "proto3"; message W { repeated W w = 1; ${Array.from({ length: 500 }, (_, n) => `int32 f${n} = ${n + 2};`).join('')} }`,
    )
    const flood = Buffer.concat(Array.from({ length: 10_000 }, () => Buffer.from([0x0a, 0])))
    expect(problemOf(() => decodeProtobuf(wide, wide.message('W'), flood))).toContain('more values')
    const groups = Buffer.alloc(5_000, 0xe3)
    expect(problemOf(() => decodeProtobuf(file, order, groups))).toBeTruthy()
  })
})

describe('encoding', () => {
  it.each([
    [{ id: 1 }, '0801'],
    [{ id: '9223372036854775807' }, '08ffffffffffffffff7f'],
    [{ counts: [1, 300] }, '1a0301ac02'],
    [{ lines: { a: { skuCode: 'x' } } }, '22080a01611203' + '0a0178'],
    [{ state: 'PAID', till: 0 }, '30004001'],
    [{ at: '2017-12-08T00:40:00.000000001Z' }, '3a0808e0bea7d1051001'],
    [{ raw: 'AP8=' }, '520200ff'],
    [{ raw: '0x00ff' }, '520200ff'],
    [{ id: 0, note: '', state: 'NEW' }, '1200'],
  ])('%j is %s', (value, bytes) => expect(bytesOf(value)).toBe(bytes))

  it.each([
    [{ lines: { a: { n: 'x' } } }, 'lines.a.n: This is to be a whole number of 32 bits, not "x".'],
    [{ counts: [1, 2 ** 31] }, 'counts[1]: This is to be a whole number of 32 bits, not "2147483648".'],
    [{ colour: 1 }, 'colour: shop.Order has no such field.'],
    [{ shop: 'a', till: 1 }, 'till: Only one of shop and till can be there.'],
    [{ state: 'LOST' }, 'state: This is to be one of NEW, PAID (shop.Order.State), not "LOST".'],
    [{ parent: 7 }, 'parent: This is to be an object, the message shop.Order.'],
    [{ at: 'yesterday' }, 'at: This is to be a time as 2026-01-31T12:34:56.789Z.'],
  ])('of what does not fit says where: %j', (value, message) => expect(problemOf(() => bytesOf(value))).toBe(message))

  it('undoes decoding', () => {
    const text =
      '{"id":-9223372036854775808,"note":"n","counts":[-1],"lines":{"a":{"sku_code":"s","n":1}},"shop":"s","state":"PAID","price":{"cents":-7},"raw":"0x01"}'
    expect(exactJson(decodeProtobuf(file, order, encodeProtobuf(file, order, parseExactJson(text))))).toBe(text)
  })
})

describe('a library that others wrote', () => {
  const peer = protobuf.parse(ORDER.replace('import "common/money.proto";', '').replace('common.Money price = 9;', ''), {
    keepCase: true,
  }).root
  peer.addJSON(protobuf.common.get('google/protobuf/timestamp.proto')!.nested!)
  const peerOrder = peer.lookupType('shop.Order')
  const value = fc.record({
    id: fc.integer(),
    counts: fc.array(fc.integer()),
    lines: fc.dictionary(
      fc.string({ minLength: 1 }).filter(key => key !== '__proto__'),
      fc.record({ sku_code: fc.string(), n: fc.integer() }),
    ),
    till: fc.integer(),
    state: fc.constantFrom('NEW', 'PAID'),
  })

  it('reads what is written here, and is read here', () => {
    fc.assert(
      fc.property(value, inner => {
        const outer = { ...inner, parent: inner }
        const ours = encodeProtobuf(file, order, outer)
        const theirs = Buffer.from(peerOrder.encode(peerOrder.fromObject(outer)).finish())
        const expected = JSON.parse(JSON.stringify({ ...inner, raw: '0x', parent: { ...inner, raw: '0x' } }))
        expect(JSON.parse(exactJson(decodeProtobuf(file, order, theirs)))).toEqual(expected)
        expect(JSON.parse(exactJson(decodeProtobuf(file, order, ours)))).toEqual(expected)
        expect(peerOrder.toObject(peerOrder.decode(ours))).toEqual(peerOrder.toObject(peerOrder.decode(theirs)))
      }),
    )
  })
})

describe('messages with a look of their own', () => {
  const types = new ProtoFile(`
    syntax = "proto3";
    import "google/protobuf/struct.proto"; import "google/protobuf/duration.proto"; import "google/protobuf/wrappers.proto";
    import "google/protobuf/any.proto"; import "google/protobuf/field_mask.proto"; import "google/protobuf/empty.proto";
    message M {
      google.protobuf.Struct s = 1; google.protobuf.Duration d = 2; google.protobuf.Int64Value i = 3; google.protobuf.Any a = 4;
      google.protobuf.FieldMask f = 5; google.protobuf.Value v = 6; google.protobuf.Empty e = 7; google.protobuf.StringValue t = 8; Inner inner = 9;
    }
    message Inner { int32 x = 1; }`)
  const type = types.message('M')

  it.each([
    { s: { a: 1.5, b: [true, null, { c: 'x' }], d: {} } },
    { d: '-1.500s' },
    { i: 7 },
    { a: { '@type': 'type.googleapis.com/Inner', x: 5 } },
    { a: { '@type': 'type.googleapis.com/Unheard', value: '0x01' } },
    { f: 'a,b.c' },
    { v: null },
    { v: [1, 'x'] },
    { e: {} },
    { t: '' },
  ])('%j is shown as it was written', value => {
    const bytes = encodeProtobuf(types, type, value)
    expect(JSON.parse(exactJson(decodeProtobuf(types, type, bytes)))).toEqual(value)
  })
})

describe('older files', () => {
  const old = new ProtoFile(`
    syntax = "proto2";
    import "google/protobuf/descriptor.proto";
    extend google.protobuf.FieldOptions { optional string tag = 50001; }
    message Old {
      required int32 a = 1 [(tag) = "key"];
      optional group G = 2 { optional int32 q = 1; }
      repeated int32 p = 3;
      optional int32 d = 4 [default = 7];
    }`)
  const type = old.message('Old')

  it('have groups, required fields and lists that are not packed', () => {
    const bytes = encodeProtobuf(old, type, { a: 0, g: { q: 1 }, p: [1, 2] })
    expect(bytes.toString('hex')).toBe('0800' + '13' + '0801' + '14' + '1801' + '1802')
    expect(JSON.parse(exactJson(decodeProtobuf(old, type, bytes)))).toEqual({ a: 0, g: { q: 1 }, p: [1, 2] })
    expect(problemOf(() => encodeProtobuf(old, type, {}))).toBe('a: This field is missing, and it is required.')
  })
})

describe('a text', () => {
  it.each([
    ['message {', 'The schema is no .proto text'],
    ['syntax = "proto3"; message A { B b = 1; }', 'The schema cannot be put together: no such'],
  ])('%s says what is wrong', (text, message) => expect(problemOf(() => new ProtoFile(text))).toContain(message))
})
