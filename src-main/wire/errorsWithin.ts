import type { Codec } from '../protocol/codecs.ts'
import type { AnyApi } from '../protocol/schema.ts'

type Fields = Readonly<Record<string, unknown>>
type Finder = (value: unknown) => boolean

/** Whether an answer of this API tells of any error, at its top or of any of its parts. Made once from what the API declares. */
export function errorsWithin(api: AnyApi): Finder {
  return finderOf(api.response) ?? (() => false)
}

/** Undefined where there is nothing to look for. */
function finderOf({ shape }: Codec<unknown, never>): Finder | undefined {
  if (shape.kind === 'array') {
    const inEach = finderOf(shape.of)
    return inEach && (value => Array.isArray(value) && value.some(inEach))
  }
  if (shape.kind !== 'struct') return undefined
  const codes = shape.fields.filter(({ name, codec }) => codec.shape.kind === 'int16' && /^errorCode$|ErrorCode$/.test(name))
  const names = codes.map(({ name }) => name)
  const parts = shape.fields.flatMap(({ name, codec }) => {
    const find = finderOf(codec)
    return find === undefined ? [] : [{ name, find }]
  })
  if (names.length + parts.length === 0) return undefined
  return value => {
    if (value === null || typeof value !== 'object') return false
    for (const name of names) if (((value as Fields)[name] ?? 0) !== 0) return true
    for (const { name, find } of parts) if (find((value as Fields)[name])) return true
    return false
  }
}
