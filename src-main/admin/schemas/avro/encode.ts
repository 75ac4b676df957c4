import { bytesOfHex, isPlainList, isPlainObject, type PlainValue } from '../plainValue.ts'
import { SchemaProblem, type SchemaPath } from '../schemaProblem.ts'
import { durationBytes, numberOfText, twosComplement, unscaledOf, type Logical } from './logical.ts'
import { branchName, type AvroType } from './schema.ts'

const INT = 2n ** 31n
const LONG = 2n ** 63n

/**
 * The bytes of a value that looks as `decodeAvro` shows it. A union takes its first branch that fits, or the one that is named as in Avro's own JSON:
 * `{ "string": "a" }`. Fields that are left out take their defaults. What does not fit is a `SchemaProblem` at its path.
 */
export function encodeAvro(type: AvroType, value: PlainValue): Buffer {
  return Buffer.concat(bytesOf(type, value, []))
}

function bytesOf(type: AvroType, value: PlainValue, path: SchemaPath): Buffer[] {
  switch (type.kind) {
    case 'null':
      if (value !== null) throw misfit('null', value, path)
      return []
    case 'boolean':
      if (typeof value !== 'boolean') throw misfit('true or false', value, path)
      return [Buffer.from([value ? 1 : 0])]
    case 'int':
    case 'long':
      return [varint(wholeNumber(type.kind, type.logical, value, path))]
    case 'float':
    case 'double':
      return [floating(type.kind, value, path)]
    case 'string':
      if (typeof value !== 'string') throw misfit('a text', value, path)
      return sized(Buffer.from(value, 'utf8'))
    case 'bytes':
      return sized(binary(type.logical, undefined, value, path))
    case 'fixed':
      return [binary(type.logical, type.size, value, path)]
    case 'enum': {
      const index = typeof value === 'string' ? type.symbols.indexOf(value) : -1
      if (index < 0) throw misfit(`one of ${type.symbols.slice(0, 20).join(', ')}`, value, path)
      return [varint(BigInt(index))]
    }
    case 'array': {
      if (!isPlainList(value)) throw misfit('a list', value, path)
      return block(value.map((item, n) => bytesOf(type.items, item, [...path, n])))
    }
    case 'map': {
      if (!isPlainObject(value)) throw misfit('an object', value, path)
      return block(Object.entries(value).map(([key, item]) => [...sized(Buffer.from(key)), ...bytesOf(type.items, item, [...path, key])]))
    }
    case 'union':
      return union(type.branches, value, path)
    case 'record':
      return record(type, value, path)
  }
}

function record(type: AvroType & { kind: 'record' }, value: PlainValue, path: SchemaPath): Buffer[] {
  if (!isPlainObject(value)) throw misfit(`an object, the record ${type.name}`, value, path)
  const unknown = Object.keys(value).find(name => !type.fields.some(field => field.name === name))
  if (unknown !== undefined) throw new SchemaProblem('value', `${type.name} has no such field`, [...path, unknown])
  return type.fields.flatMap(field => {
    const inField = [...path, field.name]
    const given = Object.hasOwn(value, field.name) ? value[field.name] : undefined
    if (given !== undefined) return bytesOf(field.type, given, inField)
    if (field.defaultValue === undefined) throw new SchemaProblem('value', 'This field is missing, and it has no default', inField)
    return bytesOf(field.type, field.defaultValue, inField)
  })
}

function union(branches: readonly AvroType[], value: PlainValue, path: SchemaPath): Buffer[] {
  const named = isPlainObject(value) && Object.keys(value).length === 1 ? Object.entries(value)[0] : undefined
  const chosen = named === undefined ? -1 : branches.findIndex(branch => branchName(branch) === named[0])
  if (named !== undefined && chosen >= 0) return [varint(BigInt(chosen)), ...bytesOf(branches[chosen]!, named[1], [...path, named[0]])]
  const problems: SchemaProblem[] = []
  for (const [index, branch] of branches.entries()) {
    if (branch.kind === 'null' && value !== null) continue
    try {
      return [varint(BigInt(index)), ...bytesOf(branch, value, path)]
    } catch (problem) {
      if (!(problem instanceof SchemaProblem)) throw problem
      problems.push(problem)
    }
  }
  // With one thing that it can be besides null, what is wrong with that one is what a person wants to know.
  if (problems.length === 1) throw problems[0]!
  throw misfit(`one of ${branches.map(branchName).join(', ')}`, value, path)
}

