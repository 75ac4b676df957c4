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
      push(stream.subarray(at, at + length))
      at += length
    }
    expect(frames.length).toBe(bodies.length)
    for (const [index, frame] of frames.entries()) expect(frame.equals(bodies[index]!)).toBe(true)
    expect(reader.isWithinFrame).toBe(false)
  })

  it('hands on a frame that came in one chunk as a view of it', () => {
    const { frames, push } = reading()
    const chunk = framed(Buffer.alloc(50_000, 1))
    push(chunk)
    expect(frames[0]!.buffer).toBe(chunk.buffer)
  })

  it('copies a small frame out of a large chunk, which could not be freed otherwise', () => {
    const { frames, push } = reading()
    const chunk = framed(Buffer.alloc(50, 1), Buffer.alloc(50_000, 2))
    push(chunk)
    expect(frames[0]!.buffer).not.toBe(chunk.buffer)
    expect(frames[0]!.equals(Buffer.alloc(50, 1))).toBe(true)
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
