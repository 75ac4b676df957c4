/**
 * The language in which messages are declared. A struct is an object literal of codecs in wire order; `since`, `until`, `versions` and
 * `tagged` say which versions carry a field, and what its value is in the others. Decoders yield complete objects; writers may leave out
 * every field that has such a value. Compact lengths and tagged fields in flexible versions (KIP-482).
 */
import { type ByteReader, MalformedMessage } from './byteReader.ts'
import { ByteWriter } from './byteWriter.ts'
import { arrayCodec, type Codec, type FieldShape, NEVER, type Shape, type Version } from './codecs.ts'

export * from './codecs.ts'

/** A field that some versions do not carry, or that a writer may leave out. */
export interface Field<Out, In = Out> {
  readonly member: Codec<Out, In>
  readonly absent: Out
  readonly first: number
  readonly last: number
  readonly tag: number | undefined
  /** Whether a value that the version cannot carry is dropped; otherwise writing it is an error. */
  readonly ignorable: boolean
}

export type Member = Codec<unknown, never> | Field<unknown, never> | Literal
export interface Literal {
  readonly [name: string]: Member
}

type Flat<T> = { [Key in keyof T]: T[Key] }
type Optional<L> = { [Key in keyof L]: L[Key] extends Field<unknown, never> ? Key : never }[keyof L]

/** What a reader gets. */
export type Out<M> =
  M extends Field<infer T, never>
    ? T
    : M extends Codec<infer T, never>
      ? T
      : M extends Literal
        ? { -readonly [Key in keyof M]: Out<M[Key]> }
        : never

/** What a writer gives. */
export type In<M> =
  M extends Field<unknown, infer T>
    ? T
    : M extends Codec<unknown, infer T>
      ? T
      : M extends Literal
        ? Flat<{ readonly [Key in Exclude<keyof M, Optional<M>>]: In<M[Key]> } & { readonly [Key in Optional<M>]?: In<M[Key]> | undefined }>
        : never

type Carried<M extends Member> = Field<Out<M>, In<M>>

/** Carried from version `first` on. */
export function since<M extends Member>(first: number, member: M, absent: Out<M>, unless?: 'ignorable'): Carried<M> {
  return field(member, absent, { first, ignorable: unless === 'ignorable' })
}

/** Carried up to and with version `last`. */
export function until<M extends Member>(last: number, member: M, absent: Out<M>, unless?: 'ignorable'): Carried<M> {
  return field(member, absent, { last, ignorable: unless === 'ignorable' })
}

/** Carried in the versions `first` to `last`, both included. */
export function versions<M extends Member>(
  [first, last]: readonly [first: number, last: number],
  member: M,
  absent: Out<M>,
  unless?: 'ignorable',
): Carried<M> {
  return field(member, absent, { first, last, ignorable: unless === 'ignorable' })
}

/** Carried as tag number `tag` from version `first` on, and only when it differs from `absent`. */
export function tagged<M extends Member>(tag: number, first: number, member: M, absent: Out<M>, unless?: 'ignorable'): Carried<M> {
  return field(member, absent, { tag, first, ignorable: unless === 'ignorable' })
}

/** Carried always, but a writer may leave it out. */
export function withDefault<M extends Member>(member: M, absent: Out<M>): Carried<M> {
  return field(member, absent, {})
}

function field<M extends Member>(
  member: M,
  absent: Out<M>,
  { first = 0, last = NEVER, tag, ignorable = false }: { first?: number; last?: number; tag?: number; ignorable?: boolean },
): Carried<M> {
  return { member: codecOf(member), absent: frozen(absent), first, last, tag, ignorable }
}

/** Absent values are shared by all messages that lack the field, so that changing one must fail loudly. */
function frozen<T>(value: T): T {
  if (value !== null && typeof value === 'object' && !Buffer.isBuffer(value)) {
    Object.freeze(value)
    for (const part of Object.values(value)) frozen(part)
  }
  return value
}

export function array<M extends Member>(of: M): Codec<readonly Out<M>[], readonly In<M>[]> {
  return arrayCodec(codecOf(of), NEVER) as Codec<readonly Out<M>[], readonly In<M>[]>
}

export function nullableArray<M extends Member>(of: M): Codec<readonly Out<M>[] | null, readonly In<M>[] | null> {
  return arrayCodec(codecOf(of), 0)
}

/** An array that may be null from version `first` on. */
export function nullableArraySince<M extends Member>(first: number, of: M): Codec<readonly Out<M>[] | null, readonly In<M>[] | null> {
  return arrayCodec(codecOf(of), first)
}

/** A struct that may be null: one byte tells, -1 or 1. */
export function nullableStruct<L extends Literal>(literal: L): Codec<Out<L> | null, In<L> | null> {
  const inner = struct(literal)
  return {
    shape: { ...(inner.shape as Extract<Shape, { kind: 'struct' }>), nullable: true },
    read: (from, version) => (from.int8() < 0 ? null : inner.read(from, version)),
    write(to, value, version) {
      to.int8(value === null ? -1 : 1)
      if (value !== null) inner.write(to, value, version)
    },
  }
}

