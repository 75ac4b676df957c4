import type { Saying } from '../../contract/metadataLog.ts'
import { leaderRecoveryState, NO_LEADER, type PartitionImage } from '../../metadata/image.ts'

type Ids = readonly number[]

const listed = (ids: Ids) => ids.join(', ')
const without = (ids: Ids, others: Ids) => ids.filter(id => !others.includes(id))
const isSame = (one: readonly unknown[], other: readonly unknown[]) =>
  one.length === other.length && one.every((each, index) => each === other[index])
const saying = (kind: Saying['kind'], values: Saying['values'] = {}): Saying => ({ kind, values })

/** What happened to a partition, and to which brokers; without a state before, it was made. */
export function sayingsOfPartition(before: PartitionImage | undefined, after: PartitionImage): { says: Saying[]; brokers: number[] } {
  if (before === undefined) {
    const values = { leader: after.leader, replicas: listed(after.replicas) }
    return { says: [saying('partitionCreated', values)], brokers: [...after.replicas] }
  }
  // What somebody asked for comes before what followed from it.
  const says = [
    ...replicaSayings(before, after),
    ...leaderSayings(before, after),
    ...isrSayings(before, after),
    ...otherSayings(before, after),
  ]
  const brokers = new Set([
    ...(before.leader === after.leader ? [] : [before.leader, after.leader].filter(id => id !== NO_LEADER)),
    ...without(before.isr, after.isr),
    ...without(after.isr, before.isr),
    ...without(before.replicas, after.replicas),
    ...without(after.replicas, before.replicas),
  ])
  return { says: says.length === 0 ? [saying('other', { type: 'PartitionChangeRecord' })] : says, brokers: [...brokers] }
}

function leaderSayings(before: PartitionImage, after: PartitionImage): Saying[] {
  const values = { from: before.leader, to: after.leader, epoch: after.leaderEpoch }
  if (before.leader === after.leader) return before.leaderEpoch === after.leaderEpoch ? [] : [saying('leaderAgain', values)]
  if (after.leader === NO_LEADER) return [saying('leaderGone', values)]
  return [saying(before.leader === NO_LEADER ? 'leaderElected' : 'leaderMoved', values)]
}

function isrSayings(before: PartitionImage, after: PartitionImage): Saying[] {
  const gone = without(before.isr, after.isr)
  const joined = without(after.isr, before.isr)
  if (gone.length + joined.length === 0) return []
  const values = { gone: listed(gone), joined: listed(joined), isr: listed(after.isr) }
  return [saying(joined.length === 0 ? 'isrShrunk' : gone.length === 0 ? 'isrExpanded' : 'isrChanged', values)]
}

function replicaSayings(before: PartitionImage, after: PartitionImage): Saying[] {
  const wasMoving = before.addingReplicas.length + before.removingReplicas.length > 0
  const isMoving = after.addingReplicas.length + after.removingReplicas.length > 0
  const isNewMove =
    isMoving && !(isSame(before.addingReplicas, after.addingReplicas) && isSame(before.removingReplicas, after.removingReplicas))
  const replicas = listed(after.replicas)
  if (isNewMove) {
    return [saying('moveBegun', { adding: listed(after.addingReplicas), removing: listed(after.removingReplicas), replicas })]
  }
  if (wasMoving && !isMoving) {
    const arrived =
      before.addingReplicas.every(id => after.replicas.includes(id)) && !before.removingReplicas.some(id => after.replicas.includes(id))
    return [saying(arrived ? 'moveDone' : 'moveCancelled', { replicas })]
  }
  return isSame(before.replicas, after.replicas) ? [] : [saying('replicasChanged', { replicas })]
}

function otherSayings(before: PartitionImage, after: PartitionImage): Saying[] {
  const recovery =
    before.leaderRecoveryState === after.leaderRecoveryState
      ? []
      : [saying(after.leaderRecoveryState === leaderRecoveryState.RECOVERED ? 'recovered' : 'recovering')]
  const eligible = isSame(before.elr, after.elr) ? [] : [saying('eligibleChanged', { eligible: listed(after.elr) })]
  const placed =
    isSame(before.replicas, after.replicas) && !isSame(before.directories, after.directories) ? [saying('directoriesAssigned')] : []
  return [...recovery, ...eligible, ...placed]
}
