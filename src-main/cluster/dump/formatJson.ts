import { isUtf8 } from 'node:buffer'
import type { DumpItem, RecordItem } from './items.ts'

/**
 * One item as a line of JSON, without the newline. Bytes become `{"encoding":"utf8","data":…}` where that loses nothing, else
 * `{"encoding":"base64","data":…}`. Counts beyond 2^53 are the text of their digits. What an entry is takes the place of the type `entry`.
 */
export function itemJson(item: DumpItem): string {
  switch (item.type) {
    case 'file': {
      const { fields, ...rest } = item
      return JSON.stringify({ ...rest, ...fields })
    }
    case 'entry': {
      const { entry, file, position, fields } = item
      // The position of an entry in its file; an offset index has positions of its own.
      return stringified({ type: entry, file, at: position, ...fields })
    }
    case 'record':
      try {
        return recordJson(item)
      } catch (problem) {
        if (!(problem instanceof RangeError)) throw problem
        // Longer than a string can be: half a gigabyte of characters.
        const { type, file, batchPosition, offset, timestamp } = item
        return JSON.stringify({ type, file, batchPosition, offset, timestamp, omitted: 'the rest is too long for a line' })
      }
    case 'batch':
    case 'problem':
      return JSON.stringify(item)
  }
}

function stringified(value: object): string {
  // Not the value it is given, but the one in its place: Buffer has a toJSON of its own, which comes first.
  return JSON.stringify(value, function (this: Record<string, unknown>, key: string, given: unknown) {
    const before = this[key]
    if (typeof given === 'bigint') return integerJson(given)
    return Buffer.isBuffer(before) ? encoded(before) : given
  })
}

const integerJson = (bits: bigint) => (Number.isSafeInteger(Number(bits)) ? Number(bits) : String(bits))

function recordJson(item: RecordItem): string {
  const { key, value, headers, decoded } = item
  const bare = { ...item, key: key && encoded(key), value: value && encoded(value), headers: headers.map(encodedHeader) }
  return decoded === undefined ? JSON.stringify(bare) : stringified(bare)
}

function encodedHeader({ key, value }: RecordItem['headers'][number]) {
  return { key, value: value && encoded(value) }
}

function encoded(bytes: Buffer): { readonly encoding: 'utf8' | 'base64'; readonly data: string } {
  return isUtf8(bytes) ? { encoding: 'utf8', data: bytes.toString('utf8') } : { encoding: 'base64', data: bytes.toString('base64') }
}
