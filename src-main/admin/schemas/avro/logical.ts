import type { PlainValue } from '../plainValue.ts'

/** What a number or some bytes mean, beyond what they are. One that is not known, or does not fit its type, is ignored, as the specification has it. */
export type Logical =
  | { readonly type: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly type: 'date' | 'uuid' | 'duration' }
  /** `digits`: places after the second that a unit stands for. */
  | { readonly type: 'time' | 'timestamp' | 'local-timestamp'; readonly digits: 3 | 6 | 9 }

const DIGITS = { millis: 3, micros: 6, nanos: 9 } as const
const UUID_BYTES = 16
const DURATION_BYTES = 12

/** The logical type of a schema's object; `fixedSize` when its type is a fixed. */
export function logicalOf(json: Readonly<Record<string, PlainValue>>, fixedSize: number | undefined): Logical | undefined {
  const { logicalType, type } = json
  if (typeof logicalType !== 'string') return undefined
  const isFixed = fixedSize !== undefined
  if (logicalType === 'decimal') return type === 'bytes' || isFixed ? decimalOf(json) : undefined
  if (logicalType === 'uuid') return type === 'string' || fixedSize === UUID_BYTES ? { type: 'uuid' } : undefined
  if (logicalType === 'duration') return fixedSize === DURATION_BYTES ? { type: 'duration' } : undefined
  if (logicalType === 'date') return type === 'int' ? { type: 'date' } : undefined
  const [, of, unit] = /^(time|timestamp|local-timestamp)-(millis|micros|nanos)$/.exec(logicalType) ?? []
  if (of === undefined || unit === undefined) return undefined
  const isInt = of === 'time' && unit === 'millis'
  if (type !== (isInt ? 'int' : 'long')) return undefined
  return { type: of as 'time' | 'timestamp' | 'local-timestamp', digits: DIGITS[unit as keyof typeof DIGITS] }
}

function decimalOf({ precision, scale = 0 }: Readonly<Record<string, PlainValue>>): Logical | undefined {
  if (typeof precision !== 'number' || typeof scale !== 'number') return undefined
  if (!Number.isSafeInteger(precision) || !Number.isSafeInteger(scale)) return undefined
  // A hostile scale would make texts of a gigabyte.
  return precision > 0 && scale >= 0 && scale <= precision && precision <= 10_000 ? { type: 'decimal', precision, scale } : undefined
}

const DAY_MS = 86_400_000
/** Dates beyond it are shown as the number they are. */
const MAX_DATE_MS = 8_640_000_000_000_000

/** A number as the text that its logical type makes of it; `undefined` when it is no such thing, a date a million years away. */
export function textOfNumber(logical: Logical, value: bigint): string | undefined {
  if (logical.type === 'date') {
    const ms = Number(value) * DAY_MS
    return Math.abs(ms) <= MAX_DATE_MS ? new Date(ms).toISOString().replace(/T.*/, '') : undefined
  }
  if (!('digits' in logical)) return undefined
  const unitsPerMs = 10n ** BigInt(logical.digits - 3)
  const ms = value >= 0n ? value / unitsPerMs : -((-value + unitsPerMs - 1n) / unitsPerMs)
  const fine = String(value - ms * unitsPerMs).padStart(logical.digits - 3, '0')
  const tail = logical.digits === 3 ? '' : fine
  if (logical.type === 'time') {
    if (value < 0n || ms >= BigInt(DAY_MS)) return undefined
    return new Date(Number(ms)).toISOString().slice(11, -1) + tail
  }
  if (ms > MAX_DATE_MS || ms < -MAX_DATE_MS) return undefined
  return new Date(Number(ms)).toISOString().slice(0, -1) + tail + (logical.type === 'timestamp' ? 'Z' : '')
}

/** The reverse of `textOfNumber`; `undefined` when the text is none. Fewer digits after the second are zeros. */
export function numberOfText(logical: Logical, text: string): bigint | undefined {
  if (logical.type === 'date') {
    if (!/^[+-]?\d{4,6}-\d\d-\d\d$/.test(text)) return undefined
    const ms = Date.parse(`${text}T00:00:00Z`)
    return Number.isNaN(ms) ? undefined : BigInt(ms / DAY_MS)
  }
  if (!('digits' in logical)) return undefined
  const isTime = logical.type === 'time'
  const whole = isTime ? `1970-01-01T${text}Z` : logical.type === 'timestamp' ? text : `${text}Z`
  const [, seconds, fraction = '', zone] =
    /^([+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(whole) ?? []
  if (seconds === undefined || zone === undefined || fraction.length > logical.digits) return undefined
  const ms = Date.parse(`${seconds}${zone}`)
  if (Number.isNaN(ms)) return undefined
  return BigInt(ms) * 10n ** BigInt(logical.digits - 3) + BigInt(fraction.padEnd(logical.digits, '0'))
}

/** Big-endian two's complement with a decimal point put into it. */
export function decimalText(bytes: Buffer, scale: number): string {
  const unscaled = bytes.length === 0 ? 0n : BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`))
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  const point = digits.length - scale
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}${scale > 0 ? `.${digits.slice(point)}` : ''}`
}

/** The unscaled number of a decimal's text; `undefined` when it is none, or has more places than `scale`. */
export function unscaledOf(text: string, scale: number): bigint | undefined {
  const [, sign, whole, fraction = ''] = /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(text) ?? []
  if (whole === undefined) return undefined
  const places = fraction.replace(/0+$/, '')
  if (places.length > scale) return undefined
  const unscaled = BigInt(whole + places.padEnd(scale, '0'))
  return sign === '-' ? -unscaled : unscaled
}

/** As few bytes as hold it, or exactly `size`; `undefined` when it does not fit. */
export function twosComplement(value: bigint, size?: number): Buffer | undefined {
  let length = 1
  while (BigInt.asIntN(length * 8, value) !== value) length += 1
  if (size !== undefined && length > size) return undefined
  const bytes = size ?? length
  return Buffer.from(
    BigInt.asUintN(bytes * 8, value)
      .toString(16)
      .padStart(bytes * 2, '0'),
    'hex',
  )
}

/** Months, days and milliseconds, each an unsigned little-endian number, as ISO 8601 writes durations. */
export function durationText(bytes: Buffer): string {
  const [months, days, ms] = [bytes.readUInt32LE(0), bytes.readUInt32LE(4), bytes.readUInt32LE(8)]
  return `P${months}M${days}DT${ms / 1_000}S`
}

/** The reverse of `durationText`; `undefined` when the text is none. */
export function durationBytes(text: string): Buffer | undefined {
  const [, months, days, seconds] = /^P(\d+)M(\d+)DT(\d+(?:\.\d{1,3})?)S$/.exec(text) ?? []
  const parts = [Number(months), Number(days), Math.round(Number(seconds) * 1_000)]
  if (!parts.every(part => Number.isSafeInteger(part) && part <= 0xffff_ffff)) return undefined
  const bytes = Buffer.alloc(DURATION_BYTES)
  parts.forEach((part, n) => bytes.writeUInt32LE(part, n * 4))
  return bytes
}

export function uuidText(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
