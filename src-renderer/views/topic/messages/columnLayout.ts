import { z } from 'zod'

export const OWN_COLUMNS = ['partition', 'offset', 'time', 'key', 'value', 'headers', 'bytes'] as const
export type OwnColumn = (typeof OWN_COLUMNS)[number]

const NARROWEST = 48
const WIDEST = 1_200

/** Which columns stand in which order, and how wide those are that a person made wider or narrower. Other names than our own are paths into records. */
export const ColumnLayout = z.object({
  keys: z.array(z.string().max(1_000)).min(1).max(50),
  widths: z.record(z.string(), z.number().min(NARROWEST).max(WIDEST)),
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
export function withoutColumn({ keys, widths }: ColumnLayout, key: string): ColumnLayout {
  return keys.length === 1 ? { keys, widths } : { keys: keys.filter(each => each !== key), widths }
}

export function moved({ keys, widths }: ColumnLayout, key: string, by: 1 | -1): ColumnLayout {
  const at = keys.indexOf(key)
  const to = at + by
  if (at < 0 || to < 0 || to >= keys.length) return { keys, widths }
  return { keys: keys.toSpliced(at, 1).toSpliced(to, 0, key), widths }
}

/** `null`: as wide as it is by itself. */
export function resized({ keys, widths }: ColumnLayout, key: string, width: number | null): ColumnLayout {
  const rest = Object.fromEntries(Object.entries(widths).filter(([name]) => name !== key))
  return { keys, widths: width === null ? rest : { ...rest, [key]: Math.max(NARROWEST, Math.min(WIDEST, Math.round(width))) } }
}
