import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import { formFromText, formToText, type SearchForm } from './searchForm.ts'
import type { Order, Place } from './rowMapping.ts'

/** What a link to this screen says: where to look, what to search for, among what. */
export interface MessageLink {
  readonly place: Place | null
  readonly fromMs: number | null
  readonly search: SearchForm | null
  readonly chosen: readonly number[] | null
  readonly order: Order | null
}

const NUMBERS = /^\d{1,15}(,\d{1,15})*$/

/** What is no sensible part of a link is left out: links are typed by hand, and cut by mail programs. */
export function linkOf(query: LocationQuery): MessageLink {
  const text = (name: string) => (typeof query[name] === 'string' ? query[name] : '')
  const partition = /^\d{1,9}$/.test(text('partition')) ? Number(text('partition')) : null
  const offset = /^\d{1,15}$/.test(text('offset')) ? Number(text('offset')) : null
  const from = text('from')
  const fromMs = from === '' ? Number.NaN : /^\d+$/.test(from) ? Number(from) : Date.parse(from)
  const order = text('order')
  return {
    place: partition === null || offset === null ? null : { partition, offset },
    fromMs: Number.isFinite(fromMs) ? fromMs : null,
    search: text('search') === '' ? null : formFromText(text('search')),
    chosen: NUMBERS.test(text('partitions')) ? text('partitions').split(',').map(Number) : null,
    order: order === 'newest' || order === 'oldest' ? order : null,
  }
}

/** The same the other way. */
export function queryOfLink({ place, fromMs, search, chosen, order }: Partial<MessageLink>): LocationQueryRaw {
  return {
    ...(place ? { partition: String(place.partition), offset: String(place.offset) } : {}),
    ...(fromMs === null || fromMs === undefined ? {} : { from: new Date(fromMs).toISOString() }),
    ...(search ? { search: formToText(search) } : {}),
    ...(chosen ? { partitions: chosen.join(',') } : {}),
    ...(order && order !== 'newest' ? { order } : {}),
  }
}
