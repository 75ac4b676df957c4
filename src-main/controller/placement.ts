import { assert } from '../base/assert.ts'
import type { Random } from '../env/env.ts'

export interface Placeable {
  readonly brokerId: number
  /** Where it stands; those that do not say stand together. */
  readonly rack: string | null
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
 * Replicas for new partitions, the first of each being the leader to be. Every partition is on as many racks as there are, or as it has replicas; then
 * leaders and replicas are spread evenly; and the partitions of a broker that fails are taken over by all the others. A rack with fewer brokers than
 * the others has more replicas on each of them: racks come first. The caller has made sure that there are enough brokers.
 */
export function placeReplicas(request: PlacementRequest): number[][] {
  const { brokers, replicationFactor } = request
  assert(
    brokers.some(broker => broker.active),
    'somebody has to lead',
  )
  assert(brokers.length >= replicationFactor, 'there is a broker for every replica')
  const racks = new Set(brokers.map(broker => broker.rack))
  return racks.size > 1 ? placeAcrossRacks(request) : placeInOneRack(request)
}

/**
 * Leaders go round the active brokers from a random start; followers come behind their leader at a distance that grows with each round. Whoever is not
 * active comes after all others.
 */
function placeInOneRack({ brokers, replicationFactor, count, random, existing = [] }: PlacementRequest): number[][] {
  const active = idsOf(brokers.filter(broker => broker.active))
  const inactive = idsOf(brokers.filter(broker => !broker.active))

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

/** What a broker has of the topic so far. */
interface Share {
  readonly broker: Placeable
  /** Where it stands among the active brokers, of which neighbours are in different racks; meaningless for others. */
  readonly place: number
  replicas: number
  leaderships: number
  /** How often it is the first to take over from each of the others. */
  readonly successions: Map<number, number>
}

/**
 * The leader is who leads least; then comes, one after the other, whoever is in the rack that has the fewest replicas of this partition, is active, has
 * the fewest of all, and, for the first follower, took over least from that leader. When all that is equal, it is the one that will lead last.
 */
function placeAcrossRacks({ brokers, replicationFactor, count, random, existing = [] }: PlacementRequest): number[][] {
  const ring = interleaved(brokers)
  const shares = brokers
    .toSorted((one, other) => one.brokerId - other.brokerId)
    .map((broker): Share => ({ broker, place: ring.indexOf(broker), replicas: 0, leaderships: 0, successions: new Map() }))
  const byId = new Map(shares.map(share => [share.broker.brokerId, share]))
  for (const replicas of existing) addTo(replicas.flatMap(replica => byId.get(replica) ?? []))
  const start = random.below(ring.length)
  const ahead = (share: Share, from: number) => (share.place - from + ring.length) % ring.length

  return Array.from({ length: count }, () => {
    const leader = least(
      shares.filter(({ broker }) => broker.active),
      share => [share.leaderships, ahead(share, start)],
    )
    const chosen = [leader]
    while (chosen.length < replicationFactor) {
      chosen.push(
        least(
          shares.filter(share => !chosen.includes(share)),
          share => [
            chosen.filter(({ broker }) => broker.rack === share.broker.rack).length,
            share.broker.active ? 0 : 1,
            share.replicas,
            chosen.length === 1 ? (share.successions.get(leader.broker.brokerId) ?? 0) : 0,
            share.broker.active ? -ahead(share, leader.place) : 0,
          ],
        ),
      )
    }
    addTo(chosen)
    return chosen.map(({ broker }) => broker.brokerId)
  })
}

function addTo(replicas: readonly Share[]): void {
  const [leader, successor] = replicas
  if (leader !== undefined) leader.leaderships++
  if (leader !== undefined && successor !== undefined) {
    const id = leader.broker.brokerId
    successor.successions.set(id, (successor.successions.get(id) ?? 0) + 1)
  }
  for (const share of replicas) share.replicas++
}

/** The active brokers, the first of each rack, then the second of each, and so on. */
function interleaved(brokers: readonly Placeable[]): Placeable[] {
  const active = brokers.filter(broker => broker.active).toSorted((one, other) => one.brokerId - other.brokerId)
  const seen = new Map<string | null, number>()
  const turns = active.map(broker => {
    const turn = seen.get(broker.rack) ?? 0
    seen.set(broker.rack, turn + 1)
    return { broker, turn }
  })
  return turns.toSorted((one, other) => one.turn - other.turn).map(({ broker }) => broker)
}

/** The first with the least key; a key's parts count in their order. */
function least(shares: readonly Share[], keyOf: (share: Share) => readonly number[]): Share {
  const keyed = shares.map(share => ({ share, key: keyOf(share) }))
  return keyed.reduce((best, each) => (isBelow(each.key, best.key) ? each : best)).share
}

function isBelow(one: readonly number[], other: readonly number[]): boolean {
  const index = one.findIndex((part, at) => part !== other[at])
  return index >= 0 && one[index]! < other[index]!
}
