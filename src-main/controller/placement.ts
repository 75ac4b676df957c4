import { assert } from '../base/assert.ts'
import type { Random } from '../env/env.ts'

export interface Placeable {
  readonly brokerId: number
  /** Takes replicas like the others, but after them, and leads nothing. */
  readonly active: boolean
}

export interface PlacementRequest {
  readonly brokers: readonly Placeable[]
  readonly replicationFactor: number
  /** How many partitions to place. */
  readonly count: number
  readonly random: Pick<Random, 'below'>
  /** The topic's partitions that are placed already: the new ones go on where these left off. */
  readonly existing?: readonly (readonly number[])[]
}

/**
 * Replicas for new partitions, the first of each being the leader to be. Leaders go round the active brokers from a random start; followers come
 * behind their leader at a distance that grows with each round, so that the partitions of a broker that fails are taken over by all the others.
 * Racks are not looked at. The caller has made sure that there are enough brokers.
 */
export function placeReplicas({ brokers, replicationFactor, count, random, existing = [] }: PlacementRequest): number[][] {
  const active = idsOf(brokers.filter(broker => broker.active))
  const inactive = idsOf(brokers.filter(broker => !broker.active))
  assert(active.length > 0, 'somebody has to lead')
  assert(active.length + inactive.length >= replicationFactor, 'there is a broker for every replica')

  const others = active.length - 1
  const { start, distance } = resumed(active, existing) ?? {
    start: random.below(active.length),
    distance: random.below(Math.max(1, others)),
  }
  const inactiveStart = random.below(Math.max(1, inactive.length))

  return Array.from({ length: count }, (_, index) => {
    const partition = existing.length + index
    const round = Math.floor(partition / active.length)
    const leader = (start + partition) % active.length
    const replicas = [active[leader]!]
    for (let follower = 0; follower < others && replicas.length < replicationFactor; follower++) {
      const behind = 1 + ((distance + round + follower) % others)
      replicas.push(active[(leader + behind) % active.length]!)
    }
    for (let next = 0; replicas.length < replicationFactor; next++) {
      replicas.push(inactive[(inactiveStart + partition + next) % inactive.length]!)
    }
    return replicas
  })
}

/** Where the round of the first partition began. Unknown when its brokers are not the active ones of today. */
function resumed(active: readonly number[], existing: readonly (readonly number[])[]): { start: number; distance: number } | undefined {
  const [leader, follower] = existing[0] ?? []
  const start = leader === undefined ? -1 : active.indexOf(leader)
  if (start === -1) return undefined
  const second = follower === undefined ? -1 : active.indexOf(follower)
  return { start, distance: second === -1 ? 0 : (second - start - 1 + active.length) % active.length }
}

function idsOf(brokers: readonly Placeable[]): number[] {
  return brokers.map(broker => broker.brokerId).toSorted((a, b) => a - b)
}
