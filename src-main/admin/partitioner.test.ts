import { describe, expect, it } from 'vitest'
import { seededRandom } from '../simulation/seededRandom.ts'
import { Partitioner } from './partitioner.ts'

const partitions = [1, null, 3, 1].map((leader, partition) => ({
  partition,
  leader,
  leaderEpoch: 0,
  replicas: [1, 2, 3],
  inSyncReplicas: [1],
}))
const topic = { name: 'orders', partitions } as unknown as ConstructorParameters<typeof Partitioner>[1]
const of = (choice: ConstructorParameters<typeof Partitioner>[0]) => new Partitioner(choice, topic, seededRandom(3))

describe('a record', () => {
  it('with a key goes where the Java client would put it, also when nobody leads there', () => {
    const byKey = of({ kind: 'byKey' })
    // murmur2 of 'foobar' is -790332482.
    expect(byKey.partitionOf(Buffer.from('foobar'), 10)).toBe((-790332482 & 0x7fff_ffff) % 4)
  })

  it('without one stays with the others until a batch is full, and then goes elsewhere', () => {
    const sticky = of({ kind: 'byKey' })
    const went = Array.from({ length: 40 }, () => sticky.partitionOf(null, 2_048))
    const stays = went.map((partition, index) => (index === 0 || went[index - 1] !== partition ? index : -1)).filter(index => index >= 0)
    expect(stays).toEqual([0, 8, 16, 24, 32])
    expect(went).not.toContain(1) // which has no leader
  })

  it('goes around all led partitions in turn', () => {
    const robin = of({ kind: 'roundRobin' })
    const went = Array.from({ length: 6 }, () => robin.partitionOf(Buffer.from('same'), 1))
    expect(new Set(went.slice(0, 3))).toEqual(new Set([0, 2, 3]))
    expect(went.slice(3)).toEqual(went.slice(0, 3))
  })

  it('goes where it is told, if there is such a place', () => {
    expect(of({ kind: 'fixed', partition: 1 }).partitionOf(Buffer.from('foobar'), 1)).toBe(1)
    expect(() => of({ kind: 'fixed', partition: 4 })).toThrow('orders has no partition 4.')
  })
})
