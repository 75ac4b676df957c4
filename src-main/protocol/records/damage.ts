/** What a checksum tells of the damage that it found: it is linear, so that one wrong byte leaves a trace that says where it lies. */

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc
})
/** The highest byte of an entry belongs to no other entry: the way back. */
const BY_HIGHEST = Uint8Array.from({ length: 256 }, (_, highest) => TABLE.findIndex(entry => entry >>> 24 === highest))

/** A byte that is not what it was. */
export interface WrongByte {
  /** In the buffer. */
  readonly at: number
  readonly found: number
  readonly expected: number
}

/**
 * The one byte in [from, to) that, changed, would turn the CRC-32C of that range from `computed` into `stored`. Undefined where more than one byte is
 * wrong. By chance it finds one in a range of n bytes with a probability of n / 2^24.
 */
export function wrongByte(
  bytes: Buffer,
  { from, to, stored, computed }: { readonly from: number; readonly to: number; readonly stored: number; readonly computed: number },
): WrongByte | undefined {
  let trace = (stored ^ computed) >>> 0
  if (trace === 0) return undefined
  for (let at = to - 1; at >= from; at--) {
    const change = BY_HIGHEST[trace >>> 24]!
    if (TABLE[change] === trace) return { at, found: bytes[at]!, expected: bytes[at]! ^ change }
    // What the trace would be if the range ended one byte earlier.
    trace = (((trace ^ TABLE[change]!) << 8) | change) >>> 0
  }
  return undefined
}

/** The end, at `least` or behind it, of a range from `from` on of which the CRC-32C is `stored`. */
export function endThatFits(
  bytes: Buffer,
  { from, least, stored }: { readonly from: number; readonly least: number; readonly stored: number },
) {
  const wanted = (stored ^ 0xffff_ffff) >>> 0
  let crc = 0xffff_ffff
  for (let at = from; at <= bytes.length; at++) {
    if (at >= least && crc === wanted) return at
    if (at < bytes.length) crc = ((crc >>> 8) ^ TABLE[(crc ^ bytes[at]!) & 0xff]!) >>> 0
  }
  return undefined
}
