import { isUtf8 } from 'node:buffer'
import { ByteReader } from '../../protocol/byteReader.ts'
import { type DecodeBounds, type DecodedValue, MAX_DEPTH, TooDeep } from './bounds.ts'
import { put } from './jsonAble.ts'

/** In the place of what lies beyond the bounds. */
export const CUT = Symbol('cut')
/** A value, CUT or END. */
export type Item = unknown

/**
 * What decoders of self-describing binary formats share: reading within bounds. What is beyond them is left out of the innermost container that is
 * open, and of all around it.
 */
export abstract class ValueReader {
  protected readonly from: ByteReader
  readonly #isPart: boolean
  #partsLeft: number
  #isCut = false

  constructor(bytes: Buffer, bounds: DecodeBounds) {
    this.#isPart = bytes.length > bounds.bytes
    this.from = new ByteReader(this.#isPart ? bytes.subarray(0, bounds.bytes) : bytes)
    this.#partsLeft = bounds.parts
  }

  /** All of it: bytes that follow are malformed. Throws `MalformedMessage` and `TooDeep`. */
  whole(): DecodedValue {
    const value = this.item(0)
    if (!this.#isCut && this.from.remaining > 0) this.from.fail(`${this.from.remaining} bytes follow the value`)
    return { value: value === CUT ? null : value, isCut: this.#isCut }
  }

  /** The value that begins here, or CUT. */
  protected abstract read(depth: number): Item

  protected item(depth: number): Item {
    if (depth > MAX_DEPTH) throw new TooDeep()
    if (this.#isCut || this.#partsLeft-- <= 0) return this.cut()
    if (!this.has(1)) return CUT
    return this.read(depth)
  }

  protected cut(): typeof CUT {
    this.#isCut = true
    return CUT
  }

  /** Whether so many bytes are within the bounds. Fails when they are not there at all. */
  protected has(bytes: number): boolean {
    if (bytes <= this.from.remaining) return true
    if (!this.#isPart) this.from.fail(`${bytes} bytes are declared but ${this.from.remaining} remain`)
    this.#isCut = true
    return false
  }

  /** Of a text that goes on beyond the bounds, its beginning. */
  protected text(length: number): string {
    const at = this.from.position
    if (!this.has(length)) return beginningOf(this.from.bytes(this.from.remaining))
    const bytes = this.from.bytes(length)
    if (!isUtf8(bytes)) {
      this.from.position = at
      this.from.fail('a text is no UTF-8')
    }
    return bytes.toString('utf8')
  }

  protected blob(length: number): Buffer {
    return this.from.bytes(this.has(length) ? length : this.from.remaining)
  }

  /** `next` gives CUT for what is cut off, and END behind the last. */
  protected array(next: () => Item): unknown[] {
    const array: unknown[] = []
    for (;;) {
      const item = next()
      if (item === CUT || item === END) return array
      array.push(item)
    }
  }

  /** Keys and values in turn. */
  protected map(next: () => Item): Record<string, unknown> {
    const map: Record<string, unknown> = {}
    for (;;) {
      const at = this.from.position
      const key = next()
      if (key === CUT || key === END) return map
      const name = typeof key === 'string' ? key : nameOf(key)
      if (Object.hasOwn(map, name)) {
        this.from.position = at
        this.from.fail(`a map has the key ${JSON.stringify(name.slice(0, 60))} twice`)
      }
      const value = next()
      if (value === CUT) return map
      if (value === END) this.from.fail('a map has a key without a value')
      put(map, name, value)
    }
  }

  /** `next` for containers that say how many items they have. */
  protected counted(items: number, depth: number): () => Item {
    let left = items
    return () => (left-- > 0 ? this.item(depth + 1) : END)
  }
}

/** Without the bytes of a character that goes on behind them. */
function beginningOf(bytes: Buffer): string {
  let end = bytes.length
  for (let back = 0; back < 3 && end > 0 && !isUtf8(bytes.subarray(Math.max(0, end - 4), end)); back++) end -= 1
  return bytes.toString('utf8', 0, end)
}

/** In the place of an item: there are no more. */
export const END = Symbol('end')

/** Keys that are no texts, as the text that JSON makes of them. */
function nameOf(key: unknown): string {
  return typeof key === 'bigint' ? String(key) : JSON.stringify(key, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each))
}
