import type { GroupDetail } from '../../../src-main/contract/groups.ts'

const HEAD = ['topic', 'partition', 'status', 'committed', 'log_end', 'lag', 'lag_seconds', 'consumed_per_second', 'member']

const cell = (value: string | number | null) => {
  const text = value === null ? '' : String(value)
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** The lag of every partition as it is now, for a spreadsheet. */
export function lagCsv({ partitions }: GroupDetail): string {
  const rows = partitions.map(each => [
    each.topic,
    each.partition,
    each.status,
    each.committedOffset,
    each.logEndOffset,
    each.lag,
    each.lagMs === null ? null : each.lagMs / 1_000,
    each.consumedPerSecond,
    each.memberId,
  ])
  return [HEAD, ...rows].map(row => `${row.map(cell).join(',')}\n`).join('')
}
