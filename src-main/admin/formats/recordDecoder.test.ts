import { gzipSync } from 'node:zlib'
import { encode as encodeMessagePack } from '@msgpack/msgpack'
import { encode as encodeCbor } from 'cborg'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AUTO_FORMATS, CHOSEN_FORMATS, type FormatChoice } from '../../contract/formats.ts'
import { DETAIL_BOUNDS, ROW_BOUNDS } from './bounds.ts'
import { textOfDecoded, valueOfDecoded } from './readDecoded.ts'
import { RecordDecoder } from './recordDecoder.ts'
import type { SchemaDecoder } from './schemas.ts'

const NO_SIDES = { key: null, headers: [] }
const decode = (bytes: Buffer, value: FormatChoice = 'auto', bounds = DETAIL_BOUNDS) =>
  new RecordDecoder({ topic: 'orders', formats: { key: 'auto', value } }).decode('value', bytes, NO_SIDES, bounds)
const textOf = (bytes: Buffer, format: FormatChoice) => textOfDecoded(decode(bytes, format), bytes)
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

describe('bytes of which nothing is said', () => {
  it.each([
    { given: 'an object', bytes: Buffer.from('{"a":1}'), format: 'json' },
    { given: 'an object behind a byte order mark', bytes: hex('efbbbf 7b2261223a317d'), format: 'json' },
    { given: 'words', bytes: Buffer.from('hello'), format: 'text' },
    { given: 'an array that does not end', bytes: Buffer.from('[1, 2'), format: 'text' },
    { given: 'an element', bytes: Buffer.from('<order id="1"><total>5</total></order>'), format: 'xml' },
    { given: 'a script', bytes: Buffer.from('<script>alert(1)</script>'), format: 'xml' },
    { given: 'an element that is not closed', bytes: Buffer.from('<p>one<br>two'), format: 'text' },
    { given: 'a less-than sign', bytes: Buffer.from('< 5'), format: 'text' },
    { given: 'UTF-16 with its mark', bytes: Buffer.from('\ufeffgrün', 'utf16le'), format: 'utf-16le' },
    { given: 'a map in MessagePack', bytes: Buffer.from(encodeMessagePack({ id: 7, name: 'x' })), format: 'messagePack' },
    { given: 'a map in CBOR', bytes: Buffer.from(encodeCbor({ id: 7, name: 'x' })), format: 'cbor' },
    { given: 'CBOR that says so', bytes: hex('d9d9f7 01'), format: 'cbor' },
    { given: 'what gzip packed', bytes: gzipSync('{"a":1}'), format: 'gzip' },
    { given: 'nothing', bytes: Buffer.alloc(0), format: 'empty' },
    { given: 'a number of eight bytes', bytes: hex('000000000000002a'), format: 'binary' },
    { given: 'a number that is MessagePack too', bytes: hex('cd0400'), format: 'binary' },
    { given: 'an array of numbers', bytes: hex('93010203'), format: 'binary' },
    { given: 'a map of what CBOR does not have', bytes: hex('a1c1f80000'), format: 'binary' },
  ])('are taken as $format when they are $given', ({ bytes, format }) => expect(decode(bytes).format).toBe(format))

  it('are never taken for a binary format when they are text in any charset', () => {
    const words = ['注文を受け付けました', '주문이 접수되었습니다', '订单已收到，谢谢', 'naïve café – 5 €', 'Größe: äöü', 'あ', '。', '¢£¥']
    const encoded = [
      hex('8ff38d9e82f08ef382af95748 2af82dc82b582bd'.replaceAll(' ', '')),
      hex('82a082a282a4'),
      hex('a1a1a1a2'),
      hex('b6a9b5a5cad5b5bd'),
      ...words.map(each => Buffer.from(each, 'latin1')),
      ...words.map(each => Buffer.from(each, 'utf16le')),
    ]
    for (const bytes of encoded) expect(decode(bytes).format).not.toMatch(/messagePack|cbor/)
  })

  it('are seldom taken for a binary format when they are noise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 12 }), bytes => {
        const { format } = decode(Buffer.from(bytes))
        // A map with a name that has a letter, and all of it valid to the last byte.
        if (format === 'messagePack' || format === 'cbor') expect(/[\p{L}]/u.test(Buffer.from(bytes).toString('utf8'))).toBe(true)
      }),
    )
  })

  it.each([
    { bytes: hex('000000000000002a'), problem: { code: 'maybeNumber', details: { bytes: 8 } } },
    { bytes: hex('504b0304 0000'), problem: { code: 'packed', details: { kind: 'zip' } } },
    { bytes: hex('00 00000007 0a0b'), problem: { code: 'noRegistry', details: { id: 7 } } },
    { bytes: hex('ff fe 01'), problem: { code: 'unknown', details: {} } },
  ])('say what they could be: $problem.code', ({ bytes, problem }) => expect(decode(bytes).problem).toEqual(problem))
})

