import { describe, expect, it } from 'vitest'
import type { FormatChoice } from '../../contract/formats.ts'
import { shownBytes } from '../messageRows.ts'
import { ROW_BOUNDS } from './bounds.ts'
import { RecordDecoder } from './recordDecoder.ts'

const MEGABYTE = 1024 * 1024
function row(bytes: Buffer, value: FormatChoice = 'auto') {
  const decoder = new RecordDecoder({ topic: 'orders', formats: { key: 'auto', value } })
  const decoded = decoder.decode('value', bytes, { key: null, headers: [] }, ROW_BOUNDS)
  return shownBytes(bytes, decoded, { limit: 512, bounds: ROW_BOUNDS, isDetail: false })
}
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

describe('a row of a value of many megabytes', () => {
  it.each([
    {
      given: 'one text in MessagePack',
      bytes: Buffer.concat([hex('81 a26964 db 00400000'), Buffer.alloc(4 * MEGABYTE, 'a')]),
      begins: '{"id":"aaa',
    },
    {
      given: 'numbers in MessagePack',
      bytes: Buffer.concat([hex('81 a162 dd 00400000'), Buffer.alloc(4 * MEGABYTE, 1)]),
      begins: '{"b":[1,1',
    },
    { given: 'numbers in CBOR', bytes: Buffer.concat([hex('a1 6162 9a 00400000'), Buffer.alloc(4 * MEGABYTE, 1)]), begins: '{"b":[1,1' },
    { given: 'XML', bytes: Buffer.from(`<a>${'<b>1</b>'.repeat(MEGABYTE / 2)}</a>`), begins: '<a><b>1' },
    { given: 'JSON', bytes: Buffer.from(`{"b":[${'1,'.repeat(2 * MEGABYTE)}1]}`), begins: '{"b":[1,1' },
  ])('shows the beginning of $given, and says so', ({ bytes, begins }) => {
    const { text, decoded, size } = row(bytes)
    expect(text?.startsWith(begins)).toBe(true)
    expect({ isCut: decoded.isCut, size, isShort: text!.length <= 512 }).toEqual({ isCut: true, size: bytes.length, isShort: true })
  })

  it.each(['utf-16le', 'gb18030', 'hex', 'base64'] as const)('shows the beginning as %s', format => {
    expect(row(Buffer.alloc(4 * MEGABYTE, 0x41), format)).toMatchObject({ text: expect.any(String) as string, decoded: { isCut: true } })
  })

  it.each(['list', 'timeWindow', 'consumerOffsets'] as const)(
    'says that it is too large for %s, which is read whole or not at all',
    format => {
      expect(row(Buffer.alloc(4 * MEGABYTE), format)).toMatchObject({ text: null, decoded: { problem: { code: 'tooLarge' } } })
    },
  )
})
