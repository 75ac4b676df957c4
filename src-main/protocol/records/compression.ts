/**
 * What the records of a batch are compressed with. All synchronous: whatever leaves the thread would break the
 * simulation's replay. A decompressor is told how much may come out, because a stranger's kilobyte can unfold to a gigabyte; sizes that
 * are declared are checked before memory is taken, sizes that are not are bounded while they come out.
 */
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { compressFrameSync, decompressFrameSync } from 'lz4-napi'
import { compressSync, uncompressSync } from 'snappy'
import { MalformedMessage } from '../byteReader.ts'
import type { CompressionName } from './batch.ts'
import { lz4FrameContentBytes } from './lz4Frame.ts'

/** snappy-java's stream: a magic of eight bytes, version 1, oldest compatible version 1, then chunks with an int32 length each. */
const XERIAL_HEADER = Buffer.from('82534e41505059000000000100000001', 'hex')
const XERIAL_MAGIC_BYTES = 8
const XERIAL_BLOCK_BYTES = 32 * 1024

/** Compresses the records of a batch as Kafka's Java clients would. */
export function compress(codec: CompressionName, bytes: Buffer): Buffer {
  switch (codec) {
    case 'none':
      return bytes
    case 'gzip':
      return gzipSync(bytes)
    case 'snappy':
      return compressXerial(bytes)
    case 'lz4':
      return compressFrameSync(bytes)
    case 'zstd':
      return zstdCompressSync(bytes)
  }
}

/** Decompresses, or throws MalformedMessage: for bytes that are not of the codec, and for more than `maxOutputBytes` of output. */
export function decompress(codec: CompressionName, bytes: Buffer, maxOutputBytes: number): Buffer {
  if (codec === 'none') {
    checkSize(bytes.length, maxOutputBytes)
    return bytes
  }
  try {
    const output = decompressors[codec](bytes, maxOutputBytes)
    checkSize(output.length, maxOutputBytes)
    return output
  } catch (cause) {
    if (cause instanceof MalformedMessage) throw cause
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return tooLarge(`over ${maxOutputBytes}`, maxOutputBytes, cause)
    throw new MalformedMessage(`records cannot be decompressed with ${codec}: ${(cause as Error).message}`, 0, { cause })
  }
}

const decompressors: Record<Exclude<CompressionName, 'none'>, (bytes: Buffer, maxOutputBytes: number) => Buffer> = {
  gzip: (bytes, maxOutputLength) => gunzipSync(bytes, { maxOutputLength: Math.max(1, maxOutputLength) }),
  snappy: (bytes, maxOutputBytes) =>
    isXerial(bytes) ? decompressXerial(bytes, maxOutputBytes) : decompressSnappyBlock(bytes, 0, maxOutputBytes),
  lz4(bytes, maxOutputBytes) {
    checkSize(lz4FrameContentBytes(bytes), maxOutputBytes)
    return decompressFrameSync(bytes)
  },
  zstd: decompressZstd,
}

function checkSize(size: number, maxOutputBytes: number): void {
  if (size > maxOutputBytes) tooLarge(`${size}`, maxOutputBytes)
}

function tooLarge(size: string, maxOutputBytes: number, cause?: unknown): never {
  throw new MalformedMessage(`records of ${size} bytes unfold from a batch that may hold ${maxOutputBytes}`, 0, { cause })
}

function isXerial(bytes: Buffer): boolean {
  return bytes.length >= XERIAL_HEADER.length && bytes.compare(XERIAL_HEADER, 0, XERIAL_MAGIC_BYTES, 0, XERIAL_MAGIC_BYTES) === 0
}

function compressXerial(bytes: Buffer): Buffer {
  const pieces: Buffer[] = [XERIAL_HEADER]
  for (let at = 0; at < bytes.length; at += XERIAL_BLOCK_BYTES) {
    const block = compressSync(bytes.subarray(at, at + XERIAL_BLOCK_BYTES), { copyOutputData: true })
    const length = Buffer.allocUnsafe(4)
    length.writeInt32BE(block.length)
    pieces.push(length, block)
  }
  return Buffer.concat(pieces)
}

function decompressXerial(bytes: Buffer, maxOutputBytes: number): Buffer {
  const blocks: Buffer[] = []
  let total = 0
  for (let at = XERIAL_HEADER.length; at < bytes.length;) {
    if (bytes.length - at < 4) throw new MalformedMessage('a snappy chunk is cut off', at)
    const length = bytes.readInt32BE(at)
    at += 4
    if (length < 0 || length > bytes.length - at) throw new MalformedMessage(`a snappy chunk of ${length} bytes is declared`, at - 4)
    const block = decompressSnappyBlock(bytes.subarray(at, at + length), total, maxOutputBytes)
    total += block.length
    blocks.push(block)
    at += length
  }
  return blocks.length === 1 ? blocks[0]! : Buffer.concat(blocks, total)
}

/** A raw block begins with its uncompressed size as a varint. `before` is what came out of the blocks before it. */
function decompressSnappyBlock(bytes: Buffer, before: number, maxOutputBytes: number): Buffer {
  let size = 0
  for (let index = 0; ; index++) {
    const byte = bytes[index]
    if (byte === undefined || index > 4) throw new MalformedMessage('a snappy block has no size', index)
    size += (byte & 0x7f) * 128 ** index
    if (byte < 0x80) break
  }
  checkSize(before + size, maxOutputBytes)
  return uncompressSync(bytes, { asBuffer: true, copyOutputData: true }) as Buffer
}

/** Node's decoder stops at the end of the first frame, and tells where that was. */
function decompressZstd(bytes: Buffer, maxOutputBytes: number): Buffer {
  const frames: Buffer[] = []
  let total = 0
  for (let at = 0; at < bytes.length || at === 0;) {
    const { buffer, engine } = zstdDecompressSync(bytes.subarray(at), {
      maxOutputLength: Math.max(1, maxOutputBytes - total),
      info: true,
    }) as unknown as { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } }
    if (engine.bytesWritten === 0) throw new MalformedMessage('a zstd frame is empty', at)
    frames.push(buffer)
    total += buffer.length
    checkSize(total, maxOutputBytes)
    at += engine.bytesWritten
  }
  return frames.length === 1 ? frames[0]! : Buffer.concat(frames, total)
}
