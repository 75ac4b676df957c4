/** One line of the table: what was measured, how often, and what came out. */
export interface Row {
  readonly name: string
  readonly unit: string
  readonly values: readonly number[]
  /** What the values should reach, in words. */
  readonly bar?: string
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

/** The rows as text, numbers right-aligned. */
export function tableOf(rows: readonly Row[]): string {
  const cells = rows.map(row => {
    const { median, min, max } = figuresOf(row.values)
    return [row.name, shown(median), shown(min), shown(max), row.unit, String(row.values.length), row.bar ?? '']
  })
  const all = [['', 'median', 'min', 'max', '', 'n', 'bar'], ...cells]
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map(line => (line[column] ?? '').length)))
  const numeric = new Set([1, 2, 3, 5])
  const align = (text: string, column: number) =>
    numeric.has(column) ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0)
  return all.map(line => line.map(align).join('  ').trimEnd()).join('\n')
}

/** Three significant digits, whole numbers from a hundred on. */
function shown(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3)
}
