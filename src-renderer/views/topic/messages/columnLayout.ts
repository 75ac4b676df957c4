import { z } from 'zod'

export const OWN_COLUMNS = ['partition', 'offset', 'time', 'key', 'value', 'headers', 'bytes'] as const
export type OwnColumn = (typeof OWN_COLUMNS)[number]

const NARROWEST = 48
const WIDEST = 1_200

/**
 * Which columns stand in which order, how wide those are that a person made wider or narrower, and by which of them hits are sorted. Other names than our
 * own are paths into records.
 */
export const ColumnLayout = z.object({
  keys: z.array(z.string().max(1_000)).min(1).max(50),
  widths: z.record(z.string(), z.number().min(NARROWEST).max(WIDEST)),
  sorting: z.object({ key: z.string().max(1_000), isDescending: z.boolean() }).optional(),
})
export type ColumnLayout = z.infer<typeof ColumnLayout>

export const plainLayout = (): ColumnLayout => ({ keys: OWN_COLUMNS.filter(key => key !== 'headers'), widths: {} })

export const isOwn = (key: string): key is OwnColumn => (OWN_COLUMNS as readonly string[]).includes(key)

export const pathsOf = ({ keys }: ColumnLayout) => keys.filter(key => !isOwn(key))

/** Before the value, which takes the room that is left; once only. */
export function withColumn(layout: ColumnLayout, key: string): ColumnLayout {
  if (layout.keys.includes(key) || layout.keys.length >= 50) return layout
  const value = layout.keys.indexOf('value')
  const at = isOwn(key) || value < 0 ? layout.keys.length : value
  return { ...layout, keys: layout.keys.toSpliced(at, 0, key) }
}

/** The last one stays: a table without columns has no rows to see. */
export function withoutColumn(layout: ColumnLayout, key: string): ColumnLayout {
  return layout.keys.length === 1 ? layout : { ...layout, keys: layout.keys.filter(each => each !== key) }
}

export function moved(layout: ColumnLayout, key: string, by: 1 | -1): ColumnLayout {
  const neighbour = layout.keys[layout.keys.indexOf(key) + by]
  return neighbour === undefined || !layout.keys.includes(key) ? layout : movedTo(layout, key, neighbour)
}

/** Where `to` stood; that one moves aside. */
export function movedTo(layout: ColumnLayout, key: string, to: string): ColumnLayout {
  const [at, place] = [layout.keys.indexOf(key), layout.keys.indexOf(to)]
  if (at < 0 || place < 0) return layout
  return { ...layout, keys: layout.keys.toSpliced(at, 1).toSpliced(place, 0, key) }
}

/** By this column; the other way round when it is that already; the third time no more. What is counted begins with the most. */
export function sortedBy({ sorting, ...layout }: ColumnLayout, key: string): ColumnLayout {
  const first = key === 'bytes' || key === 'headers'
  if (sorting?.key !== key) return { ...layout, sorting: { key, isDescending: first } }
  return sorting.isDescending === first ? { ...layout, sorting: { key, isDescending: !first } } : layout
}

export const unsorted = ({ keys, widths }: ColumnLayout): ColumnLayout => ({ keys, widths })

/** `null`: as wide as it is by itself. */
export function resized(layout: ColumnLayout, key: string, width: number | null): ColumnLayout {
  const rest = Object.fromEntries(Object.entries(layout.widths).filter(([name]) => name !== key))
  return { ...layout, widths: width === null ? rest : { ...rest, [key]: Math.max(NARROWEST, Math.min(WIDEST, Math.round(width))) } }
}
