import type { ReplicaFiles, SegmentFile, SegmentFileKind } from '../../../../src-main/contract/segments.ts'

/** A file by its name, as each broker has it. */
export interface FileRow {
  readonly name: string
  readonly kind: SegmentFileKind
  readonly offset: number | null
  readonly suffix: SegmentFile['suffix']
  /** In the order of the replicas; null where a broker has none. */
  readonly sizes: readonly (number | null)[]
  /** Brokers of which the size is not that of the others. */
  readonly odd: readonly boolean[]
  /** It belongs to the segment that is written to. */
  readonly isActive: boolean
}

/** The kinds in the order in which one looks for them. */
const ORDER: readonly SegmentFileKind[] = [
  'log',
  'index',
  'timeindex',
  'txnindex',
  'snapshot',
  'leaderEpochs',
  'partitionMetadata',
  'other',
]

/** All files of a partition, the newest segment first, what belongs to the partition as a whole behind it. */
export function fileRows(replicas: readonly ReplicaFiles[]): FileRow[] {
  const byName = Map.groupBy(
    replicas.flatMap((replica, index) => replica.files.map(file => ({ file, index }))),
    ({ file }) => file.name,
  )
  const newest = Math.max(-1, ...[...byName.values()].map(([first]) => (first?.file.kind === 'log' ? (first.file.offset ?? -1) : -1)))
  const rows = [...byName.values()].flatMap(found => {
    const [first] = found
    if (first === undefined) return []
    const { name, kind, offset, suffix } = first.file
    const sizes = replicas.map((_, index) => found.find(each => each.index === index)?.file.sizeBytes ?? null)
    return [{ name, kind, offset, suffix, sizes, odd: oddOnes(sizes), isActive: suffix === '' && offset === newest && kind !== 'snapshot' }]
  })
  return rows.sort((one, other) => (other.offset ?? -1) - (one.offset ?? -1) || ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind))
}

/** Which sizes are not that of the majority. Where there is none, the first counts. */
function oddOnes(sizes: readonly (number | null)[]): boolean[] {
  const known = sizes.filter(size => size !== null)
  const usual = known.find(size => known.filter(each => each === size).length > known.length / 2) ?? known[0]
  return sizes.map(size => size !== null && size !== usual)
}

/** The log of a replica that holds the offset, or would. */
export function logWithOffset(replica: ReplicaFiles, offset: number): SegmentFile | undefined {
  if (replica.logEndOffset !== null && offset >= replica.logEndOffset) return undefined
  return replica.files
    .filter(({ kind, suffix }) => kind === 'log' && suffix === '')
    .findLast(file => file.offset !== null && file.offset <= offset)
}

/** The one that is written to. */
export const newestLog = (replica: ReplicaFiles): SegmentFile | undefined =>
  replica.files.findLast(({ kind, suffix }) => kind === 'log' && suffix === '')
