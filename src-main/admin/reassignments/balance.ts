/** A partition as a plan moves it about. `to` is changed in place. */
export interface Movable {
  readonly topic: string
  readonly partition: number
  readonly now: readonly number[]
  to: number[]
  readonly sizeBytes: number | null
}

export interface Broker {
  readonly brokerId: number
  readonly rack: string | null
}

/** How much each broker has, kept up to date while replicas move. */
class Loads {
  readonly #replicas = new Map<number, number>()

  constructor(brokers: readonly Broker[], partitions: readonly Movable[]) {
    for (const { brokerId } of brokers) this.#replicas.set(brokerId, 0)
    for (const { to } of partitions) for (const id of to) this.#replicas.set(id, this.of(id) + 1)
  }

  of(id: number): number {
    return this.#replicas.get(id) ?? 0
  }

  move(from: number, to: number): void {
    this.#replicas.set(from, this.of(from) - 1)
    this.#replicas.set(to, this.of(to) + 1)
  }
}

/**
 * As many replicas on each of the brokers as on the others, give or take one, and as many preferred leaderships, moving as few replicas as that takes
 * and of those the smallest. Replicas that are spread over racks stay so. Brokers that are not among these lose nothing and get nothing.
 */
export function balance(partitions: readonly Movable[], brokers: readonly Broker[]): void {
  const loads = new Loads(brokers, partitions)
  const bySize = partitions.toSorted((one, other) => (one.sizeBytes ?? 0) - (other.sizeBytes ?? 0))
  const seen = new Map<string, number>()
  // Every step brings two brokers closer, so that there are no more than there are replicas.
  for (let steps = partitions.reduce((sum, { to }) => sum + to.length, 0); steps > 0; steps--) {
    const order = brokers.toSorted((one, other) => loads.of(other.brokerId) - loads.of(one.brokerId) || one.brokerId - other.brokerId)
    if (!moveOne(bySize, order, loads, seen, brokers)) break
  }
  balancePreferred(partitions, brokers)
}

/** From the fullest broker that can give to the emptiest that can take. `seen`: up to where nothing was found for two brokers, as a rule. */
function moveOne(
  partitions: readonly Movable[],
  order: readonly Broker[],
  loads: Loads,
  seen: Map<string, number>,
  brokers: readonly Broker[],
): boolean {
  for (const { brokerId: from } of order) {
    for (const to of order.toReversed()) {
      if (loads.of(from) - loads.of(to.brokerId) < 2) break
      const fits = ({ to: replicas }: Movable) =>
        replicas.includes(from) && !replicas.includes(to.brokerId) && keepsRacks(replicas, from, to, brokers)
      const pair = `${from} ${to.brokerId}`
      let at = seen.get(pair) ?? 0
      while (at < partitions.length && !fits(partitions[at]!)) at += 1
      // What did not fit may do so now that others have moved.
      const found = partitions[at] ?? partitions.find(fits)
      seen.set(pair, at)
      if (found === undefined) continue
      replace(found, from, to.brokerId)
      loads.move(from, to.brokerId)
      return true
    }
  }
  return false
}

/** Whether as many racks have a replica as before. */
function keepsRacks(replicas: readonly number[], from: number, to: Broker, brokers: readonly Broker[]): boolean {
  const rackOf = (id: number) => (id === to.brokerId ? to.rack : (brokers.find(({ brokerId }) => brokerId === id)?.rack ?? null))
  const racks = (ids: readonly number[]) => new Set(ids.map(rackOf)).size
  return racks(replicas.map(id => (id === from ? to.brokerId : id))) >= racks(replicas)
}

function replace(partition: Movable, from: number, to: number): void {
  partition.to = partition.to.map(id => (id === from ? to : id))
}

/** Changes the order of replicas, which moves no record. */
function balancePreferred(partitions: readonly Movable[], brokers: readonly Broker[]): void {
  const preferred = new Map(brokers.map(({ brokerId }) => [brokerId, new Set<Movable>()]))
  for (const partition of partitions) preferred.get(partition.to[0]!)?.add(partition)
  for (let steps = partitions.length; steps > 0; steps--) {
    const path = pathToFewer(preferred)
    if (path === undefined) return
    for (const { partition, from, to } of path) {
      partition.to = [to, from, ...partition.to.filter(id => id !== to && id !== from)]
      preferred.get(from)!.delete(partition)
      preferred.get(to)!.add(partition)
    }
  }
}

interface Handover {
  readonly partition: Movable
  readonly from: number
  readonly to: number
}

/** How one with at least two more than another can give it one: directly, or each to the next. */
function pathToFewer(preferred: ReadonlyMap<number, ReadonlySet<Movable>>): Handover[] | undefined {
  const fullestFirst = [...preferred].toSorted(([, one], [, other]) => other.size - one.size)
  for (const [start, { size: most }] of fullestFirst) {
    const cameBy = new Map<number, Handover>()
    const queue = [start]
    for (const from of queue) {
      for (const partition of preferred.get(from)!) {
        for (const to of partition.to) {
          const there = preferred.get(to)
          if (to === start || there === undefined || cameBy.has(to)) continue
          cameBy.set(to, { partition, from, to })
          if (most - there.size >= 2) return walk(cameBy, start, to)
          queue.push(to)
        }
      }
    }
  }
  return undefined
}

function walk(cameBy: ReadonlyMap<number, Handover>, start: number, end: number): Handover[] {
  const path: Handover[] = []
  for (let at = end; at !== start;) {
    const step = cameBy.get(at)!
    path.unshift(step)
    at = step.from
  }
  return path
}

/**
 * Nothing on this broker any more: each of its replicas goes to the one of the others that has least and none of that partition, to a rack without one
 * where that can be. Returns the partitions for which there is no broker left; they stay as they are.
 */
export function drain(partitions: readonly Movable[], brokers: readonly Broker[], leaving: number): Movable[] {
  const others = brokers.filter(({ brokerId }) => brokerId !== leaving)
  const loads = new Loads(others, partitions)
  const stuck: Movable[] = []
  for (const partition of partitions) {
    if (!partition.to.includes(leaving)) continue
    const rest = partition.to.filter(id => id !== leaving)
    const racks = new Set(rest.map(id => brokers.find(({ brokerId }) => brokerId === id)?.rack ?? null))
    const [best] = others
      .filter(({ brokerId }) => !rest.includes(brokerId))
      .sort(
        (one, other) =>
          Number(racks.has(one.rack)) - Number(racks.has(other.rack)) ||
          loads.of(one.brokerId) - loads.of(other.brokerId) ||
          one.brokerId - other.brokerId,
      )
    if (best === undefined) {
      stuck.push(partition)
      continue
    }
    replace(partition, leaving, best.brokerId)
    loads.move(leaving, best.brokerId)
  }
  return stuck
}
