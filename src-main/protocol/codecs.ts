import { ZERO_UUID, type Uuid } from '../base/uuid.ts'
import { type ByteReader, SHORT_TEXT } from './byteReader.ts'
import type { ByteWriter } from './byteWriter.ts'

/**
 * The version of an API or record in which something travels; `flexible` says whether lengths are compact and structs end in tags
 * (KIP-482).
 */
export interface Version {
  readonly number: number
  readonly flexible: boolean
}

/** What a codec carries, for whoever walks a declaration: the tests, and the screens that show a field beside its bytes. */
export type Shape =
  | { readonly kind: Primitive }
  | { readonly kind: 'string' | 'bytes'; readonly nullableFrom: number }
  | { readonly kind: 'records' }
  | { readonly kind: 'array'; readonly nullableFrom: number; readonly of: Codec<unknown, never> }
  | { readonly kind: 'struct'; readonly nullable: boolean; readonly fields: readonly FieldShape[] }

export type Primitive =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'bits64'
  | 'unlimitedInt64'
  | 'uint16'
  | 'uint32'
  | 'float64'
  | 'uuid'

/** One field of a struct and the versions that carry it. */
export interface FieldShape {
  readonly name: string
  readonly first: number
  readonly last: number
  /** Undefined for a field that travels in its place rather than as a tag. */
  readonly tag: number | undefined
  /** The value where it does not travel; undefined for a field that always does and has no default. */
  readonly absent: unknown
  readonly codec: Codec<unknown, never>
}

/**
 * Reads and writes one kind of value. `In` is what a writer may give, which can be less than what a reader gets: defaults may be left
 * out.
 */
export interface Codec<Out, In = Out> {
  readonly shape: Shape
  read(from: ByteReader, version: Version): Out
  write(to: ByteWriter, value: In, version: Version): void
}

/** The nullable from of a codec that never takes null. */
export const NEVER = Infinity

export const bool: Codec<boolean> = {
  shape: { kind: 'bool' },
  read: from => from.uint8() !== 0,
  write: (to, value) => to.int8(value ? 1 : 0),
}

export const int8: Codec<number> = { shape: { kind: 'int8' }, read: from => from.int8(), write: (to, value) => to.int8(value) }
export const int16: Codec<number> = { shape: { kind: 'int16' }, read: from => from.int16(), write: (to, value) => to.int16(value) }
export const int32: Codec<number> = { shape: { kind: 'int32' }, read: from => from.int32(), write: (to, value) => to.int32(value) }
export const uint16: Codec<number> = { shape: { kind: 'uint16' }, read: from => from.uint16(), write: (to, value) => to.uint16(value) }
export const uint32: Codec<number> = { shape: { kind: 'uint32' }, read: from => from.uint32(), write: (to, value) => to.uint32(value) }
export const float64: Codec<number> = { shape: { kind: 'float64' }, read: from => from.float64(), write: (to, value) => to.float64(value) }

/** A count, an offset, a timestamp, an id: exact to ±2^53, and refused beyond, both ways. */
export const int64: Codec<number> = { shape: { kind: 'int64' }, read: from => from.int64(), write: (to, value) => to.int64(value) }

/** An int64 that counts nothing, such as a hash: all its bits. */
export const bits64: Codec<bigint> = {
  shape: { kind: 'bits64' },
  read: from => from.int64Bits(),
  write: (to, value) => to.int64Bits(value),
}

/** What `unlimitedInt64` gives for Java's Long.MAX_VALUE, and writes as it. */
export const UNLIMITED = Number.MAX_SAFE_INTEGER

const LONG_MAX = 0x7fff_ffff_ffff_ffffn

/** An int64 in which Java says "no limit" with its largest long: that one, and all beyond 2^53, is UNLIMITED here. */
export const unlimitedInt64: Codec<number> = {
  shape: { kind: 'unlimitedInt64' },
  read: from => {
    const bits = from.int64Bits()
    if (bits < -UNLIMITED) from.fail('an int64 is outside ±2^53')
    return bits > UNLIMITED ? UNLIMITED : Number(bits)
  },
  write: (to, value) => (value === UNLIMITED ? to.int64Bits(LONG_MAX) : to.int64(value)),
}

export const uuid: Codec<Uuid> = {
  shape: { kind: 'uuid' },
  read: from => {
    const at = from.take(16)
    const { buffer } = from
    for (let index = at; index < at + 16; index++) if (buffer[index] !== 0) return buffer.toString('base64url', at, at + 16)
    return ZERO_UUID
  },
  write: (to, value) => to.uuid(value),
}

