/** One line of the table: what was measured, how often, and what came out. */
export interface Row {
  readonly name: string
  readonly unit: string
  readonly values: readonly number[]
  /** What the values should reach, in words. */
  readonly bar?: string
  /** The same of Apache Kafka, where that was measured beside us. */
  readonly peer?: readonly number[]
  /** What the machine itself does with the same bytes, in the row's unit. */
  readonly ceiling?: number
}

export interface Figures {
  readonly median: number
  readonly min: number
  readonly max: number
}

export function figuresOf(values: readonly number[]): Figures {
  if (values.length === 0) throw new RangeError('no values were measured')
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const median = Number.isInteger(middle) ? ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2 : (sorted[Math.floor(middle)] ?? 0)
  return { median, min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0 }
}

/** The smallest value that so great a share of all does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN
}

/** Our median divided by Kafka's; `undefined` without a peer. */
export function ratioOf({ values, peer }: Row): number | undefined {
  return peer === undefined ? undefined : figuresOf(values).median / figuresOf(peer).median
}

interface Column {
  readonly head: string
  readonly isNumber: boolean
  readonly cell: (row: Row, figures: Figures) => string
}

const columns: readonly Column[] = [
  { head: '', isNumber: false, cell: row => row.name },
  { head: 'median', isNumber: true, cell: (_, { median }) => shown(median) },
  { head: 'min', isNumber: true, cell: (_, { min }) => shown(min) },
  { head: 'max', isNumber: true, cell: (_, { max }) => shown(max) },
]
const peerColumns: readonly Column[] = [
  { head: 'Kafka', isNumber: true, cell: ({ peer }) => (peer === undefined ? '' : shown(figuresOf(peer).median)) },
  { head: 'ratio', isNumber: true, cell: row => shownRatio(ratioOf(row)) },
]
const ceilingColumn: Column = {
  head: 'of ceiling',
  isNumber: true,
  cell: ({ ceiling }, { median }) => (ceiling === undefined ? '' : `${Math.round((median / ceiling) * 100)} %`),
}
const lastColumns: readonly Column[] = [
  { head: '', isNumber: false, cell: row => row.unit },
  { head: 'n', isNumber: true, cell: row => String(row.values.length) },
  { head: 'bar', isNumber: false, cell: row => row.bar ?? '' },
]

/** The rows as text, numbers right-aligned; what no row has gets no column. */
export function tableOf(rows: readonly Row[]): string {
  const chosen = [
    ...columns,
    ...(rows.some(row => row.peer !== undefined) ? peerColumns : []),
    ...(rows.some(row => row.ceiling !== undefined) ? [ceilingColumn] : []),
    ...lastColumns,
  ]
  const lines = [chosen.map(each => each.head), ...rows.map(row => chosen.map(each => each.cell(row, figuresOf(row.values))))]
  const widths = chosen.map((_, index) => Math.max(...lines.map(line => line[index]?.length ?? 0)))
  const align = (text: string, index: number) =>
    chosen[index]?.isNumber === true ? text.padStart(widths[index] ?? 0) : text.padEnd(widths[index] ?? 0)
  return lines.map(line => line.map(align).join('  ').trimEnd()).join('\n')
}

/** Three significant digits, whole numbers from a hundred on. */
function shown(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3)
}

function shownRatio(ratio: number | undefined): string {
  if (ratio === undefined || !Number.isFinite(ratio)) return ''
  return ratio >= 100 ? String(Math.round(ratio)) : ratio.toPrecision(2)
}
