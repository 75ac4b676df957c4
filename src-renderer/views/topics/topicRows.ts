import type { TopicSummary, TopicSurvey } from '../../../src-main/contract/topics.ts'
import type { Sorting } from '../../components/DataTable.vue'

/** A topic as the list shows it. Null where nothing is known. */
export interface TopicRow {
  readonly topic: TopicSummary
  readonly survey: TopicSurvey | undefined
  readonly rateIn: number | null
  readonly rateOut: number | null
}

type Value = string | number | null

const VALUES: Readonly<Record<string, (row: TopicRow) => Value>> = {
  name: ({ topic }) => topic.name,
  partitions: ({ topic }) => topic.partitions,
  replication: ({ topic }) => topic.replicationFactor,
  records: ({ topic }) => topic.records,
  size: ({ topic }) => topic.sizeBytes,
  in: ({ rateIn }) => rateIn,
  out: ({ rateOut }) => rateOut,
  lag: ({ survey }) => survey?.lag ?? null,
  // A partition without a leader is worse than any number of them with too few replicas.
  health: ({ topic }) => topic.offline * 1_000_000 + topic.underReplicated,
}

/** The rows in this order; what is not known comes last either way, and equals by name. */
export function sortedRows(rows: readonly TopicRow[], { key, isDescending }: Sorting): TopicRow[] {
  const valueOf = VALUES[key] ?? VALUES['name']!
  const sign = isDescending ? -1 : 1
  return rows
    .map(row => ({ row, value: valueOf(row) }))
    .sort((one, other) => {
      const order = compared(one.value, other.value, sign)
      return order !== 0 ? order : compared(one.row.topic.name, other.row.topic.name, 1)
    })
    .map(({ row }) => row)
}

function compared(one: Value, other: Value, sign: number): number {
  if (one === other) return 0
  if (one === null) return 1
  if (other === null) return -1
  return one < other ? -sign : sign
}