describe('a chosen format', () => {
  it.each([
    { format: 'short', bytes: 'fffe', text: '-2' },
    { format: 'integer', bytes: '7fffffff', text: '2147483647' },
    { format: 'long', bytes: '7fffffffffffffff', text: '9223372036854775807' },
    { format: 'float', bytes: '3dcccccd', text: '0.1' },
    { format: 'double', bytes: '3fb999999999999a', text: '0.1' },
    { format: 'uuid', bytes: '00112233445566778899aabbccddeeff', text: '00112233-4455-6677-8899-aabbccddeeff' },
    // A list of two Integers and a null: entries of one size, and which are null.
    { format: 'list', bytes: '00 00000001 00000001 00000003 00000001 00000002', text: '[1,null,2]' },
    { format: 'list', bytes: '01 00000002 00000001 61 ffffffff', text: '["a",null]' },
    { format: 'timeWindow', bytes: '6b65 79 0000018bcfe56800', text: '{"key":"key","windowStartMs":1700000000000}' },
    {
      format: 'sessionWindow',
      bytes: '6b 0000018bcfe56805 0000018bcfe56800',
      text: '{"key":"k","windowStartMs":1700000000000,"windowEndMs":1700000000005}',
    },
    { format: 'windowStore', bytes: '6b 0000018bcfe56800 00000003', text: '{"key":"k","windowStartMs":1700000000000,"sequence":3}' },
    { format: 'hex', bytes: '00ff', text: '00ff' },
    { format: 'base64', bytes: '00ff', text: 'AP8=' },
    { format: 'utf-16be', bytes: '0041 00e9', text: 'Aé' },
    { format: 'iso-8859-1', bytes: '80 e9', text: '\x80é' },
    { format: 'windows-1252', bytes: '80 e9', text: '€é' },
    { format: 'shift_jis', bytes: '82a0', text: 'あ' },
    { format: 'euc-jp', bytes: 'a4a2', text: 'あ' },
    { format: 'gbk', bytes: 'c4e3', text: '你' },
    { format: 'gb18030', bytes: '8139ee39', text: '㐀' },
    { format: 'big5', bytes: 'a741', text: '你' },
    { format: 'euc-kr', bytes: 'b0a1', text: '가' },
  ] as const)('$format reads $bytes', ({ format, bytes, text }) => expect(textOf(hex(bytes), format)).toBe(text))

  it.each([
    { format: 'long', bytes: hex('01'), problem: { code: 'wrongLength', details: { expected: 8, found: 1 } } },
    { format: 'json', bytes: Buffer.from('{"a"'), problem: { code: 'malformed' } },
    { format: 'text', bytes: hex('ff'), problem: { code: 'notText', details: { charset: 'UTF-8' } } },
    { format: 'euc-kr', bytes: hex('ff ff'), problem: { code: 'notText', details: { charset: 'euc-kr' } } },
    { format: 'cbor', bytes: hex('ff'), problem: { code: 'malformed', details: { at: 0 } } },
    { format: 'messagePack', bytes: hex('91'.repeat(5_000)), problem: { code: 'tooDeep' } },
    { format: 'avro', bytes: hex('00'), problem: { code: 'noSchema' } },
    { format: 'consumerOffsets', bytes: hex('00'), problem: { code: 'unknownRecord' } },
  ] as const)('that does not fit says why: $format', ({ format, bytes, problem }) => {
    const decoded = decode(bytes, format)
    expect(decoded).toMatchObject({ format, content: { kind: 'none' }, problem })
  })

  it('never throws, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.constantFrom(...CHOSEN_FORMATS), fc.uint8Array({ maxLength: 80 }), (format, given) => {
        const bytes = Buffer.from(given)
        const decoded = decode(bytes, format, ROW_BOUNDS)
        textOfDecoded(decoded, bytes, 100)
        valueOfDecoded(decoded, bytes, 100)
      }),
    )
  })

  it('keeps all digits of integers of 64 bits', () => {
    const bytes = Buffer.from(encodeMessagePack({ id: 9_223_372_036_854_775_807n }, { useBigInt64: true }))
    expect(textOf(bytes, 'messagePack')).toBe('{"id":9223372036854775807}')
  })
})

describe('what is packed with gzip', () => {
  it('is what is in it', () => {
    const bytes = gzipSync('{"a":1}')
    expect(textOfDecoded(decode(bytes), bytes)).toBe('{"a":1}')
    const packed = gzipSync(Buffer.from(encodeCbor({ a: [1] })))
    expect(valueOfDecoded(decode(packed), packed, 100)).toEqual({ a: [1] })
  })

  it('stays packed when it unfolds to more than may be', () => {
    const bomb = gzipSync(Buffer.alloc(4 * 1024 * 1024))
    expect(decode(bomb, 'auto', ROW_BOUNDS)).toMatchObject({ format: 'gzip', content: { kind: 'none' }, problem: { code: 'tooLarge' } })
  })

  it('is not unpacked twice', () => {
    expect(decode(gzipSync(gzipSync('a'.repeat(50)))).problem).toEqual({ code: 'packed', details: { kind: 'gzip' } })
  })
})

describe('schemas', () => {
  const schema = { format: 'avro', source: 'registry', name: 'a.Order', id: 7, subject: null, version: null } as const
  const schemas: SchemaDecoder = {
    assigned: () => false,
    missing: bytes => (bytes[0] === 0 ? 'schema 7' : undefined),
    decode: bytes => (bytes[0] === 0 ? { outcome: 'decoded', format: 'avro', value: { total: 5 }, schema } : undefined),
  }
  const decoder = new RecordDecoder({ topic: 'orders', formats: AUTO_FORMATS, schemas })

  it('are asked first', () => {
    const bytes = hex('00 00000007 0a')
    expect(decoder.decode('value', bytes, NO_SIDES, ROW_BOUNDS)).toEqual({
      format: 'avro',
      content: { kind: 'value', value: { total: 5 } },
      problem: null,
      schema,
    })
    expect(decoder.decode('value', Buffer.from('text'), NO_SIDES, ROW_BOUNDS).format).toBe('text')
  })

  it('are missed before anything is decoded with them', () => {
    const record = { offset: 0, timestamp: 0, key: Buffer.from('k'), value: hex('00 00000007 0a'), headers: [] }
    expect(decoder.missing(record)).toEqual(['schema 7'])
  })
})