function wholeNumber(kind: 'int' | 'long', logical: Logical | undefined, value: PlainValue, path: SchemaPath): bigint {
  const bound = kind === 'int' ? INT : LONG
  const what = kind === 'int' ? 'a whole number of 32 bits' : 'a whole number of 64 bits'
  const meant = logical !== undefined && typeof value === 'string' ? numberOfText(logical, value) : undefined
  if (logical !== undefined && typeof value === 'string' && meant === undefined) throw misfit(LOOKS[logical.type] ?? what, value, path)
  const number =
    meant ?? (typeof value === 'bigint' ? value : typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : undefined)
  if (number === undefined || number < -bound || number >= bound) throw misfit(what, value, path)
  return number
}

const LOOKS: Partial<Record<Logical['type'], string>> = {
  date: 'a date as 2026-01-31, or the days since 1970',
  time: 'a time as 12:34:56.789, or the number it is',
  timestamp: 'a time as 2026-01-31T12:34:56.789Z, or the number it is',
  'local-timestamp': 'a time as 2026-01-31T12:34:56.789, or the number it is',
  decimal: 'a decimal number as "12.34"',
  duration: 'a duration as P1M2DT3.5S',
  uuid: 'a UUID',
}

function floating(kind: 'float' | 'double', value: PlainValue, path: SchemaPath): Buffer {
  const isSpecial = value === 'NaN' || value === 'Infinity' || value === '-Infinity'
  if (typeof value !== 'number' && typeof value !== 'bigint' && !isSpecial) throw misfit('a number', value, path)
  const bytes = Buffer.alloc(kind === 'float' ? 4 : 8)
  if (kind === 'float') bytes.writeFloatLE(Number(value))
  else bytes.writeDoubleLE(Number(value))
  return bytes
}

function binary(logical: Logical | undefined, size: number | undefined, value: PlainValue, path: SchemaPath): Buffer {
  const text = typeof value === 'number' || typeof value === 'bigint' ? String(value) : value
  const meant = typeof text === 'string' ? meaning(logical, size, text) : undefined
  const bytes = meant ?? (typeof value === 'string' ? plainBytes(value) : undefined)
  if (bytes !== undefined && (size === undefined || bytes.length === size)) return bytes
  const places = logical?.type === 'decimal' ? ` with at most ${logical.scale} places after the point` : ''
  const what = size === undefined ? 'bytes as "0x00ff"' : `${size} bytes as "0x00ff"`
  throw misfit(((logical && LOOKS[logical.type]) ?? what) + places, value, path)
}

function meaning(logical: Logical | undefined, size: number | undefined, text: string): Buffer | undefined {
  if (logical?.type === 'decimal') {
    const unscaled = unscaledOf(text, logical.scale)
    return unscaled === undefined ? undefined : twosComplement(unscaled, size)
  }
  if (logical?.type === 'duration') return durationBytes(text)
  return logical?.type === 'uuid' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)
    ? Buffer.from(text.replaceAll('-', ''), 'hex')
    : undefined
}

/** As `decodeAvro` shows bytes; or, as Avro's own JSON and the defaults in schemas have them, a text whose characters are the bytes. */
function plainBytes(text: string): Buffer | undefined {
  return bytesOfHex(text) ?? (/^[\u0000-\u00ff]*$/.test(text) ? Buffer.from(text, 'latin1') : undefined)
}

/** All items in one block, and the 0 that ends blocks. */
function block(items: readonly (readonly Buffer[])[]): Buffer[] {
  return items.length === 0 ? [varint(0n)] : [varint(BigInt(items.length)), ...items.flat(), varint(0n)]
}

const sized = (bytes: Buffer): Buffer[] => [varint(BigInt(bytes.length)), bytes]

function varint(value: bigint): Buffer {
  if (value >= 0n && value < 64n) return Buffer.from([Number(value) * 2])
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  return Buffer.from([...bytes, Number(rest)])
}

function misfit(wanted: string, value: PlainValue, path: SchemaPath): SchemaProblem {
  return new SchemaProblem('value', `This is to be ${wanted}, not ${shown(value)}`, path)
}

const MAX_SHOWN = 60

function shown(value: PlainValue): string {
  if (isPlainList(value)) return 'a list'
  if (isPlainObject(value)) return 'an object'
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`
}
