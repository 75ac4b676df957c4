/** What tells of a part's first byte whether the part is its own text for sure; 1 where it is. */
export interface PlainFirstBytes {
  readonly keys: Uint8Array
  readonly values: Uint8Array
  /** A header may say how a record is to be read. */
  readonly allowsHeaders: boolean
}

/**
 * Whether no record of a batch has to be decoded in order to be searched: a look at a few bytes of each instead of a walk over all of it. Of records that
 * are not as they should be it says no, so that somebody walks over them and says what is wrong.
 */
export function areAllPlain(records: Uint8Array, count: number, { keys, values, allowsHeaders }: PlainFirstBytes): boolean {
  let at = 0
  for (let index = 0; index < count; index++) {
    const length = varintAt(records, at)
    at = behindVarint(records, at)
    const end = at + length
    if (length <= 0 || end > records.length) return false
    at = behindVarint(records, behindVarint(records, at + 1)) // attributes, timestamp and offset
    const keyLength = varintAt(records, at)
    at = behindVarint(records, at)
    if (keyLength > 0 && keys[records[at]!] !== 1) return false
    at += Math.max(0, keyLength)
    const valueLength = varintAt(records, at)
    at = behindVarint(records, at)
    if (valueLength > 0 && values[records[at]!] !== 1) return false
    at += Math.max(0, valueLength)
    if (at >= end || (!allowsHeaders && records[at] !== 0)) return false
    at = end
  }
  return at === records.length
}

/** Zigzag, of at most 32 bits. */
function varintAt(bytes: Uint8Array, from: number): number {
  let value = bytes[from]! & 0x7f
  for (let at = from, shift = 7; bytes[at]! >= 0x80 && shift < 35; shift += 7) value |= (bytes[++at]! & 0x7f) << shift
  return (value >>> 1) ^ -(value & 1)
}

function behindVarint(bytes: Uint8Array, from: number): number {
  let at = from
  while (bytes[at]! >= 0x80) at += 1
  return at + 1
}