function isCodec(member: Member): member is Codec<unknown, never> {
  return typeof (member as { read?: unknown }).read === 'function'
}

function isField(member: Member): member is Field<unknown, never> {
  return 'member' in member && 'ignorable' in member
}

function codecOf<M extends Member>(member: M): Codec<Out<M>, In<M>> {
  return (isCodec(member) ? member : isField(member) ? member.member : struct(member)) as Codec<Out<M>, In<M>>
}

/** A value that could not be written: not a stranger's fault, so a plain failure of the caller. */
export class UnwritableMessage extends Error {
  override readonly name = 'UnwritableMessage'
}

/** What one version of a struct carries, worked out on first use. */
interface Plan {
  /**
   * Every field of every version in declared order, absent values in place: copied for each value read, so that all have one hidden
   * class.
   */
  readonly blank: Readonly<Record<string, unknown>>
  readonly names: readonly string[]
  readonly codecs: readonly Codec<unknown, unknown>[]
  readonly defaults: readonly unknown[]
  /** In ascending order, as the wire wants them. */
  readonly tags: readonly FieldShape[]
  /** What must not differ from its absent value, because it would be lost without a word. */
  readonly mustBeAbsent: readonly FieldShape[]
}

/**
 * Builds the codec of a struct. Literals inside `api`, `array` and the others become structs by themselves; call it for codecs used
 * alone.
 */
export function struct<L extends Literal>(literal: L): Codec<Out<L>, In<L>> {
  const fields: (FieldShape & { readonly ignorable: boolean })[] = Object.entries(literal).map(([name, member]) =>
    isCodec(member) || !isField(member)
      ? {
          name,
          first: 0,
          last: NEVER,
          tag: undefined,
          absent: undefined,
          ignorable: false,
          codec: codecOf(member),
        }
      : { ...member, name, codec: member.member },
  )
  const blank = Object.fromEntries(fields.map(({ name, absent }) => [name, absent]))
  const plans: (Plan | undefined)[] = []

  function planFor(version: Version): Plan {
    const slot = version.number * 2 + (version.flexible ? 1 : 0)
    return (plans[slot] ??= makePlan(version))
  }

  function makePlan({ number, flexible }: Version): Plan {
    const carried = fields.filter(each => each.first <= number && number <= each.last)
    const inPlace = carried.filter(each => each.tag === undefined)
    const tags = flexible ? carried.filter(each => each.tag !== undefined).sort((one, other) => one.tag! - other.tag!) : []
    return {
      blank,
      names: inPlace.map(each => each.name),
      codecs: inPlace.map(each => each.codec as Codec<unknown, unknown>),
      defaults: inPlace.map(each => each.absent),
      tags,
      mustBeAbsent: fields.filter(each => !each.ignorable && !inPlace.includes(each) && !tags.includes(each)),
    }
  }

  return {
    shape: { kind: 'struct', nullable: false, fields },

    read(from, version) {
      const { names, codecs, tags } = planFor(version)
      const value: Record<string, unknown> = { ...blank }
      let index = 0
      try {
        for (; index < names.length; index++) value[names[index]!] = codecs[index]!.read(from, version)
        if (version.flexible) readTags(from, tags, value, version)
      } catch (error) {
        if (error instanceof MalformedMessage && index < names.length) error.within(names[index]!)
        throw error
      }
      return value as Out<L>
    },

    write(to, given, version) {
      const value = given as Readonly<Record<string, unknown>>
      const { names, codecs, defaults, tags, mustBeAbsent } = planFor(version)
      let name = ''
      try {
        for (let index = 0; index < names.length; index++) {
          name = names[index]!
          const each = value[name] ?? (value[name] === null ? null : defaults[index])
          if (each === undefined) throw new TypeError('a value is missing')
          codecs[index]!.write(to, each, version)
        }
        for (const lost of mustBeAbsent) {
          name = lost.name
          if (!equals(value[name], lost.absent)) throw new TypeError(`version ${version.number} cannot carry it`)
        }
        if (version.flexible) {
          name = ''
          writeTags(to, tags, value, version)
        }
      } catch (error) {
        if (name === '') throw error
        const [path, reason] = error instanceof UnwritableMessage ? [`${name}.`, error.message] : [`${name}: `, (error as Error).message]
        throw new UnwritableMessage(path + reason, { cause: error })
      }
    },
  }
}

