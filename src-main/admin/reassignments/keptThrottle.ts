/** A partition, by its name. */
export interface PartitionName {
  readonly topic: string
  readonly partition: number
}

/** A throttle that was set here: all it takes to take exactly that away again. */
export interface KeptThrottle {
  /** Brokers, and what they were told. */
  readonly rates: readonly { readonly brokerId: number; readonly bytesPerSecond: number }[]
  /** What was added to the lists of each topic: `partition:broker`, at the end that is copied from and at the end that copies. */
  readonly topics: readonly { readonly topic: string; readonly leader: readonly string[]; readonly follower: readonly string[] }[]
  /** The moves that it is about. */
  readonly moves: readonly PartitionName[]
}

/** Where throttles that were set here are remembered, over restarts. */
export interface ThrottleKeeper {
  read(clusterId: string): KeptThrottle | null
  /** Resolves when it will be known after a crash, too. Null forgets it. */
  write(clusterId: string, throttle: KeptThrottle | null): Promise<void>
}

/** For as long as the process lives. */
export function memoryThrottleKeeper(): ThrottleKeeper {
  const kept = new Map<string, KeptThrottle>()
  return {
    read: clusterId => kept.get(clusterId) ?? null,
    write: async (clusterId, throttle) => {
      if (throttle === null) kept.delete(clusterId)
      else kept.set(clusterId, throttle)
    },
  }
}

const nameOf = ({ topic, partition }: PartitionName) => `${topic} ${partition}`

/** Both of them. Of a broker that was told twice, what it was told last. */
export function bothThrottles(before: KeptThrottle | null, { rates, topics, moves }: KeptThrottle): KeptThrottle {
  if (before === null) return { rates, topics, moves }
  const lists = Map.groupBy([...before.topics, ...topics], ({ topic }) => topic)
  return {
    rates: [...new Map([...before.rates, ...rates].map(each => [each.brokerId, each])).values()],
    topics: [...lists].map(([topic, own]) => ({
      topic,
      leader: [...new Set(own.flatMap(({ leader }) => leader))],
      follower: [...new Set(own.flatMap(({ follower }) => follower))],
    })),
    moves: [...new Map([...before.moves, ...moves].map(each => [nameOf(each), each])).values()],
  }
}

/** Those of its moves that are under way still. */
export function movesLeft({ moves }: KeptThrottle, underway: readonly PartitionName[]): PartitionName[] {
  const names = new Set(underway.map(nameOf))
  return moves.filter(each => names.has(nameOf(each)))
}
