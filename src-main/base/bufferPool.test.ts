import { describe, expect, it } from 'vitest'
import { BufferPool } from './bufferPool.ts'

const KB = 1024

describe('a pool of buffers', () => {
  it('gives memory that came back to the next who asks for as much, or for a little less', () => {
    const pool = new BufferPool()
    const first = pool.lend()
    const taken = first.take(1000 * KB)
    expect(taken).toHaveLength(1000 * KB)
    first.giveBack()
    expect(pool.idleBytes).toBe(1024 * KB)
    const second = pool.lend()
    expect(second.take(900 * KB).buffer).toBe(taken.buffer)
    expect(pool.idleBytes).toBe(0)
    expect(second.take(1000 * KB).buffer).not.toBe(taken.buffer)
  })

  it('gives nothing that is too small, and wastes no more than a fifth', () => {
    const pool = new BufferPool({ capacityBytes: 100_000 * KB })
    for (let bytes = 8 * KB; bytes <= 12 * 1024 * KB; bytes = Math.ceil(bytes * 1.03)) {
      const { byteLength } = pool.lend().take(bytes).buffer
      expect(byteLength).toBeGreaterThanOrEqual(bytes)
      expect(byteLength).toBeLessThanOrEqual(bytes * 1.25)
    }
  })

  it('has nothing to do with what is small or huge', () => {
    const pool = new BufferPool({ capacityBytes: 1e9 })
    const loan = pool.lend()
    for (const bytes of [0, 100, 8 * KB - 1, 12 * 1024 * KB + 1]) expect(loan.take(bytes)).toHaveLength(bytes)
    loan.giveBack()
    expect(pool.idleBytes).toBe(0)
  })

  it('takes back once what was taken through a loan, and lets it be taken again', () => {
    const pool = new BufferPool()
    const loan = pool.lend()
    loan.take(64 * KB)
    loan.take(64 * KB)
    loan.giveBack()
    loan.giveBack()
    expect(pool.idleBytes).toBe(128 * KB)
    const [one, other, third] = [loan.take(64 * KB), loan.take(64 * KB), loan.take(64 * KB)]
    expect(new Set([one.buffer, other.buffer, third.buffer]).size).toBe(3)
  })

  it('gives up sizes that nobody has asked for since, when there is no room for what is used now', () => {
    const pool = new BufferPool({ capacityBytes: 1024 * KB })
    const old = pool.lend()
    for (let count = 0; count < 16; count++) old.take(64 * KB)
    const used = pool.lend()
    const first = used.take(256 * KB)
    old.giveBack()
    expect(pool.idleBytes).toBe(1024 * KB)
    used.giveBack()
    expect(pool.idleBytes).toBe(1024 * KB)
    expect(used.take(256 * KB).buffer).toBe(first.buffer)
    // What comes back late does not push out what is used.
    used.giveBack()
    const late = pool.lend()
    late.take(64 * KB)
    used.take(256 * KB)
    used.giveBack()
    late.giveBack()
    expect(used.take(256 * KB).buffer).toBe(first.buffer)
  })

  it('keeps no more than it may of what nobody uses, and leaves the rest to the garbage collector', () => {
    const given: number[] = []
    const pool = new BufferPool({ capacityBytes: 200 * KB, onGiveBack: buffer => given.push(buffer.length) })
    const loan = pool.lend()
    for (let count = 0; count < 5; count++) loan.take(64 * KB)
    loan.giveBack()
    expect(pool.idleBytes).toBe(192 * KB)
    expect(given).toEqual(Array(5).fill(64 * KB))
  })
})
