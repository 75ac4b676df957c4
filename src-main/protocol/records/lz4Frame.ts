import { MalformedMessage } from '../byteReader.ts'

const MAGIC = 0x184d2204
/** In a block's size: the block is stored as it is. */
const STORED = 0x8000_0000

const HAS_DICTIONARY = 0x01
const HAS_CONTENT_CHECKSUM = 0x04
const HAS_CONTENT_SIZE = 0x08
const HAS_BLOCK_CHECKSUMS = 0x10

/**
 * How many bytes an LZ4 frame will unfold to, without unfolding it. The frame may declare its size, but need not, and need not tell the
 * truth; the lengths of literals and matches in its blocks cannot lie. This is what keeps a small frame from taking a lot of memory: the
 * native decoder has no bound of its own. Blocks and headers are checked no further than that takes; the decoder does the rest.
 */
export function lz4FrameContentBytes(frame: Buffer): number {
  if (frame.length < 7 || frame.readUInt32LE(0) !== MAGIC) throw new MalformedMessage('this is no lz4 frame', 0)
  const flags = frame[4]!
  if (flags >> 6 !== 1) throw new MalformedMessage(`lz4 frame version ${flags >> 6} is not known`, 4)
  if (flags & HAS_DICTIONARY) throw new MalformedMessage('an lz4 frame with a dictionary cannot be read', 4)
  const blockChecksumBytes = flags & HAS_BLOCK_CHECKSUMS ? 4 : 0
  let at = flags & HAS_CONTENT_SIZE ? 15 : 7
  let total = 0
  for (;;) {
    if (frame.length - at < 4) throw new MalformedMessage('an lz4 frame is cut off', at)
    const word = frame.readUInt32LE(at)
    at += 4
    if (word === 0) break
    const size = word & ~STORED
    if (size > frame.length - at) throw new MalformedMessage(`an lz4 block of ${size} bytes is declared`, at - 4)
    total += word >= STORED ? size : lz4BlockContentBytes(frame, at, at + size)
    at += size + blockChecksumBytes
  }
  if (flags & HAS_CONTENT_SIZE && frame.readBigUInt64LE(6) !== BigInt(total))
    throw new MalformedMessage('an lz4 frame lies about its size', 6)
  if (flags & HAS_CONTENT_CHECKSUM && frame.length - at < 4) throw new MalformedMessage('an lz4 frame is cut off', at)
  return total
}

/**
 * Walks a block's sequences: a token, the rest of the literals' length, the literals, a distance of two bytes, the rest of the match's
 * length.
 */
function lz4BlockContentBytes(bytes: Buffer, from: number, end: number): number {
  let total = 0
  let at = from
  while (at < end) {
    const token = bytes[at++]!
    let literals = token >> 4
    if (literals === 15) {
      let more
      do {
        if (at >= end) throw new MalformedMessage('an lz4 block is cut off', at)
        more = bytes[at++]!
        literals += more
      } while (more === 255)
    }
    total += literals
    at += literals
    if (at > end) throw new MalformedMessage('an lz4 block is cut off', end)
    if (at === end) return total // the last sequence has no match
    at += 2
    let match = (token & 15) + 4
    if (match === 19) {
      let more
      do {
        if (at >= end) throw new MalformedMessage('an lz4 block is cut off', at)
        more = bytes[at++]!
        match += more
      } while (more === 255)
    }
    if (at > end) throw new MalformedMessage('an lz4 block is cut off', end)
    total += match
  }
  return total
}
