import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OFFSET_MAP_SLOT_BYTES, OffsetMap } from './offsetMap.ts'

const key = (name: number | string) => Buffer.from(`${name}`)

describe('a map from keys to offsets', () => {
  it('knows the last offset of each of as many keys as it was made for', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 10_000, size: 'max' }), names => {
        const map = new OffsetMap(1024 * 1024, new Set(names).size)
        const model = new Map<number, number>()
        for (const [offset, name] of names.entries()) {
          expect(map.put(key(name), offset)).toBe(true)
          model.set(name, offset)
        }
        expect(map.size).toBe(model.size)
        for (const [name, offset] of model) expect(map.get(key(name))).toBe(offset)
        expect(map.get(key('never seen'))).toBe(-1)
      }),
      { numRuns: 20 },
    )
  })

  it('takes no new key when nine slots of ten are taken, but goes on with those it has', () => {
    const map = new OffsetMap(10 * OFFSET_MAP_SLOT_BYTES, 1000)
    for (let name = 0; name < 9; name++) expect(map.put(key(name), name)).toBe(true)
    expect(map.put(key(9), 9)).toBe(false)
    expect(map.get(key(9))).toBe(-1)
    expect(map.put(key(3), 10)).toBe(true)
    expect(map.get(key(3))).toBe(10)
  })

  it('has room for one key, however little memory it may take', () => {
    const map = new OffsetMap(0, 0)
    expect(map.put(key('a'), 0)).toBe(true)
    expect(map.put(key('b'), 1)).toBe(false)
    expect([map.get(key('a')), map.get(key('b'))]).toEqual([0, -1])
  })

  it('keeps offset 0 and the empty key, and offsets beyond 32 bits', () => {
    const map = new OffsetMap(1024, 10)
    map.put(key(''), 0)
    map.put(key('far'), 2 ** 52)
    expect([map.get(key('')), map.get(key('far'))]).toEqual([0, 2 ** 52])
  })

  it('never forgets how far it was fed', () => {
    const map = new OffsetMap(1024, 10)
    expect(map.latestOffset).toBe(-1)
    map.raiseLatestOffset(7)
    map.raiseLatestOffset(3)
    expect(map.latestOffset).toBe(7)
  })
})
