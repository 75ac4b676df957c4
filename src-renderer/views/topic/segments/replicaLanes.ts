import type { Comparison, Difference, ReplicaFiles, Stretch } from '../../../../src-main/contract/segments.ts'

export type LaneRole = 'leader' | 'comparing' | 'reference' | 'inSync' | 'behind' | 'differs' | 'noFiles' | 'otherTopic' | 'unreadable'
export type LaneKind = Stretch['kind'] | 'notFetched' | 'deleted'

export interface LaneStretch {
  readonly from: number
  readonly to: number
  readonly kind: LaneKind
  readonly leaderEpoch: number
  /** Of the newest epoch that is on screen. */
  readonly isNewest: boolean
  /** In percent of the lane. */
  readonly left: number
  readonly width: number
}

export interface Lane {
  readonly brokerId: number
  readonly role: LaneRole
  readonly highWatermark: number | null
  readonly logEndOffset: number | null
  readonly tornBytes: number
  /** Where on the lane its high watermark is, in percent; null beyond either end. */
  readonly watermarkAt: number | null
  readonly stretches: readonly LaneStretch[]
}

export interface Lanes {
  readonly from: number
  readonly to: number
  readonly lanes: readonly Lane[]
  /** Offsets worth naming, with their places in percent. */
  readonly ticks: readonly { readonly offset: number; readonly at: number }[]
}

/** Marks closer than this, in percent, would lie on each other. */
const TICK_DISTANCE = 9

/** Replicas aligned by offset. Where they part, the picture is of that, not of all that they share. */
export function lanesOf(replicas: readonly ReplicaFiles[], comparison: Comparison | null): Lanes {
  const parting = comparison?.differences.reduce((least, each) => Math.min(least, each.offset), Infinity) ?? Infinity
  const to = comparison?.to ?? 0
  const from =
    comparison === null
      ? 0
      : parting === Infinity
        ? comparison.from
        : Math.max(comparison.from, parting - Math.max(8, Math.ceil((to - parting) / 2)))
  const at = (offset: number) => (to > from ? ((Math.min(to, Math.max(from, offset)) - from) / (to - from)) * 100 : 0)
  const newest = Math.max(-1, ...(comparison?.replicas.flatMap(each => each.stretches.map(stretch => stretch.leaderEpoch)) ?? []))
  const lanes = replicas.map((replica): Lane => {
    const found = comparison?.replicas.find(each => each.brokerId === replica.brokerId)
    const stretches = (found?.stretches ?? []).map((stretch, index, all): LaneStretch => {
      const kind =
        stretch.kind !== 'missing'
          ? stretch.kind
          : index === 0 && all.length > 1
            ? 'deleted'
            : index === all.length - 1
              ? 'notFetched'
              : 'missing'
      return {
        ...stretch,
        kind,
        isNewest: stretch.leaderEpoch === newest,
        left: at(stretch.from),
        width: at(stretch.to) - at(stretch.from),
      }
    })
    return {
      brokerId: replica.brokerId,
      role: roleOf(replica, comparison, stretches),
      highWatermark: replica.highWatermark,
      logEndOffset: replica.logEndOffset,
      tornBytes: replica.tornBytes,
      watermarkAt:
        replica.highWatermark === null || replica.highWatermark <= from || replica.highWatermark > to ? null : at(replica.highWatermark),
      stretches: stretches.filter(({ width }) => width > 0),
    }
  })
  return {
    from,
    to,
    lanes,
    ticks:
      comparison === null
        ? []
        : ticksOf(from, to, [parting, ...lanes.flatMap(lane => lane.stretches.flatMap(each => [each.from, each.to]))], at),
  }
}

function roleOf(replica: ReplicaFiles, comparison: Comparison | null, stretches: readonly LaneStretch[]): LaneRole {
  if (replica.problem !== null) return 'unreadable'
  if (replica.folder === null || replica.logEndOffset === null) return 'noFiles'
  if (replica.isOfOtherTopic) return 'otherTopic'
  if (comparison?.differences.some(each => each.brokerId === replica.brokerId) === true) return 'differs'
  if (replica.isLeader) return 'leader'
  if (comparison?.reference === replica.brokerId) return 'reference'
  // What was not compared yet is not called the same.
  if (comparison === null) return 'comparing'
  return stretches.at(-1)?.kind === 'notFetched' ? 'behind' : 'inSync'
}

function ticksOf(from: number, to: number, offsets: readonly number[], at: (offset: number) => number) {
  const ticks: { offset: number; at: number }[] = []
  // The ends first, then where replicas part: those that are too near to one that is there already go without.
  for (const offset of [from, to, ...offsets]) {
    if (offset < from || offset > to || ticks.some(each => Math.abs(each.at - at(offset)) < TICK_DISTANCE)) continue
    ticks.push({ offset, at: at(offset) })
  }
  return ticks.sort((one, other) => one.offset - other.offset)
}

/** What the comparison comes to, for each replica that is not simply the same. */
export interface LaneNote {
  readonly brokerId: number
  /** `tail`: it has other records from there to its end. */
  readonly kind: 'extra' | 'tail' | 'other' | 'lag'
  readonly from: number
  readonly to: number
  /** Offsets, or of `other` batches. */
  readonly n: number
  readonly difference: Difference | null
}

export function notesOf(comparison: Comparison): LaneNote[] {
  return comparison.replicas.flatMap(({ brokerId, stretches, differingBatches }): LaneNote[] => {
    const difference = comparison.differences.find(each => each.brokerId === brokerId) ?? null
    const span = (kind: Stretch['kind']) => stretches.filter(each => each.kind === kind).reduce((sum, each) => sum + each.to - each.from, 0)
    if (difference !== null) {
      const { offset: from } = difference
      const end = stretches.findLast(each => each.kind !== 'missing')
      const to = end?.to ?? from
      if (difference.reference === null && span('extra') > 0) return [{ brokerId, kind: 'extra', from, to, n: span('extra'), difference }]
      return [{ brokerId, kind: end?.kind === 'same' ? 'other' : 'tail', from, to, n: differingBatches, difference }]
    }
    const last = stretches.at(-1)
    return last?.kind === 'missing'
      ? [{ brokerId, kind: 'lag', from: last.from, to: last.to, n: last.to - last.from, difference: null }]
      : []
  })
}
