import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { compressSync } from 'snappy'
import { describe, expect, it } from 'vitest'
import { MalformedMessage } from '../byteReader.ts'
import { compressionNames } from './batch.ts'
import { compress, decompress } from './compression.ts'
import { lz4FrameContentBytes } from './lz4Frame.ts'

const MEGABYTE = 1024 * 1024
const codecs = compressionNames.filter(name => name !== 'none')
const sentence = 'A broker never has to decompress what it passes on. '

describe.each(compressionNames)('%s', codec => {
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['one byte', Buffer.from('a')],
    ['text', Buffer.from(sentence.repeat(40))],
    ['several blocks of text', Buffer.from(sentence.repeat(20_000))],
    ['noise', noise(200_000)],
    ['zeros', Buffer.alloc(3 * MEGABYTE)],
  ])('gives back %s', (_, bytes) => {
    expect(decompress(codec, compress(codec, bytes), bytes.length).equals(bytes)).toBe(true)
  })

  it('gives back any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), each => {
        const bytes = Buffer.from(each)
        expect(decompress(codec, compress(codec, bytes), 2000)).toEqual(bytes)
      }),
    )
  })

  it('refuses a byte more than it may give', () => {
    const bytes = Buffer.from(sentence.repeat(100))
    expect(() => decompress(codec, compress(codec, bytes), bytes.length - 1)).toThrow(MalformedMessage)
  })
})

describe('a small batch that unfolds to a gigabyte', () => {
  const zeros = Buffer.alloc(256 * MEGABYTE)

  it.each([
    ...codecs.map(codec => ({ codec, write: (bytes: Buffer) => compress(codec, bytes) })),
    { codec: 'snappy' as const, write: bareSnappy },
  ])('is refused: $codec', ({ codec, write }) => {
    const bomb = write(zeros)
    const before = process.memoryUsage().rss
    expect(() => decompress(codec, bomb, MEGABYTE)).toThrow(/records of .* unfold from a batch that may hold 1048576/)
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * MEGABYTE)
  })
})

it('a block of four gigabytes is refused by what it declares', () => {
  expect(() => decompress('snappy', Buffer.from('ffffffff0f00', 'hex'), MEGABYTE)).toThrow('records of 4294967295 bytes')
})

/** Bytes that no codec makes smaller, the same in every run. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let at = 0, state = 1; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[at] = state >>> 24
  }
  return bytes
}

function bareSnappy(bytes: Buffer): Buffer {
  return compressSync(bytes)
}

describe('broken bytes', () => {
  it.each(codecs)('are refused, or unfold within the bound: 4000 mutations of %s', codec => {
    const whole = compress(codec, Buffer.from(sentence.repeat(60)))
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.option(fc.nat(whole.length)),
        (flips, cut) => {
          const bytes = Buffer.from(whole)
          for (const [at, value] of flips) bytes[at] = value
          try {
            expect(decompress(codec, cut === null ? bytes : bytes.subarray(0, cut), 10_000).length).toBeLessThanOrEqual(10_000)
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedMessage)
          }
        },
      ),
      { numRuns: 4000 },
    )
  })

  it.each(codecs)('of no codec at all are refused: %s', codec => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), noise => {
        try {
          decompress(codec, Buffer.from(noise), 1000)
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessage)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('what other clients write', () => {
  const bytes = Buffer.from(sentence.repeat(3000))

  it('is a bare snappy block from librdkafka', () => {
    expect(decompress('snappy', compressSync(bytes), bytes.length).equals(bytes)).toBe(true)
  })

  it("is snappy-java's stream in blocks of 32 KiB, which is what we write", () => {
    const stream = compress('snappy', bytes)
    expect(stream.subarray(0, 16).toString('hex')).toBe('82534e41505059000000000100000001')
  })

  it('is gzip in several members', () => {
    const members = Buffer.concat([gzipSync(bytes.subarray(0, 1000)), gzipSync(bytes.subarray(1000))])
    expect(decompress('gzip', members, bytes.length).equals(bytes)).toBe(true)
  })

  it('is zstd in several frames', () => {
    const frames = Buffer.concat([zstdCompressSync(bytes.subarray(0, 1000)), zstdCompressSync(bytes.subarray(1000))])
    expect(decompress('zstd', frames, bytes.length).equals(bytes)).toBe(true)
  })

  // Made with the lz4 command line tool: blocks that lean on each other (-BD), content size and checksums (--content-size -BX).
  it.each([
    [
      'linked blocks',
      Buffer.from(
        '04224d1860408242000000ff25412062726f6b6572206e657665722068617320746f206465636f6d7072657373207768617420697420706173736573206f6e2e203400ffffffc750206f6e2e2000000000',
        'hex',
      ),
    ],
    [
      'a declared size and checksums',
      Buffer.from(
        '04224d187c4010040000000000004242000000ff25412062726f6b6572206e657665722068617320746f206465636f6d7072657373207768617420697420706173736573206f6e2e203400ffffffc750206f6e2e2085e152c000000000f49293fd',
        'hex',
      ),
    ],
  ])('is lz4 with %s', (_, frame) => {
    expect(decompress('lz4', frame, 3000).toString()).toBe(sentence.repeat(20))
  })
})

describe('an lz4 frame of ours', () => {
  const frame = compress('lz4', Buffer.from(sentence.repeat(3000)))

  it('has independent blocks of 64 KiB, as the Java reader wants them', () => {
    expect(frame.readUInt32LE(0)).toBe(0x184d2204)
    expect(frame[4]! >> 5).toBe(0b011)
  })

  it('tells how much it holds without being unfolded', () => expect(lz4FrameContentBytes(frame)).toBe(sentence.length * 3000))
})
