import { type DecodeBounds, type DecodedValue } from './bounds.ts'
import { float32Of, floatOf, hexOf, integerOf } from './jsonAble.ts'
import { CUT, END, type Item, ValueReader } from './valueReader.ts'

/** One data item of CBOR (RFC 8949), and nothing behind it. Throws `MalformedMessage` and `TooDeep`. */
export const decodeCbor = (bytes: Buffer, bounds: DecodeBounds): DecodedValue => new CborReader(bytes, bounds).whole()

const BREAK = 0xff
const INDEFINITE = 31
/** Smaller ones have one byte, or are not well-formed (RFC 8949, 3.3). */
const FIRST_TWO_BYTE_SIMPLE = 32

const SELF_DESCRIBED = 55799
const EPOCH_TIME = 1
const POSITIVE_BIGNUM = 2
const NEGATIVE_BIGNUM = 3
const UUID = 37
/** What a person reads is the same with and without these: text of a date, of a URI, of base64, of a pattern. */
const TRANSPARENT: ReadonlySet<unknown> = new Set([0, 32, 33, 34, 35, 36, SELF_DESCRIBED])
/** Larger integers take longer to print than anybody waits. */
const MAX_BIGNUM_BYTES = 1024

class CborReader extends ValueReader {
  protected override read(depth: number): Item {
    const { from } = this
    const at = from.position
    const first = from.uint8()
    const major = first >> 5
    const info = first & 0x1f
    if (major === 7) return this.#simple(info, at)
    if (info === INDEFINITE) return this.#indefinite(major, depth, at)
    const argument = this.#argument(info, at)
    if (argument === CUT) return CUT
    switch (major) {
      case 0:
        return argument
      case 1:
        return typeof argument === 'number' ? minusOneMinus(argument) : integerOf(-1n - argument)
      case 2:
        return hexOf(this.blob(Number(argument)))
      case 3:
        return this.text(Number(argument))
      case 4:
        return this.array(this.counted(Number(argument), depth))
      case 5:
        return this.map(this.counted(Number(argument) * 2, depth))
      default:
        return this.#tagged(argument, depth)
    }
  }

  #argument(info: number, at: number): number | bigint | typeof CUT {
    const { from } = this
    if (info < 24) return info
    if (info > 27) {
      from.position = at
      from.fail(`an item of the additional information ${info} cannot be`)
    }
    if (!this.has(1 << (info - 24))) return CUT
    if (info === 24) return from.uint8()
    if (info === 25) return from.uint16()
    return info === 26 ? from.uint32() : integerOf(from.bytes(8).readBigUInt64BE())
  }

  #simple(info: number, at: number): Item {
    const { from } = this
    if (info === 20 || info === 21) return info === 21
    // `undefined` too: JSON has no other word for it.
    if (info === 22 || info === 23) return null
    if (info < 20) return { '@simple': info }
    if (info === 24) {
      if (!this.has(1)) return CUT
      const value = from.uint8()
      if (value >= FIRST_TWO_BYTE_SIMPLE) return { '@simple': value }
      from.position = at
      return from.fail(`a simple value of ${value} in two bytes cannot be`)
    }
    if (info === 25) return this.has(2) ? floatOf(halfOf(from.uint16())) : CUT
    if (info === 26) return this.has(4) ? float32Of(from.bytes(4).readFloatBE()) : CUT
    if (info === 27) return this.has(8) ? floatOf(from.float64()) : CUT
    from.position = at
    return from.fail(
      info === INDEFINITE ? 'a break where nothing is open' : `a simple value of the additional information ${info} cannot be`,
    )
  }

  #indefinite(major: number, depth: number, at: number): Item {
    const next = () => {
      if (!this.has(1)) return CUT
      if (this.from.buffer[this.from.position] !== BREAK) return this.item(depth + 1)
      this.from.position += 1
      return END
    }
    if (major === 4) return this.array(next)
    if (major === 5) return this.map(next)
    if (major === 2 || major === 3) return this.#chunks(major)
    this.from.position = at
    return this.from.fail('a number or a tag has no indefinite length')
  }

  /** Pieces of the same kind, each of a definite length. */
  #chunks(major: 2 | 3): Item {
    const { from } = this
    const texts: string[] = []
    const blobs: Buffer[] = []
    for (;;) {
      if (!this.has(1)) return CUT
      const at = from.position
      const first = from.uint8()
      if (first === BREAK) return major === 3 ? texts.join('') : hexOf(Buffer.concat(blobs))
      if (first >> 5 !== major || (first & 0x1f) === INDEFINITE) {
        from.position = at
        from.fail('a piece of a text or of bytes is of another kind')
      }
      const length = this.#argument(first & 0x1f, at)
      if (length === CUT) return CUT
      if (major === 3) texts.push(this.text(Number(length)))
      else blobs.push(this.blob(Number(length)))
    }
  }

  #tagged(tag: number | bigint, depth: number): Item {
    const value = this.item(depth + 1)
    if (value === CUT) return CUT
    if (TRANSPARENT.has(tag)) return value
    const bytes = typeof value === 'string' && value.startsWith('0x') ? value.slice(2) : undefined
    if (tag === EPOCH_TIME && typeof value === 'number') return isoTime(value) ?? { '@tag': tag, value }
    if ((tag === POSITIVE_BIGNUM || tag === NEGATIVE_BIGNUM) && bytes !== undefined && bytes.length <= 2 * MAX_BIGNUM_BYTES) {
      const magnitude = bytes === '' ? 0n : BigInt(`0x${bytes}`)
      return integerOf(tag === POSITIVE_BIGNUM ? magnitude : -1n - magnitude)
    }
    if (tag === UUID && bytes?.length === 32) return bytes.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    return { '@tag': tag, value }
  }
}

function minusOneMinus(argument: number): number | bigint {
  const value = -1 - argument
  return Number.isSafeInteger(value) ? value : -1n - BigInt(argument)
}

function isoTime(seconds: number): string | undefined {
  const date = new Date(seconds * 1000)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString().replace('.000Z', 'Z')
}

/** Half precision: a sign, five bits of exponent, ten of fraction. */
function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
