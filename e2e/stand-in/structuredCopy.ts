/** Turns values into text and back, for what the structured clone algorithm carries. */
export interface StructuredCopy {
  toText(value: unknown): string
  fromText(text: string): unknown
}

/**
 * Runs here and, as source text, in the page, so it stands alone: nothing of this file's surroundings is in reach there.
 * Values that JSON does not know become `{ $: kind, v: … }`.
 */
export function structuredCopy(): StructuredCopy {
  const inNode = typeof Buffer !== 'undefined'
  const toBase64 = (bytes: Uint8Array): string =>
    inNode
      ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
      : (bytes as unknown as { toBase64(): string }).toBase64()
  const fromBase64 = (text: string): Uint8Array<ArrayBuffer> =>
    inNode
      ? new Uint8Array(Buffer.from(text, 'base64'))
      : (Uint8Array as unknown as { fromBase64(text: string): Uint8Array<ArrayBuffer> }).fromBase64(text)

  const encodeFields = (value: object) => Object.fromEntries(Object.entries(value).map(([key, field]) => [key, encode(field)]))

  function encode(value: unknown): unknown {
    if (value === undefined) return { $: 'undefined' }
    if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
    if (typeof value === 'number') {
      if (Object.is(value, -0)) return { $: 'number', v: '-0' }
      return Number.isFinite(value) ? value : { $: 'number', v: String(value) }
    }
    if (typeof value === 'bigint') return { $: 'bigint', v: String(value) }
    if (typeof value !== 'object') throw new Error(`${typeof value} cannot be cloned`)
    if (value instanceof Date) return { $: 'date', v: value.getTime() }
    if (value instanceof Map) return { $: 'map', v: [...value].map(entry => entry.map(encode)) }
    if (value instanceof Set) return { $: 'set', v: [...value].map(encode) }
    if (value instanceof RegExp) return { $: 'regexp', v: [value.source, value.flags] }
    if (value instanceof Error) return { $: 'error', v: [value.name, value.message, value.stack ?? ''] }
    if (value instanceof ArrayBuffer) return { $: 'arrayBuffer', v: toBase64(new Uint8Array(value)) }
    if (ArrayBuffer.isView(value)) {
      const name = value.constructor.name === 'Buffer' ? 'Uint8Array' : value.constructor.name
      return { $: 'view', k: name, v: toBase64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)) }
    }
    if (Array.isArray(value)) return value.map(encode)
    return '$' in value ? { $: 'object', v: encodeFields(value) } : encodeFields(value)
  }

  // The counterpart reads what `encode` wrote, and nothing else reaches it: its shapes are known, though not to the compiler.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  function decode(coded: any): unknown {
    if (coded === null || typeof coded !== 'object') return coded
    if (Array.isArray(coded)) return coded.map(decode)
    const fields = (of: object) => Object.fromEntries(Object.entries(of).map(([key, field]) => [key, decode(field)]))
    switch (coded.$) {
      case undefined:
        return fields(coded)
      case 'undefined':
        return undefined
      case 'number':
        return Number(coded.v)
      case 'bigint':
        return BigInt(coded.v)
      case 'date':
        return new Date(coded.v)
      case 'map':
        return new Map(coded.v.map((entry: unknown[]) => entry.map(decode)))
      case 'set':
        return new Set(coded.v.map(decode))
      case 'regexp':
        return new RegExp(coded.v[0], coded.v[1])
      case 'error':
        return Object.assign(new Error(coded.v[1]), { name: coded.v[0], stack: coded.v[2] })
      case 'arrayBuffer':
        return fromBase64(coded.v).buffer
      case 'view': {
        const bytes = fromBase64(coded.v)
        const View = (globalThis as unknown as Record<string, new (buffer: ArrayBuffer) => unknown>)[coded.k]!
        return coded.k === 'Uint8Array' ? bytes : new View(bytes.buffer)
      }
      case 'object':
        return fields(coded.v)
      default:
        throw new Error(`unknown kind ${coded.$}`)
    }
  }

  return { toText: value => JSON.stringify(encode(value)), fromText: text => decode(JSON.parse(text)) }
}
