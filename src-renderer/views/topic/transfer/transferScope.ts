import type { TopicFormats } from '../../../../src-main/contract/formats.ts'
import type { OffsetRange, PartitionExtent } from '../../../../src-main/contract/messages.ts'
import type { RecordSelection } from '../../../../src-main/contract/records.ts'
import type { Marks } from '../../../stores/marks.ts'
import type { Order, Place } from '../messages/rowMapping.ts'
import type { SearchRun } from '../messages/searchRun.ts'
import { emptyForm, problemOf, queryOf, type SearchForm } from '../messages/searchForm.ts'

/** What the messages screen shows, out of which records can be taken. */
export interface ScreenState {
  readonly topic: string
  readonly run: SearchRun | null
  readonly form: SearchForm
  readonly chosen: readonly number[] | null
  readonly extents: readonly PartitionExtent[]
  readonly order: Order
  /** How a search read the records. */
  readonly formats: TopicFormats
  /** Of the record that is open. */
  readonly place: Place | null
  readonly marks: Marks
}

export type ScopeName = 'marked' | 'hits' | 'all' | 'record'

/** Records that can be exported or replayed, and how many of them are known. */
export interface TransferScope {
  readonly name: ScopeName
  readonly selection: RecordSelection
  readonly hits: number
  /** All that were to be searched were, or all that are marked were read, so that those are all there are. */
  readonly isCounted: boolean
}

/** These offsets and no others: those that hold no record any more are named. */
export function markedScope(topic: string, { all, unseen }: Marks): TransferScope {
  const selection = { topic, filter: null, ranges: all.ranges(), isPicked: true, fromMs: null, toMs: null }
  return { name: 'marked', selection, hits: all.size, isCounted: unseen.size === 0 }
}

/** The narrowest that a person is likely to mean comes first. */
export function scopesOf({ topic, run, form, chosen, extents, order, formats, place, marks }: ScreenState): TransferScope[] {
  const scopes: TransferScope[] = marks.all.size > 0 ? [markedScope(topic, marks)] : []
  if (run !== null) {
    const { filter, fromMs, toMs, ranges } = run.query
    // Where it began and ends was decided when it was begun; a part that goes on with the rest has only that.
    const bounds = run.bounds.length > 0 ? [...run.bounds] : ranges
    const isCounted = run.why === 'completed' && run.sums.failures === 0
    scopes.push({
      name: 'hits',
      selection: { topic, filter, fromMs, toMs, ranges: bounds, formats },
      hits: run.hits.length + run.notKeptCount,
      isCounted,
    })
  }
  const isBounded = problemOf({ ...form, mode: 'text', text: 'anything' }) === null
  const { ranges, fromMs, toMs } = queryOf(isBounded ? form : emptyForm(), { chosen, extents, order })
  scopes.push({ name: 'all', selection: { topic, filter: null, ranges, fromMs, toMs }, hits: 0, isCounted: false })
  if (place !== null) {
    const one: OffsetRange = { partition: place.partition, from: place.offset, to: place.offset + 1 }
    scopes.push({ name: 'record', selection: { topic, filter: null, ranges: [one], fromMs: null, toMs: null }, hits: 1, isCounted: true })
  }
  return scopes
}

/** Without what a system may not allow in a name; the time makes it one of its own. */
export function exportName(topic: string, ending: string, now: Date): string {
  const digits = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15)
  return `${topic}-${digits}.${ending}`
}
