import type { ClusterSnapshot, ClusterUpdate, PartitionReplicas } from './cluster.ts'

type PartitionName = Pick<PartitionReplicas, 'topic' | 'partition'>
type Difference = Extract<ClusterUpdate, { type: 'difference' }>

/** A snapshot and the number of the update that brought it. */
export interface KnownSnapshot {
  readonly sequence: number
  readonly snapshot: ClusterSnapshot
}

/** The order of the partitions in a snapshot: by topic and number. */
export function comparePartitions(one: PartitionName, other: PartitionName): number {
  return one.topic < other.topic ? -1 : one.topic > other.topic ? 1 : one.partition - other.partition
}

/** What to tell somebody who knows `before`, or nothing yet, so that it knows `snapshot`. Both have their partitions in order. */
export function updateTo(snapshot: ClusterSnapshot, before: KnownSnapshot | undefined): ClusterUpdate {
  if (before === undefined) return { type: 'whole', sequence: 0, snapshot }
  const { partitions, ...head } = snapshot
  const changed: PartitionReplicas[] = []
  const gone: PartitionName[] = []
  const known = before.snapshot.partitions
  let at = 0
  const leave = ({ topic, partition }: PartitionReplicas) => gone.push({ topic, partition })
  for (const next of partitions) {
    while (at < known.length && comparePartitions(known[at]!, next) < 0) leave(known[at++]!)
    const was = known[at]
    const isKnown = was !== undefined && comparePartitions(was, next) === 0
    if (isKnown) at += 1
    if (!isKnown || !isSame(was, next)) changed.push(next)
  }
  while (at < known.length) leave(known[at++]!)
  return { type: 'difference', sequence: before.sequence + 1, head, changed, gone }
}

/**
 * What is known after an update. Undefined where it does not follow what is known: something was lost, and only a whole one helps. Partitions that did
 * not change stay the objects that they were, and so does the list of them when none did.
 */
export function afterUpdate(known: KnownSnapshot | undefined, update: ClusterUpdate): KnownSnapshot | undefined {
  const { sequence } = update
  if (update.type === 'whole') return { sequence, snapshot: update.snapshot }
  if (known === undefined || sequence !== known.sequence + 1) return undefined
  const { partitions } = known.snapshot
  return { sequence, snapshot: { ...update.head, partitions: merged(partitions, update) } }
}

function merged(partitions: PartitionReplicas[], { changed, gone }: Difference): PartitionReplicas[] {
  if (changed.length === 0 && gone.length === 0) return partitions
  const all: PartitionReplicas[] = []
  let [nextChanged, nextGone] = [0, 0]
  for (const each of partitions) {
    while (nextChanged < changed.length && comparePartitions(changed[nextChanged]!, each) < 0) all.push(changed[nextChanged++]!)
    if (nextChanged < changed.length && comparePartitions(changed[nextChanged]!, each) === 0) all.push(changed[nextChanged++]!)
    else if (nextGone < gone.length && comparePartitions(gone[nextGone]!, each) === 0) nextGone += 1
    else all.push(each)
  }
  while (nextChanged < changed.length) all.push(changed[nextChanged++]!)
  return all
}

function isSame(one: PartitionReplicas, other: PartitionReplicas): boolean {
  return (
    one.highWatermark === other.highWatermark &&
    one.leader === other.leader &&
    one.leaderEpoch === other.leaderEpoch &&
    one.isInternal === other.isInternal &&
    isSameMove(one.moved, other.moved) &&
    one.inSyncReplicas.length === other.inSyncReplicas.length &&
    one.inSyncReplicas.every((id, index) => id === other.inSyncReplicas[index]) &&
    one.replicas.length === other.replicas.length &&
    one.replicas.every((replica, index) => isSameReplica(replica, other.replicas[index]!))
  )
}

type Replica = PartitionReplicas['replicas'][number]

function isSameReplica(one: Replica, other: Replica): boolean {
  return (
    one.logEndOffset === other.logEndOffset &&
    one.sizeBytes === other.sizeBytes &&
    one.state === other.state &&
    one.brokerId === other.brokerId &&
    one.logStartOffset === other.logStartOffset &&
    one.problem === other.problem
  )
}

function isSameMove(one: PartitionReplicas['moved'], other: PartitionReplicas['moved']): boolean {
  if (one === null || other === null) return one === other
  return one.atMs === other.atMs && one.from === other.from && one.to === other.to
}