/** Length of what follows, or -1 for null. */
function readLength(from: ByteReader, version: Version, width: 'int16' | 'int32'): number {
  if (version.flexible) return from.unsignedVarint() - 1
  const length = from[width]()
  if (length < -1) from.fail(`a length of ${length} is declared`)
  return length
}

function writeLength(to: ByteWriter, length: number, version: Version, width: 'int16' | 'int32'): void {
  if (version.flexible) to.unsignedVarint(length + 1)
  else to[width](length)
}

function refuseNull(version: Version): never {
  throw new TypeError(`null cannot be written in version ${version.number}`)
}

/** Names mostly are: to find out costs less than to ask for the length of their UTF-8. */
function isShortAscii(text: string): boolean {
  if (text.length > SHORT_TEXT) return false
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7f) return false
  return true
}

function textCodec(nullableFrom: number): Codec<string | null> {
  return {
    shape: { kind: 'string', nullableFrom },
    read(from, version) {
      const length = readLength(from, version, 'int16')
      if (length >= 0) return from.text(length)
      if (version.number < nullableFrom) from.fail('null stands where a string must be')
      return null
    },
    write(to, value, version) {
      if (value === null) {
        if (version.number < nullableFrom) refuseNull(version)
        return writeLength(to, -1, version, 'int16')
      }
      const length = isShortAscii(value) ? value.length : Buffer.byteLength(value)
      writeLength(to, length, version, 'int16')
      to.text(value, length)
    },
  }
}

export const string = textCodec(NEVER) as Codec<string>
export const nullableString: Codec<string | null> = textCodec(0)
/** A string that may be null from version `first` on. */
export const nullableStringSince: (first: number) => Codec<string | null> = textCodec

function bytesCodec(nullableFrom: number): Codec<Buffer | null> {
  return {
    shape: { kind: 'bytes', nullableFrom },
    read(from, version) {
      const length = readLength(from, version, 'int32')
      if (length >= 0) return from.bytes(length)
      if (version.number < nullableFrom) from.fail('null stands where bytes must be')
      return null
    },
    write(to, value, version) {
      if (value === null && version.number < nullableFrom) refuseNull(version)
      writeLength(to, value === null ? -1 : value.length, version, 'int32')
      if (value !== null) to.bytes(value)
    },
  }
}

/** Bytes come out as a view of the buffer that was read; copy what outlives it. */
export const bytes = bytesCodec(NEVER) as Codec<Buffer>
export const nullableBytes: Codec<Buffer | null> = bytesCodec(0)

/** Record batches as they lie on disk and on the wire. A writer may give them in several pieces, a reader gets one view. */
export const records: Codec<Buffer | null, Buffer | readonly Buffer[] | null> = {
  shape: { kind: 'records' },
  read(from, version) {
    const length = readLength(from, version, 'int32')
    return length < 0 ? null : from.bytes(length)
  },
  write(to, value, version) {
    if (value === null) return writeLength(to, -1, version, 'int32')
    if (Buffer.isBuffer(value)) {
      writeLength(to, value.length, version, 'int32')
      return to.bytes(value)
    }
    const pieces = value
    let length = 0
    for (const piece of pieces) length += piece.length
    writeLength(to, length, version, 'int32')
    for (const piece of pieces) to.bytes(piece)
  },
}

/** An array over a ready codec; `array` in schema.ts also takes struct literals. */
export function arrayCodec<Out, In>(of: Codec<Out, In>, nullableFrom: number): Codec<readonly Out[] | null, readonly In[] | null> {
  return {
    shape: { kind: 'array', nullableFrom, of: of },
    read(from, version) {
      const count = readLength(from, version, 'int32')
      if (count < 0) {
        if (version.number < nullableFrom) from.fail('null stands where an array must be')
        return null
      }
      // No element of any of Kafka's arrays takes less than a byte, so that a count beyond what remains is a lie, told before memory is
      // taken.
      if (count > from.remaining) from.fail(`${count} elements are declared but ${from.remaining} bytes remain`)
      const values: Out[] = []
      for (let index = 0; index < count; index++) values.push(of.read(from, version))
      return values
    },
    write(to, value, version) {
      if (value === null) {
        if (version.number < nullableFrom) refuseNull(version)
        return writeLength(to, -1, version, 'int32')
      }
      writeLength(to, value.length, version, 'int32')
      for (let index = 0; index < value.length; index++) of.write(to, value[index]!, version)
    },
  }
}

/** The absent value of byte fields. */
export const NO_BYTES = Buffer.alloc(0)
