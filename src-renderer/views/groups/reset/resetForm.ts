import type { PlannedOffset, ResetPlan, ResetRow, ResetScope, ResetTarget } from '../../../../src-main/contract/offsetReset.ts'

export type ResetKind = 'earliest' | 'latest' | 'offset' | 'time' | 'shift' | 'copy'
export type TimeKind = 'at' | 'ago'
export type CopyKind = 'group' | 'list'

const UNITS_MS = { minutes: 60_000, hours: 3_600_000, days: 86_400_000 } as const
export type DurationUnit = keyof typeof UNITS_MS

/** What a person has typed and chosen. */
export interface ResetForm {
  kind: ResetKind
  offset: string
  timeKind: TimeKind
  time: string
  ago: string
  agoUnit: DurationUnit
  shift: string
  copyKind: CopyKind
  group: string
  list: string
  /** Of all topics when empty. */
  topic: string
  partitions: string
}

/** Undefined while what is typed is not one. */
export type Parsed<T> =
  | { readonly value: T }
  | { readonly wrong: 'offset' | 'time' | 'ago' | 'shift' | 'group' | 'list' | 'partitions'; readonly line?: number }

const wholeNumber = (text: string) =>
  /^\d{1,15}$/.test(text.trim().replaceAll(',', '')) ? Number(text.trim().replaceAll(',', '')) : undefined

/** Where to, as the form says. */
export function targetOf(form: ResetForm): Parsed<ResetTarget> {
  switch (form.kind) {
    case 'earliest':
    case 'latest':
      return { value: { kind: form.kind } }
    case 'offset': {
      const offset = wholeNumber(form.offset)
      return offset === undefined ? { wrong: 'offset' } : { value: { kind: 'offset', offset } }
    }
    case 'time':
      return form.timeKind === 'at' ? atTime(form.time) : timeAgo(form.ago, form.agoUnit)
    case 'shift': {
      const size = wholeNumber(form.shift.replace(/^\s*[-+\u2212]/, ''))
      const by = /^\s*[-\u2212]/.test(form.shift) ? -(size ?? 0) : size
      return size === undefined || by === undefined || size === 0 ? { wrong: 'shift' } : { value: { kind: 'shift', by } }
    }
    case 'copy': {
      if (form.copyKind === 'list') return listIn(form.list)
      const groupId = form.group.trim()
      return groupId === '' ? { wrong: 'group' } : { value: { kind: 'group', groupId } }
    }
  }
}

function atTime(text: string): Parsed<ResetTarget> {
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?)?$/.exec(text.trim())
  if (match === null) return { wrong: 'time' }
  const [year, month, day, hours, minutes, seconds] = match.slice(1, 7).map(each => Number(each ?? 0))
  const at = new Date(year ?? 0, (month ?? 1) - 1, day, hours, minutes, seconds, Number((match[7] ?? '0').padEnd(3, '0')))
  // What does not exist, such as the 31st of June, would become another day.
  const isReal = at.getMonth() + 1 === month && at.getDate() === day && (minutes ?? 0) < 60 && (hours ?? 0) < 24
  return isReal ? { value: { kind: 'time', timestampMs: at.getTime() } } : { wrong: 'time' }
}

function timeAgo(text: string, unit: DurationUnit): Parsed<ResetTarget> {
  const amount = /^\d{1,7}(\.\d+)?$/.test(text.trim()) ? Number(text.trim()) : undefined
  return amount === undefined ? { wrong: 'ago' } : { value: { kind: 'duration', durationMs: Math.round(amount * UNITS_MS[unit]) } }
}

