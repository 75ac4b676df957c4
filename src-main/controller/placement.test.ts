import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { placeReplicas } from './placement.ts'
import { firstChoice } from './builders.ts'

const brokersOf = (active: number, inactive = 0) =>
  Array.from({ length: active + inactive }, (_, index) => ({ brokerId: index + 1, active: index < active }))

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
