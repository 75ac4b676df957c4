/** What a schema's data is to people and to filters: JSON, with whole numbers that a double cannot hold as `bigint`. */
export type PlainValue = null | boolean | number | bigint | string | readonly PlainValue[] | { readonly [name: string]: PlainValue }

/** An object whose names are only names: a field called `__proto__` is a field. */
export function plainObject(): Record<string, PlainValue> {
  return Object.create(null) as Record<string, PlainValue>
}

/** A whole number as `number` where that is exact. */
export function exact(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** Bytes inside a value. */
export const hexText = (bytes: Buffer): string => `0x${bytes.toString('hex')}`

/** The reverse of `hexText`; `undefined` for other texts. */
export function bytesOfHex(text: string): Buffer | undefined {
  return /^0x(?:[0-9a-f]{2})*$/i.test(text) ? Buffer.from(text.slice(2), 'hex') : undefined
}

/** JSON with every digit of its whole numbers; NaN and the infinities, which JSON does not have, as texts. */
export function exactJson(value: PlainValue, indent = 0): string {
  return jsonOf(value, indent === 0 ? undefined : ' '.repeat(indent), '\n')
}

function jsonOf(value: PlainValue, indent: string | undefined, lineBreak: string): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number') return Number.isFinite(value) ? JSON.stringify(value) : JSON.stringify(String(value))
  const inner = indent === undefined ? '' : lineBreak + indent
  const outer = indent === undefined ? '' : lineBreak
  const isList = isPlainList(value)
  const parts = isList
    ? value.map(item => inner + jsonOf(item, indent, inner))
    : Object.entries(value).map(
        ([name, item]) => `${inner}${JSON.stringify(name)}:${indent === undefined ? '' : ' '}${jsonOf(item, indent, inner)}`,
      )
  const [open, close] = isList ? '[]' : '{}'
  return parts.length === 0 ? `${open}${close}` : `${open}${parts.join(',')}${outer}${close}`
}

export const isPlainList = (value: PlainValue | undefined): value is readonly PlainValue[] => Array.isArray(value)

export const isPlainObject = (value: PlainValue | undefined): value is { readonly [name: string]: PlainValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Parses what a person wrote, whole numbers with all their digits. A mistake is a `SyntaxError`. */
export function parseExactJson(text: string): PlainValue {
  return JSON.parse(text, (_, value: unknown, context?: { readonly source?: string }) => {
    if (typeof value === 'number' && !Number.isSafeInteger(value) && context?.source !== undefined && /^-?\d+$/.test(context.source)) {
      return BigInt(context.source)
    }
    return value
  }) as PlainValue
}