/** Lines of topic, partition and offset, as Kafka's own tool reads and writes them; a head and empty lines do not matter. */
export function listIn(text: string): Parsed<ResetTarget> {
  const offsets: { topic: string; partition: number; offset: number }[] = []
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue
    const cells = line.split(',').map(cell => cell.trim().replace(/^"(.*)"$/, '$1'))
    const [topic = '', partition = '', offset = ''] = cells
    if (index === 0 && wholeNumber(partition) === undefined && /partition/i.test(partition)) continue
    const [partitionNumber, offsetNumber] = [wholeNumber(partition), wholeNumber(offset)]
    if (topic === '' || partitionNumber === undefined || offsetNumber === undefined) return { wrong: 'list', line: index + 1 }
    offsets.push({ topic, partition: partitionNumber, offset: offsetNumber })
  }
  return offsets.length === 0 ? { wrong: 'list' } : { value: { kind: 'list', offsets } }
}

/** `all`, or numbers and ranges: `0-2, 5`. */
export function partitionsIn(text: string): readonly number[] | null | undefined {
  const wanted = text.trim()
  if (wanted === '' || wanted === '*' || wanted.toLowerCase() === 'all') return null
  const numbers = new Set<number>()
  for (const part of wanted.split(/[,\s]+/).filter(each => each !== '')) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part)
    if (match === null) return undefined
    const [from, to] = [Number(match[1]), Number(match[2] ?? match[1])]
    if (to < from) return undefined
    for (let partition = from; partition <= to; partition++) numbers.add(partition)
  }
  return [...numbers].sort((one, other) => one - other)
}

/** Which partitions the form means. */
export function scopeOf(form: ResetForm): Parsed<ResetScope> {
  const partitions = partitionsIn(form.partitions)
  if (partitions === undefined) return { wrong: 'partitions' }
  if (form.topic === '') return { value: null }
  return { value: [{ topic: form.topic, partitions: partitions === null ? null : [...partitions] }] }
}

/** What there is to commit: what stays as it is need not be. */
export const plannedIn = (plan: ResetPlan): PlannedOffset[] =>
  plan.rows.flatMap(({ topic, partition, before, after }) =>
    after === null || after === before ? [] : [{ topic, partition, before, after }],
  )

const sumOf = (rows: readonly ResetRow[], of: 'readAgain' | 'skipped') => rows.reduce((sum, row) => sum + row[of], 0)
export const effectOf = ({ rows }: ResetPlan) => ({ readAgain: sumOf(rows, 'readAgain'), skipped: sumOf(rows, 'skipped') })

/** The plan as a file that this form and Kafka's tool read again: they take the first three columns. */
export const planCsv = ({ rows }: ResetPlan) =>
  rows
    .filter(({ after }) => after !== null)
    .map(({ topic, partition, before, after, readAgain, skipped }) => [topic, partition, after, before ?? '', readAgain, skipped].join(','))
    .map(line => `${line}\n`)
    .join('')

/** The same reset with the tool that comes with Kafka. What it has no option for, it takes from a file as `planCsv` writes it. */
export function commandOf(target: ResetTarget, scope: ResetScope, { groupId, bootstrap }: { groupId: string; bootstrap: string }): string {
  const quoted = (text: string) => (/^[\w.:,=/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)
  const topics =
    scope === null
      ? '--all-topics'
      : scope
          .map(({ topic, partitions }) => `--topic ${quoted(partitions === null ? topic : `${topic}:${partitions.join(',')}`)}`)
          .join(' ')
  const where = (() => {
    switch (target.kind) {
      case 'earliest':
        return '--to-earliest'
      case 'latest':
        return '--to-latest'
      case 'offset':
        return `--to-offset ${target.offset}`
      case 'time':
        return `--to-datetime ${new Date(target.timestampMs).toISOString()}`
      case 'duration':
        return `--by-duration PT${Math.round(target.durationMs / 1_000)}S`
      case 'shift':
        return `--shift-by ${target.by}`
      case 'group':
      case 'list':
        return '--from-file plan.csv'
    }
  })()
  const isFromFile = where.startsWith('--from-file')
  return `kafka-consumer-groups.sh --bootstrap-server ${bootstrap} --group ${quoted(groupId)} --reset-offsets ${isFromFile ? '' : `${topics} `}${where} --execute`
}
