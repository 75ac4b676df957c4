import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { placeReplicas } from './placement.ts'
import { firstChoice } from './builders.ts'

const brokersOf = (active: number, inactive = 0) =>
  Array.from({ length: active + inactive }, (_, index) => ({ brokerId: index + 1, rack: null, active: index < active }))

/** How often each broker has a place. */
function counts(placed: readonly (readonly number[])[], place: number): number[] {
  const count = new Map<number, number>()
  for (const replicas of placed) {
    const broker = replicas[place]!
    count.set(broker, (count.get(broker) ?? 0) + 1)
  }
  return [...count.values()]
}

const spread = (values: readonly number[]) => Math.max(...values) - Math.min(...values)

describe('placement', () => {
  it('goes round, and changes the followers with each round', () => {
    const placed = placeReplicas({ brokers: brokersOf(3), replicationFactor: 3, count: 6, random: firstChoice() })
    expect(placed).toEqual([
      [1, 2, 3],
      [2, 3, 1],
      [3, 1, 2],
      [1, 3, 2],
      [2, 1, 3],
      [3, 2, 1],
    ])
  })

  it('begins at random', () => {
    const random = { below: (bound: number) => bound - 1 }
    expect(placeReplicas({ brokers: brokersOf(3), replicationFactor: 2, count: 1, random })).toEqual([[3, 2]])
  })

  it('takes brokers that are away last', () => {
    const placed = placeReplicas({ brokers: brokersOf(2, 1), replicationFactor: 3, count: 4, random: firstChoice() })
    expect(placed.map(replicas => replicas[2])).toEqual([3, 3, 3, 3])
  })

  const layouts = fc.record({
    active: fc.integer({ min: 1, max: 8 }),
    inactive: fc.integer({ min: 0, max: 4 }),
    count: fc.integer({ min: 1, max: 60 }),
    start: fc.nat(100),
  })

  test.prop([layouts, fc.integer({ min: 1, max: 12 })])('spreads every place evenly', ({ active, inactive, count, start }, factor) => {
    const replicationFactor = Math.min(factor, active + inactive)
    const random = { below: (bound: number) => start % bound }
    const placed = placeReplicas({ brokers: brokersOf(active, inactive), replicationFactor, count, random })
    expect(placed).toHaveLength(count)
    for (const replicas of placed) {
      expect(new Set(replicas).size).toBe(replicationFactor)
      expect(replicas[0]).toBeLessThanOrEqual(active)
    }
    for (let place = 0; place < Math.min(replicationFactor, active); place++) {
      const each = counts(placed, place)
      if (count >= active) expect(each).toHaveLength(active)
      expect(spread(each)).toBeLessThanOrEqual(1)
    }
  })

  test.prop([layouts, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 30 })])(
    'places added partitions as if they had been there from the start',
    ({ active, count, start }, factor, added) => {
      const random = { below: (bound: number) => start % bound }
      const request = { brokers: brokersOf(active), replicationFactor: Math.min(factor, active), random }
      const existing = placeReplicas({ ...request, count })
      const all = [...existing, ...placeReplicas({ ...request, count: added, existing })]
      if (request.replicationFactor > 1) expect(all).toEqual(placeReplicas({ ...request, count: count + added }))
      expect(spread(counts(all, 0))).toBeLessThanOrEqual(1)
    },
  )
})

describe('placement in racks', () => {
  /** One broker is a rack's name, in lower case when it is not active. */
  const brokersIn = (racks: string) =>
    [...racks].map((rack, index) => ({ brokerId: index + 1, rack: rack.toUpperCase(), active: rack === rack.toUpperCase() }))

  it('goes round the racks, and has the partitions of a broker taken over by the others in turn', () => {
    const brokers = brokersIn('AABBCC')
    const placed = placeReplicas({ brokers, replicationFactor: 3, count: 24, random: firstChoice() })
    const inRacks = placed.map(replicas =>
      replicas
        .map(id => brokers[id - 1]!.rack)
        .toSorted()
        .join(''),
    )
    expect(new Set(inRacks)).toEqual(new Set(['ABC']))
    expect(placed.slice(0, 6).map(([leader]) => leader)).toEqual([1, 3, 5, 2, 4, 6])
    const afterFirst = placed.filter(([leader]) => leader === 1).map(([, successor]) => successor)
    expect(afterFirst.toSorted()).toEqual([3, 4, 5, 6])
  })

  it('prefers another rack to another active broker, and leads on active brokers only', () => {
    const placed = placeReplicas({ brokers: brokersIn('AAAb'), replicationFactor: 2, count: 6, random: firstChoice() })
    expect(placed.map(([, follower]) => follower)).toEqual([4, 4, 4, 4, 4, 4])
    expect(spread(counts(placed, 0))).toBe(0)
  })

  it('takes brokers of no rack for a rack of their own', () => {
    const brokers = [...brokersIn('A'), { brokerId: 2, rack: null, active: true }, { brokerId: 3, rack: null, active: true }]
    const placed = placeReplicas({ brokers, replicationFactor: 2, count: 30, random: firstChoice() })
    for (const replicas of placed) expect(replicas).toContain(1)
  })

  it('makes up for what is uneven among the partitions that there are', () => {
    const existing = [
      [1, 3],
      [1, 4],
      [1, 3],
      [2, 3],
    ]
    const placed = placeReplicas({ brokers: brokersIn('AABB'), replicationFactor: 2, count: 8, random: firstChoice(), existing })
    expect(counts([...existing, ...placed], 0)).toEqual([3, 3, 3, 3])
  })

  const layouts = fc.record({
    racks: fc.array(fc.record({ active: fc.integer({ min: 0, max: 4 }), inactive: fc.integer({ min: 0, max: 2 }) }), {
      minLength: 1,
      maxLength: 6,
    }),
    count: fc.integer({ min: 1, max: 60 }),
    existing: fc.integer({ min: 0, max: 60 }),
    factor: fc.integer({ min: 1, max: 6 }),
    start: fc.nat(100),
  })

  test.prop([layouts])('is on as many racks as possible, and even in each of them', ({ racks, count, existing: before, factor, start }) => {
    const letters = racks.map(({ active, inactive }, index) => {
      const letter = 'ABCDEF'[index]!
      return letter.repeat(active) + letter.toLowerCase().repeat(inactive)
    })
    const brokers = brokersIn(letters.join(''))
    const active = brokers.filter(broker => broker.active)
    fc.pre(active.length > 0)
    const replicationFactor = Math.min(factor, brokers.length)
    const random = { below: (bound: number) => start % bound }
    const existing = before === 0 ? [] : placeReplicas({ brokers, replicationFactor, count: before, random })
    const all = [...existing, ...placeReplicas({ brokers, replicationFactor, count, random, existing })]
    expect(all).toHaveLength(before + count)

    const rackOf = (id: number) => brokers[id - 1]!.rack
    const names = new Set(brokers.map(({ rack }) => rack))
    for (const replicas of all) {
      expect(new Set(replicas).size).toBe(replicationFactor)
      expect(brokers[replicas[0]! - 1]!.active).toBe(true)
      expect(new Set(replicas.map(rackOf)).size).toBe(Math.min(replicationFactor, names.size))
    }
    const led = active.map(({ brokerId }) => all.filter(([leader]) => leader === brokerId).length)
    expect(spread(led)).toBeLessThanOrEqual(1)
    for (const name of names) {
      const held = active.filter(({ rack }) => rack === name).map(({ brokerId }) => all.flat().filter(id => id === brokerId).length)
      if (held.length > 0) expect(spread(held)).toBeLessThanOrEqual(2)
    }
  })
})
