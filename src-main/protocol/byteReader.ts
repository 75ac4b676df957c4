/** Bytes that are not what their format says: a stranger's mistake or attack, or a torn file. Never a bug of ours by itself. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage'
  readonly reason: string
  /** Byte offset in the buffer that was being read. */
  readonly position: number
  /** Path of the field that was being read, outermost first; empty outside of structs. */
  field = ''

  constructor(reason: string, position: number, options?: ErrorOptions) {
    super(`${reason} (at byte ${position})`, options)
    this.reason = reason
    this.position = position
  }

  /** Called by each enclosing struct on the way out, so that the innermost reader needs to know nothing of its place. */
  within(field: string): this {
    this.field = this.field === '' ? field : `${field}.${this.field}`
    this.message = `${this.reason} (at byte ${this.position}, in ${this.field})`
    return this
  }
}

const TWO_TO_32 = 0x1_0000_0000
/** Up to so many bytes, ASCII is read and written byte by byte; past that Buffer's own code is faster than its call is dear. */
export const SHORT_TEXT = 24

/** Reads one buffer from front to back. Every read is checked against what remains; byte fields come out as views, not copies. */
export class ByteReader {
  readonly buffer: Buffer
  position: number
  readonly end: number

  constructor(buffer: Buffer, position = 0, end = buffer.length) {
    if (position < 0 || end > buffer.length || position > end)
      throw new RangeError(`no range ${position}..${end} in ${buffer.length} bytes`)
    this.buffer = buffer
    this.position = position
    this.end = end
  }

  get remaining(): number {
    return this.end - this.position
  }

  fail(reason: string): never {
    throw new MalformedMessage(reason, this.position)
  }

  /** Moves past `count` bytes and tells where they began. */
  take(count: number): number {
    const at = this.position
    if (count > this.end - at) this.fail(`${count} bytes are declared but ${this.end - at} remain`)
    this.position = at + count
    return at
  }

  int8(): number {
    const at = this.take(1)
    return (this.buffer[at]! << 24) >> 24
  }

  uint8(): number {
    return this.buffer[this.take(1)]!
  }

  int16(): number {
    const at = this.take(2)
    return ((this.buffer[at]! << 24) >> 16) | this.buffer[at + 1]!
  }

  uint16(): number {
    const at = this.take(2)
    return (this.buffer[at]! << 8) | this.buffer[at + 1]!
  }

  int32(): number {
    const at = this.take(4)
    const { buffer } = this
    return (buffer[at]! << 24) | (buffer[at + 1]! << 16) | (buffer[at + 2]! << 8) | buffer[at + 3]!
  }

  uint32(): number {
    return this.int32() >>> 0
  }

  /** A count: refuses what a number cannot hold exactly. */
  int64(): number {
    const value = this.int32() * TWO_TO_32 + (this.int32() >>> 0)
    if (!Number.isSafeInteger(value)) {
      this.position -= 8
      this.fail('an int64 is outside ±2^53')
    }
    return value
  }

  /** The 64 bits as they are, for the few fields that are bits or sentinels rather than counts. */
  int64Bits(): bigint {
    return this.buffer.readBigInt64BE(this.take(8))
  }

  float64(): number {
    return this.buffer.readDoubleBE(this.take(8))
  }

  /** At most five bytes, at most 32 bits. */
  unsignedVarint(): number {
    const { buffer, end } = this
    let at = this.position
    if (at < end && buffer[at]! < 0x80) {
      this.position = at + 1
      return buffer[at]!
    }
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      if (at >= end) this.fail('a varint is cut off')
      const byte = buffer[at++]!
      if (shift === 28 && byte > 0x0f) this.fail('a varint is longer than 32 bits')
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        this.position = at
        return value >>> 0
      }
    }
    return this.fail('a varint is longer than 5 bytes')
  }

  /** Zigzag, 32 bits. */
  varint(): number {
    const value = this.unsignedVarint()
    return (value >>> 1) ^ -(value & 1)
  }

  /** Zigzag, 64 bits on the wire; refuses what a number cannot hold exactly. */
  varlong(): number {
    const { buffer, end } = this
    const start = this.position
    let at = start
    // Seven groups are 49 bits: exact in a double, which spares nearly every timestamp the BigInt below.
    let value = 0
    for (let scale = 1; scale <= 0x400_0000_0000; scale *= 128) {
      if (at >= end) this.fail('a varlong is cut off')
      const byte = buffer[at++]!
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        this.position = at
        return value % 2 === 0 ? value / 2 : -(value + 1) / 2
      }
    }
    const bits = this.varlongBits()
    const exact = Number(bits)
    if (!Number.isSafeInteger(exact)) {
      this.position = start
      this.fail('a varlong is outside ±2^53')
    }
    return exact
  }

  /** Zigzag, all 64 bits, at most ten bytes. */
  varlongBits(): bigint {
    let value = 0n
    let at = this.position
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (at >= this.end) this.fail('a varlong is cut off')
      const byte = this.buffer[at++]!
      if (shift === 63n && byte > 1) this.fail('a varlong is longer than 64 bits')
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) {
        this.position = at
        return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n))
      }
    }
    return this.fail('a varlong is longer than 10 bytes')
  }

  /** A view of the next `length` bytes. */
  bytes(length: number): Buffer {
    const at = this.take(length)
    return this.buffer.subarray(at, at + length)
  }

  /** The next `length` bytes as UTF-8; what is not UTF-8 becomes U+FFFD, as in Java. */
  text(length: number): string {
    const at = this.take(length)
    const { buffer } = this
    const end = at + length
    if (length > SHORT_TEXT) return buffer.toString('utf8', at, end)
    let text = ''
    for (let index = at; index < end; index++) {
      const byte = buffer[index]!
      if (byte > 0x7f) return buffer.toString('utf8', at, end)
      text += String.fromCharCode(byte)
    }
    return text
  }
}
