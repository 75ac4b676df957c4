import { isPlainList, isPlainObject, type PlainValue } from '../plainValue.ts'
import { SchemaProblem, type SchemaPath } from '../schemaProblem.ts'

type Fields = Readonly<Record<string, PlainValue>>

/** One of Google's messages that has a look of its own in JSON. */
interface WellKnown {
  /** From its fields, which are shown already. `undefined` when they make no sense: then they stay as they are. */
  shown(fields: Fields): PlainValue | undefined
  /** Back to its fields; `undefined` when the value is nothing of the kind. */
  fields(value: PlainValue): Fields | undefined
  readonly what: string
}

const wrapper: WellKnown = { shown: ({ value }) => value, fields: value => ({ value }), what: 'a value' }

/** Within the years 1 to 9999, as Protobuf has it. */
const MAX_SECONDS = 253_402_300_799
const MIN_SECONDS = -62_135_596_800

const TIMESTAMP: WellKnown = {
  what: 'a time as 2026-01-31T12:34:56.789Z',
  shown: ({ seconds, nanos }) => {
    if (typeof seconds !== 'number' || typeof nanos !== 'number') return undefined
    if (seconds < MIN_SECONDS || seconds > MAX_SECONDS || nanos < 0 || nanos > 999_999_999) return undefined
    return `${new Date(seconds * 1_000).toISOString().slice(0, 19)}${fractionText(nanos)}Z`
  },
  fields: value => {
    if (typeof value !== 'string') return undefined
    const [, seconds, fraction = '', zone] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(value) ?? []
    const ms = Date.parse(`${seconds}${zone}`)
    return Number.isNaN(ms) ? undefined : { seconds: ms / 1_000, nanos: Number(fraction.padEnd(9, '0')) }
  },
}

const DURATION: WellKnown = {
  what: 'a duration as "1.5s"',
  shown: ({ seconds, nanos }) => {
    if (typeof seconds !== 'number' || typeof nanos !== 'number' || Math.abs(nanos) > 999_999_999) return undefined
    if (Math.sign(seconds) * Math.sign(nanos) < 0) return undefined
    return `${seconds < 0 || nanos < 0 ? '-' : ''}${Math.abs(seconds)}${fractionText(Math.abs(nanos))}s`
  },
  fields: value => {
    const [, sign, seconds, fraction = ''] = (typeof value === 'string' && /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(value)) || []
    if (seconds === undefined) return undefined
    const factor = sign === '-' ? -1 : 1
    return { seconds: factor * Number(seconds), nanos: factor * Number(fraction.padEnd(9, '0')) }
  },
}

const VALUE: WellKnown = {
  what: 'any JSON',
  shown: fields => {
    if ('null_value' in fields) return null
    return (
      fields['number_value'] ?? fields['string_value'] ?? fields['bool_value'] ?? fields['struct_value'] ?? fields['list_value'] ?? null
    )
  },
  fields: value => {
    if (value === null) return { null_value: 0 }
    if (typeof value === 'number' || typeof value === 'bigint') return { number_value: value }
    if (typeof value === 'string') return { string_value: value }
    if (typeof value === 'boolean') return { bool_value: value }
    return isPlainList(value) ? { list_value: value } : { struct_value: value }
  },
}

const WELL_KNOWN: Readonly<Record<string, WellKnown>> = {
  Timestamp: TIMESTAMP,
  Duration: DURATION,
  Value: VALUE,
  Struct: { what: 'an object', shown: ({ fields }) => fields, fields: value => (isPlainObject(value) ? { fields: value } : undefined) },
  ListValue: { what: 'a list', shown: ({ values }) => values, fields: value => (isPlainList(value) ? { values: value } : undefined) },
  FieldMask: {
    what: 'names of fields, with commas between them',
    shown: ({ paths }) => (isPlainList(paths) ? paths.map(path => (typeof path === 'string' ? path : '')).join(',') : undefined),
    fields: value => (typeof value === 'string' ? { paths: value === '' ? [] : value.split(',') } : undefined),
  },
  ...Object.fromEntries(
    ['Double', 'Float', 'Int64', 'UInt64', 'Int32', 'UInt32', 'Bool', 'String', 'Bytes'].map(type => [`${type}Value`, wrapper]),
  ),
}

const wellKnown = (fullName: string): WellKnown | undefined =>
  fullName.startsWith('google.protobuf.') && Object.hasOwn(WELL_KNOWN, fullName.slice(16)) ? WELL_KNOWN[fullName.slice(16)] : undefined

/** A message as Protobuf's JSON has it: a Timestamp is a text. Fields that are not known keep it as it is, so that they are seen. */
export function shownMessage(fullName: string, fields: Fields): PlainValue {
  if (Object.keys(fields).some(name => name.startsWith('?'))) return fields
  return wellKnown(fullName)?.shown(fields) ?? (fullName === 'google.protobuf.Value' ? null : fields)
}

/** The reverse of `shownMessage`. */
export function messageFields(fullName: string, value: PlainValue, path: SchemaPath): Fields {
  const known = wellKnown(fullName)
  const fields = known === undefined ? undefined : known.fields(value)
  if (fields !== undefined) return fields
  if (isPlainObject(value)) return value
  throw new SchemaProblem('value', `This is to be ${known?.what ?? `an object, the message ${fullName}`}`, path)
}

function fractionText(nanos: number): string {
  if (nanos === 0) return ''
  return `.${String(nanos)
    .padStart(9, '0')
    .replace(/(?:000){1,2}$/, '')}`
}
