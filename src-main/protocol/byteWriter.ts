import { SHORT_TEXT } from './byteReader.ts'

const FIRST_BLOCK_BYTES = 512
const LARGEST_BLOCK_BYTES = 64 * 1024
/** Byte fields from this size on are kept by reference: copying them would cost more than one more entry of a writev. */
const BY_REFERENCE_BYTES = 1024

/** A place in what was written that is filled in later. */
export interface Mark {
  readonly block: Buffer
  readonly at: number
}

/**
 * Gathers a message as a list of chunks. Small things share blocks; large byte fields are kept by reference and must not change until the
 * chunks were sent. Nothing is ever concatenated or moved, which is what lets a fetch response carry megabytes for the price of a header.
 */
export class ByteWriter {
  readonly #sealed: Buffer[] = []
  #sealedLength = 0
  #block: Buffer
  /** Where the unsealed part of the block begins. */
  #from = 0
  #at = 0

  constructor(firstBlockBytes = FIRST_BLOCK_BYTES) {
    this.#block = Buffer.allocUnsafe(firstBlockBytes)
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#sealedLength + this.#at - this.#from
  }

  /** Everything written so far, in order. Writing may go on; chunks already handed out do not change, marks excepted. */
  chunks(): Buffer[] {
    this.#seal()
    return this.#sealed.slice()
  }

  #seal(): void {
    if (this.#at === this.#from) return
    this.#sealed.push(this.#block.subarray(this.#from, this.#at))
    this.#sealedLength += this.#at - this.#from
    this.#from = this.#at
  }

  /** Makes room for `count` bytes and tells where they go in the current block. */
  #take(count: number): number {
    const at = this.#at
    if (at + count <= this.#block.length) {
      this.#at = at + count
      return at
    }
    this.#seal()
    this.#block = Buffer.allocUnsafe(Math.max(count, Math.min(LARGEST_BLOCK_BYTES, this.#block.length * 2)))
    this.#from = 0
    this.#at = count
    return 0
  }

  int8(value: number): void {
    if ((value << 24) >> 24 !== value) throw new RangeError(`${value} is no int8`)
    const at = this.#take(1)
    this.#block[at] = value
  }

  int16(value: number): void {
    if ((value << 16) >> 16 !== value) throw new RangeError(`${value} is no int16`)
    this.#write16(value)
  }

  uint16(value: number): void {
    if ((value & 0xffff) !== value) throw new RangeError(`${value} is no uint16`)
    this.#write16(value)
  }

  #write16(value: number): void {
    const at = this.#take(2)
    const block = this.#block
    block[at] = value >> 8
    block[at + 1] = value
  }

  int32(value: number): void {
    if ((value | 0) !== value) throw new RangeError(`${value} is no int32`)
    this.#write32(value)
  }

  uint32(value: number): void {
    if (value >>> 0 !== value) throw new RangeError(`${value} is no uint32`)
    this.#write32(value)
  }

  #write32(value: number): void {
    const at = this.#take(4)
    put32(this.#block, at, value)
  }

  /** A count: refuses what a number cannot hold exactly. */
  int64(value: number): void {
    if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no integer within ±2^53`)
    const at = this.#take(8)
    const high = Math.floor(value / 0x1_0000_0000)
    put32(this.#block, at, high)
    put32(this.#block, at + 4, value - high * 0x1_0000_0000)
  }

  int64Bits(value: bigint): void {
    const at = this.#take(8)
    this.#block.writeBigInt64BE(value, at)
  }

  float64(value: number): void {
    const at = this.#take(8)
    this.#block.writeDoubleBE(value, at)
  }

  unsignedVarint(value: number): void {
    if (value >>> 0 !== value) throw new RangeError(`${value} is no unsigned 32-bit integer`)
    while (value > 0x7f) {
      this.#byte((value & 0x7f) | 0x80)
      value >>>= 7
    }
    this.#byte(value)
  }

  /** Zigzag, 32 bits. */
  varint(value: number): void {
    if ((value | 0) !== value) throw new RangeError(`${value} is no int32`)
    this.unsignedVarint(((value << 1) ^ (value >> 31)) >>> 0)
  }

  /** Zigzag, 64 bits on the wire. */
  varlong(value: number): void {
    if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no integer within ±2^53`)
    if (value >= -0x4000_0000 && value < 0x4000_0000) return this.varint(value)
    // 2^54 has no exact odd neighbours as a double, so that the doubling is done in bits.
    let bits = value < 0 ? BigInt(value) * -2n - 1n : BigInt(value) * 2n
    while (bits > 0x7fn) {
      this.#byte(Number(bits & 0x7fn) | 0x80)
      bits >>= 7n
    }
    this.#byte(Number(bits))
  }

  #byte(value: number): void {
    const at = this.#take(1)
    this.#block[at] = value
  }

  /** The bytes of `text` in UTF-8, without any length; `byteLength` is what Buffer.byteLength says of it. */
  text(text: string, byteLength: number): void {
    const at = this.#take(byteLength)
    const block = this.#block
    // As many bytes as characters: all of it is ASCII.
    if (text.length === byteLength && byteLength <= SHORT_TEXT)
      for (let index = 0; index < byteLength; index++) block[at + index] = text.charCodeAt(index)
    else block.write(text, at, byteLength, 'utf8')
  }

  /** Sixteen bytes out of their 22 characters of base64. */
  uuid(text: string): void {
    const at = this.#take(16)
    if (text.length !== 22 || this.#block.write(text, at, 16, 'base64url') !== 16)
      throw new RangeError(`not a uuid: ${JSON.stringify(text)}`)
  }

  bytes(bytes: Buffer): void {
    if (bytes.length >= BY_REFERENCE_BYTES) {
      this.#seal()
      this.#sealed.push(bytes)
      this.#sealedLength += bytes.length
      return
    }
    this.copied(bytes)
  }

  /** Copies whatever the size: for what has to come out in one piece. */
  copied(bytes: Buffer): void {
    const at = this.#take(bytes.length)
    this.#block.set(bytes, at)
  }

  /** Leaves four bytes open, for a length known only once what follows is written. */
  reserveInt32(): Mark {
    const at = this.#take(4)
    return { block: this.#block, at }
  }

  fillInt32(mark: Mark, value: number): void {
    put32(mark.block, mark.at, value)
  }

  /** Takes over all that another writer gathered. */
  append(other: ByteWriter): void {
    for (const chunk of other.chunks()) this.bytes(chunk)
  }
}

function put32(block: Buffer, at: number, value: number): void {
  block[at] = value >> 24
  block[at + 1] = value >> 16
  block[at + 2] = value >> 8
  block[at + 3] = value
}

/** For what is small and wanted in one piece: a record's key or value, a file's content. */
export function written(write: (to: ByteWriter) => void): Buffer {
  const to = new ByteWriter()
  write(to)
  const chunks = to.chunks()
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
}
