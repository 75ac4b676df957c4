import { describe, expect, it } from 'vitest'
import { seededRandom } from '../simulation/seededRandom.ts'
import { BadFrameSize, FrameReader } from './frameReader.ts'

function framed(...bodies: readonly Buffer[]): Buffer {
  return Buffer.concat(
    bodies.flatMap(body => {
      const size = Buffer.alloc(4)
      size.writeInt32BE(body.length)
      return [size, body]
    }),
  )
}

/** How many bytes are copied from buffer to buffer meanwhile. */
function copiedBy(run: () => void): number {
  let copied = 0
  const { copy } = Buffer.prototype
  Buffer.prototype.copy = function (this: Buffer, target: Uint8Array, ...where: number[]) {
    const count = copy.call(this, target, ...where)
    copied += count
    return count
  }
  try {
    run()
  } finally {
    Buffer.prototype.copy = copy
  }
  return copied
}

function reading(maxBytes = 10_000_000) {
  const frames: Buffer[] = []
  const reader = new FrameReader(maxBytes)
  return { reader, frames, push: (chunk: Buffer) => reader.push(chunk, frame => frames.push(frame)) }
}

describe('a frame reader', () => {
  it.each(Array.from({ length: 50 }, (_, index) => index))('finds the frames again, wherever the stream was cut (seed %i)', seed => {
    const random = seededRandom(seed)
    const bodies = Array.from({ length: 20 }, () => random.bytes(1 + random.below(random.chance(0.2) ? 300_000 : 100)))
    const stream = framed(...bodies)
    const { frames, push, reader } = reading()
    for (let at = 0; at < stream.length;) {
      const length = 1 + random.below(random.chance(0.5) ? 8 : 70_000)
      const { room } = reader
      const into = room !== undefined && random.chance(0.7) ? room : Buffer.alloc(length)
      const chunk = into.subarray(0, stream.copy(into, 0, at, at + length))
      push(chunk)
      // It was only lent.
      if (into !== room) chunk.fill(0xdd)
      at += chunk.length
    }
    expect(frames.length).toBe(bodies.length)
    for (const [index, frame] of frames.entries()) expect(frame.equals(bodies[index]!)).toBe(true)
    expect(reader.isWithinFrame).toBe(false)
  })

  it('has room for the rest of a large frame once some of it is there, and finds there what was read to it', () => {
    const { reader, frames, push } = reading()
    expect(reader.room).toBeUndefined()
    const body = seededRandom(1).bytes(1_000_000)
    const stream = framed(body)
    push(stream.subarray(0, 300_000))
    const { room } = reader
    // So much of it that reading on needs no more memory.
    expect(room).toHaveLength(stream.length - 300_000)
    stream.copy(room!, 0, 300_000, 900_000)
    push(room!.subarray(0, 600_000))
    expect(reader.room!.byteOffset).toBe(room!.byteOffset + 600_000)
    stream.copy(reader.room!, 0, 900_000)
    push(reader.room!)
    expect(frames[0]!.buffer).toBe(room!.buffer)
    expect(frames[0]!.equals(body)).toBe(true)
    expect(reader.room).toBeUndefined()
  })

  it('copies no more of a large frame than its beginning, while that is read to where it belongs', () => {
    const { reader, frames, push } = reading()
    const stream = framed(Buffer.alloc(1_000_000, 7))
    const scratch = Buffer.alloc(256 * 1024)
    for (let at = 0; at < stream.length;) {
      const into = reader.room ?? scratch
      stream.copy(into, 0, at)
      const chunk = into.subarray(0, Math.min(into.length, stream.length - at))
      expect(copiedBy(() => push(chunk))).toBe(at === 0 ? scratch.length - 4 : 0)
      at += chunk.length
    }
    expect(frames[0]!.equals(stream.subarray(4))).toBe(true)
  })

  it('has no room for so little that a read of its own would cost more than a copy', () => {
    const { reader, push } = reading()
    push(framed(Buffer.alloc(100_000)).subarray(0, 90_000))
    expect(reader.room).toBeUndefined()
  })

  it.each([0, -1, -(2 ** 31), 2 ** 31 - 1, 1_001])('refuses a size of %i before it takes memory', size => {
    const { push } = reading(1_000)
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(size)
    push(bytes.subarray(0, 3))
    expect(() => push(bytes.subarray(3))).toThrow(BadFrameSize)
  })

  it('takes memory for what arrived, not for what was announced', () => {
    const before = process.memoryUsage().arrayBuffers
    const readers = Array.from({ length: 100 }, () => reading(100_000_000))
    const start = framed(Buffer.alloc(0))
    start.writeInt32BE(100_000_000)
    for (const { push } of readers) push(Buffer.concat([start, Buffer.alloc(1_000)]))
    expect(readers.every(({ reader }) => reader.isWithinFrame)).toBe(true)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5_000_000)
  })
})