function readTags(from: ByteReader, tags: readonly FieldShape[], value: Record<string, unknown>, version: Version): void {
  const count = from.unsignedVarint()
  let previous = -1
  for (let index = 0; index < count; index++) {
    const tag = from.unsignedVarint()
    if (tag <= previous) from.fail(`tag ${tag} comes after tag ${previous}`)
    previous = tag
    const size = from.unsignedVarint()
    const known = tags.find(each => each.tag === tag)
    if (known === undefined) {
      from.take(size) // from a newer peer: not ours to know
      continue
    }
    if (size > from.remaining) from.fail(`${size} bytes are declared but ${from.remaining} remain`)
    const end = from.position + size
    try {
      value[known.name] = known.codec.read(from, version)
      if (from.position !== end) from.fail(`tag ${tag} declares ${size} bytes and takes ${from.position - end + size}`)
    } catch (error) {
      throw error instanceof MalformedMessage ? error.within(known.name) : error
    }
  }
}

function writeTags(to: ByteWriter, tags: readonly FieldShape[], value: Readonly<Record<string, unknown>>, version: Version): void {
  let count = 0
  for (const { name, absent } of tags) if (!equals(value[name], absent)) count++
  to.unsignedVarint(count)
  if (count === 0) return
  for (const { name, absent, tag, codec } of tags) {
    if (equals(value[name], absent)) continue
    // A tag's size comes before its content, which is small: writing it aside costs less than making room afterwards.
    const content = new ByteWriter(64)
    try {
      ;(codec as Codec<unknown, unknown>).write(content, value[name], version)
    } catch (error) {
      const [path, reason] = error instanceof UnwritableMessage ? [`${name}.`, error.message] : [`${name}: `, (error as Error).message]
      throw new UnwritableMessage(path + reason, { cause: error })
    }
    to.unsignedVarint(tag!)
    to.unsignedVarint(content.length)
    to.append(content)
  }
}

/** Whether a writer's value says the same as the absent one; what was left out does. */
function equals(value: unknown, absent: unknown): boolean {
  if (value === absent || value === undefined) return true
  if (value === null || absent === null || typeof value !== 'object' || typeof absent !== 'object') return false
  if (Buffer.isBuffer(value)) return Buffer.isBuffer(absent) && value.equals(absent)
  if (Array.isArray(value)) {
    return Array.isArray(absent) && value.length === absent.length && value.every((each, index) => equals(each, absent[index]))
  }
  for (const name in absent) if (!equals((value as Record<string, unknown>)[name], (absent as Record<string, unknown>)[name])) return false
  return true
}

/** One API in all the versions we speak. */
export interface Api<Request, RequestGiven, Response, ResponseGiven> {
  readonly key: number
  readonly name: string
  /** Versions that can be read and written, both included. */
  readonly versions: readonly [first: number, last: number]
  /**
   * Versions offered to clients; narrower than `versions` where only peers use the newest, wider where a client wants to see more than
   * works.
   */
  readonly advertised: readonly [first: number, last: number]
  /** The first version with compact encodings; undefined when there is none. */
  readonly flexibleFrom: number | undefined
  readonly request: Codec<Request, RequestGiven>
  readonly response: Codec<Response, ResponseGiven>
}

export type AnyApi = Api<unknown, never, unknown, never>

/** What the receiver of a request gets: complete in every version. */
export type RequestOf<A extends AnyApi> = A['request'] extends Codec<infer T, never> ? T : never
/** What the sender of a request gives: fields with an absent value may be left out. */
export type RequestInput<A extends AnyApi> = A['request'] extends Codec<unknown, infer T> ? T : never
/** What the receiver of a response gets: complete in every version. */
export type ResponseOf<A extends AnyApi> = A['response'] extends Codec<infer T, never> ? T : never
/** What the sender of a response gives: fields with an absent value may be left out. */
export type ResponseInput<A extends AnyApi> = A['response'] extends Codec<unknown, infer T> ? T : never

/** Declares an API. */
export function api<Request extends Literal, Response extends Literal>(declared: {
  readonly key: number
  readonly name: string
  readonly versions: readonly [first: number, last: number]
  readonly advertised?: readonly [first: number, last: number]
  readonly flexibleFrom?: number
  readonly request: Request
  readonly response: Response
}): Api<Out<Request>, In<Request>, Out<Response>, In<Response>> {
  const { key, name, versions, advertised = versions, flexibleFrom } = declared
  return { key, name, versions, advertised, flexibleFrom, request: struct(declared.request), response: struct(declared.response) }
}

const plain: Version[] = []
const compact: Version[] = []

/** Version `number` of something that is flexible from `flexibleFrom` on. The same object every time. */
export function versionOf(number: number, flexibleFrom: number | undefined): Version {
  const flexible = flexibleFrom !== undefined && number >= flexibleFrom
  return ((flexible ? compact : plain)[number] ??= { number, flexible })
}

/** Whether we can read and write that version of the API. */
export function speaks({ versions: [first, last] }: Pick<AnyApi, 'versions'>, version: number): boolean {
  return version >= first && version <= last
}
