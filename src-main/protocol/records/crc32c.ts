import { crc32c as nativeCrc32c } from '@node-rs/crc32'

/** Below this a call into native code costs more than it saves. */
const NATIVE_FROM_BYTES = 160
/** Castagnoli's polynomial, bit-reversed. */
const POLYNOMIAL = 0x82f63b78

/** Four tables of 256: how a byte that lies k bytes before the end of a 4-byte word changes the checksum. */
const tables = makeTables()

function makeTables(): Uint32Array {
  const table = new Uint32Array(4 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    table[byte] = crc
  }
  for (let at = 256; at < table.length; at++) {
    const shorter = table[at - 256]!
    table[at] = (shorter >>> 8) ^ table[shorter & 0xff]!
  }
  return table
}

/** CRC-32C of a range: reflected, initial and final value all ones. Unsigned. */
export function crc32c(bytes: Buffer, from = 0, to = bytes.length): number {
  return to - from >= NATIVE_FROM_BYTES ? nativeCrc32c(bytes.subarray(from, to)) : crc32cInJavaScript(bytes, from, to)
}

/** The same without native code: four bytes a step. */
export function crc32cInJavaScript(bytes: Buffer, from = 0, to = bytes.length): number {
  let crc = 0xffff_ffff
  let at = from
  for (; at + 4 <= to; at += 4) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    crc = tables[768 + (crc & 0xff)]! ^ tables[512 + ((crc >>> 8) & 0xff)]! ^ tables[256 + ((crc >>> 16) & 0xff)]! ^ tables[crc >>> 24]!
  }
  for (; at < to; at++) crc = (crc >>> 8) ^ tables[(crc ^ bytes[at]!) & 0xff]!
  return (crc ^ 0xffff_ffff) >>> 0
}
