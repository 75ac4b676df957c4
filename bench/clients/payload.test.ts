import { expect, it } from 'vitest'
import { compress } from '../../src-main/protocol/records/compression.ts'
import { orders, RECORD_BYTES } from './payload.ts'

it('orders are JSON of one line and one length, and the same ones every time', () => {
  const some = orders(200)
  expect(some).toEqual(orders(200))
  for (const each of some) {
    expect(each).toHaveLength(RECORD_BYTES)
    expect(each.includes('\n')).toBe(false)
    expect(JSON.parse(each.toString())).toMatchObject({ items: expect.any(Array) })
  }
})

it('lz4 makes them smaller, but not next to nothing', () => {
  const plain = Buffer.concat(orders(1_000))
  const share = compress('lz4', plain).length / plain.length
  expect(share).toBeGreaterThan(0.2)
  expect(share).toBeLessThan(0.8)
})
