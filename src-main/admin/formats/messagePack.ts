import { type DecodeBounds, type DecodedValue } from './bounds.ts'
import { float32Of, floatOf, hexOf, integerOf } from './jsonAble.ts'
import { CUT, type Item, ValueReader } from './valueReader.ts'

/** One value in MessagePack, and nothing behind it. Throws `MalformedMessage` and `TooDeep`. */
export const decodeMessagePack = (bytes: Buffer, bounds: DecodeBounds): DecodedValue => new MessagePackReader(bytes, bounds).whole()

const TIMESTAMP = -1

class MessagePackReader extends ValueReader {
  protected override read(depth: number): Item {
    const { from } = this
    const at = from.position
    const first = from.uint8()
    if (first < 0x80) return first
    if (first < 0x90) return this.map(this.counted((first & 0x0f) * 2, depth))
    if (first < 0xa0) return this.array(this.counted(first & 0x0f, depth))
    if (first < 0xc0) return this.text(first & 0x1f)
    if (first >= 0xe0) return first - 0x100
    switch (first) {
      case 0xc0:
        return null
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#bytes(this.#length(first - 0xc4))
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.#extension(this.#length(first - 0xc7))
      case 0xca:
        return this.has(4) ? float32Of(from.bytes(4).readFloatBE()) : CUT
      case 0xcb:
        return this.has(8) ? floatOf(from.float64()) : CUT
      case 0xcc:
        return this.has(1) ? from.uint8() : CUT
      case 0xcd:
        return this.has(2) ? from.uint16() : CUT
      case 0xce:
        return this.has(4) ? from.uint32() : CUT
      case 0xcf:
        return this.has(8) ? integerOf(from.bytes(8).readBigUInt64BE()) : CUT
      case 0xd0:
        return this.has(1) ? from.int8() : CUT
      case 0xd1:
        return this.has(2) ? from.int16() : CUT
      case 0xd2:
        return this.has(4) ? from.int32() : CUT
      case 0xd3:
        return this.has(8) ? integerOf(from.int64Bits()) : CUT
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(1 << (first - 0xd4))
      case 0xd9:
      case 0xda:
      case 0xdb: {
        const length = this.#length(first - 0xd9)
        return length === CUT ? CUT : this.text(length)
      }
      case 0xdc:
      case 0xdd: {
        const length = this.#length(first - 0xdb)
        return length === CUT ? CUT : this.array(this.counted(length, depth))
      }
      case 0xde:
      case 0xdf: {
        const length = this.#length(first - 0xdd)
        return length === CUT ? CUT : this.map(this.counted(length * 2, depth))
      }
      default:
        from.position = at
        return from.fail('the byte 0xc1 means nothing')
    }
  }

  /** Of one, two or four bytes. */
  #length(width: number): number | typeof CUT {
    if (!this.has(1 << width)) return CUT
    return width === 0 ? this.from.uint8() : width === 1 ? this.from.uint16() : this.from.uint32()
  }

  #bytes(length: number | typeof CUT): Item {
    return length === CUT ? CUT : hexOf(this.blob(length))
  }

  #extension(length: number | typeof CUT): Item {
    if (length === CUT || !this.has(1)) return CUT
    const type = this.from.int8()
    const bytes = this.blob(length)
    const time = type === TIMESTAMP ? timeOf(bytes) : undefined
    return time ?? { '@ext': type, data: hexOf(bytes) }
  }
}

/** Undefined for what is no time, or none that a calendar reaches. */
function timeOf(bytes: Buffer): string | undefined {
  if (bytes.length === 4) return isoTime(BigInt(bytes.readUInt32BE()), 0)
  if (bytes.length === 8) {
    const bits = bytes.readBigUInt64BE()
    return isoTime(bits & 0x3_ffff_ffffn, Number(bits >> 34n))
  }
  return bytes.length === 12 ? isoTime(bytes.readBigInt64BE(4), bytes.readUInt32BE(0)) : undefined
}

function isoTime(seconds: bigint, nanoseconds: number): string | undefined {
  const date = new Date(Number(seconds) * 1000)
  if (nanoseconds > 999_999_999 || Number.isNaN(date.getTime())) return undefined
  const fraction = nanoseconds === 0 ? '' : `.${String(nanoseconds).padStart(9, '0').replace(/0+$/, '')}`
  return date.toISOString().replace('.000Z', `${fraction}Z`)
}
