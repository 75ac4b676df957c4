import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../simulation/seededRandom.ts'
import { balance, type Broker, drain, type Movable } from './balance.ts'

const brokers = (count: number, racks: readonly string[] = []): Broker[] =>
  Array.from({ length: count }, (_, index) => ({ brokerId: index + 1, rack: racks[index % racks.length] ?? null }))
const partitionsOf = (...replicas: readonly (readonly number[])[]): Movable[] =>
  replicas.map((now, partition) => ({ topic: 'orders', partition, now, to: [...now], sizeBytes: 10 }))
const counts = (partitions: readonly Movable[], among: readonly Broker[], of: (each: Movable) => readonly number[] = each => each.to) =>
  among.map(({ brokerId }) => partitions.reduce((sum, each) => sum + of(each).filter(id => id === brokerId).length, 0))
const spread = (numbers: readonly number[]) => Math.max(...numbers) - Math.min(...numbers)
const moved = (partitions: readonly Movable[]) =>
  partitions.reduce((sum, { now, to }) => sum + to.filter(id => !now.includes(id)).length, 0)

describe('a balanced plan', () => {
  it('leaves alone what is balanced', () => {
    const partitions = partitionsOf([1, 2], [2, 3], [3, 1])
    balance(partitions, brokers(3))
    expect(partitions.map(({ to }) => to)).toEqual([
      [1, 2],
      [2, 3],
      [3, 1],
    ])
  })

  it('fills a new broker with no more than its share', () => {
    const partitions = partitionsOf(...Array.from({ length: 12 }, (_, n) => [(n % 3) + 1, ((n + 1) % 3) + 1]))
    balance(partitions, brokers(4))
    expect(counts(partitions, brokers(4))).toEqual([6, 6, 6, 6])
    expect(moved(partitions)).toBe(6)
  })

  it('only changes the order of replicas when no more than leadership is skewed', () => {
    const partitions = partitionsOf([1, 2, 3], [1, 2, 3], [1, 3, 2], [1, 3, 2], [1, 2, 3], [1, 2, 3])
    balance(partitions, brokers(3))
    expect(moved(partitions)).toBe(0)
    expect(counts(partitions, brokers(3), ({ to }) => to.slice(0, 1))).toEqual([2, 2, 2])
  })

  it('hands leadership on over a third where two have no partition in common', () => {
    const partitions = partitionsOf([1, 2], [1, 2], [1, 2], [2, 3])
    balance(partitions, [...brokers(3)])
    expect(spread(counts(partitions, brokers(3), ({ to }) => to.slice(0, 1)))).toBeLessThanOrEqual(1)
  })

  it('moves the smallest partitions', () => {
    const partitions = partitionsOf([1], [1], [1], [1]).map((each, index) => ({ ...each, sizeBytes: index < 2 ? 1_000 : 1 }))
    balance(partitions, brokers(2))
    expect(partitions.map(({ to }) => to[0])).toEqual([1, 1, 2, 2])
  })

  it('keeps replicas in as many racks as they are in', () => {
    const partitions = partitionsOf([1, 2], [1, 2], [1, 2], [1, 2])
    balance(partitions, brokers(4, ['a', 'b']))
    for (const { to } of partitions) expect(new Set(to.map(id => id % 2)).size).toBe(2)
    expect(counts(partitions, brokers(4))).toEqual([2, 2, 2, 2])
  })

  it.each(Array.from({ length: 40 }, (_, index) => 1_000 + index))('is balanced, whatever there was (seed %i)', seed => {
    const random = seededRandom(seed)
    const all = brokers(3 + random.below(5))
    const factor = 1 + random.below(3)
    const replicasOf = () => {
      const ids = all.map(({ brokerId }) => brokerId)
      return Array.from({ length: factor }, () => ids.splice(random.below(random.below(2) === 0 ? ids.length : 1), 1)[0]!)
    }
    const partitions = partitionsOf(...Array.from({ length: 1 + random.below(60) }, replicasOf))
    balance(partitions, all)
    expect(spread(counts(partitions, all)), 'replicas').toBeLessThanOrEqual(1)
    expect(spread(counts(partitions, all, ({ to }) => to.slice(0, 1))), 'preferred').toBeLessThanOrEqual(1)
    for (const { now, to } of partitions) expect(new Set(to).size).toBe(now.length)
  })
})

describe('draining a broker', () => {
  it('gives each of its replicas to the one that has least', () => {
    const partitions = partitionsOf([1, 2], [2, 3], [3, 1], [1, 4])
    expect(drain(partitions, brokers(4), 1)).toEqual([])
    expect(counts(partitions, brokers(4)).toSorted()).toEqual([0, 2, 3, 3])
    expect(partitions[0]!.to[1]).toBe(2)
  })

  it('names the partitions for which there are too few brokers', () => {
    const partitions = partitionsOf([1, 2, 3], [2, 3])
    expect(drain(partitions, brokers(3), 1).map(({ partition }) => partition)).toEqual([0])
    expect(partitions.map(({ to }) => to)).toEqual([
      [1, 2, 3],
      [2, 3],
    ])
  })
})
