import { isUtf8 } from 'node:buffer'
import type { BatchItem, DumpItem, Int64, ProblemItem, RecordItem } from './items.ts'

/** Longer keys and values are cut to this, with the length told. */
const SHOWN_CHARACTERS = 96
const SHOWN_HEX_BYTES = 32
/** Names in Kafka have 249 characters at most; what passes for one may have more. */
const SHOWN_NAME_CHARACTERS = 256
/** Control characters, and those that change how what follows is shown: nothing of a stranger's may act on a terminal. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/u
const INVISIBLE_EACH = new RegExp(INVISIBLE, 'gu')
/** ASCII that may stand between quotes as it is. */
const PLAIN = /^[ !#-[\]-~]*$/
const LINE_BREAKS = /[\t\n\r]/g

/** A line for a person, without the newline; a file begins with its name. Problems are not shown among the lines: see `problemText`. */
export function itemText(item: Exclude<DumpItem, ProblemItem>): string {
  switch (item.type) {
    case 'file': {
      const told = Object.entries(item.fields).map(([name, value]) => `, ${words(name)} ${shown(name, value)}`)
      return `${printable(item.file)}\n  ${item.kind}, ${item.sizeInBytes} bytes${told.join('')}`
    }
    case 'batch':
      return batchText(item)
    case 'record':
      return recordText(item)
    case 'entry': {
      if (item.entry === 'property') return `  ${printable(`${String(item.fields['key'])}=${String(item.fields['value'])}`)}`
      const at = item.position === undefined ? '' : `${`@${item.position}`.padEnd(10)}  `
      return `  ${at}${Object.entries(item.fields).map(column).join('  ')}`.trimEnd()
    }
  }
}

/** What is wrong and where, in a line. */
export function problemText({ file, position, offset, problem }: ProblemItem): string {
  const at = position === undefined ? '' : `, byte ${position}`
  return `${printable(file)}${at}${offset === undefined ? '' : `, offset ${offset}`}: ${printable(problem)}`
}

function batchText(batch: BatchItem): string {
  const producer = `producer ${batch.producerId} epoch ${batch.producerEpoch} sequence ${batch.baseSequence}..${batch.lastSequence}`
  const flags = [
    batch.producerId === -1 ? undefined : producer,
    batch.isTransactional ? 'transactional' : undefined,
    batch.isControl ? 'control' : undefined,
    batch.timestampType === 'LogAppendTime' ? 'LogAppendTime' : undefined,
    batch.deleteHorizonMs === null ? undefined : `delete horizon ${timeText(batch.deleteHorizonMs)}`,
    batch.isCrcValid ? undefined : 'CRC WRONG',
  ]
  const columns = [
    `@${batch.position}`.padEnd(10),
    `${batch.baseOffset}..${batch.lastOffset}`.padEnd(15),
    `${`${batch.recordCount}`.padStart(5)} ${batch.recordCount === 1 ? 'record ' : 'records'}`,
    `${`${batch.sizeInBytes}`.padStart(7)} bytes`,
    batch.compression.padEnd(6),
    `epoch ${batch.partitionLeaderEpoch}`.padEnd(8),
    timeText(batch.maxTimestamp),
    ...flags.filter(flag => flag !== undefined),
  ]
  return columns.join('  ').trimEnd()
}

function recordText(record: RecordItem): string {
  const headers = record.headers.map(({ key, value }) => `${cut(key)}: ${bytesText(value)}`)
  const said =
    record.decoded === undefined || record.decoded['type'] === 'unknown' || record.decoded['type'] === 'UnknownRecord'
      ? `${bytesText(record.key)}: ${bytesText(record.value)}`
      : decodedText(record.decoded)
  return `  ${`${record.offset}`.padStart(12)}  ${timeText(record.timestamp)}  ${said}${headers.length === 0 ? '' : `  {${headers.join(', ')}}`}`
}

/** Text in quotes where it is printable, else hex; cut, with the length told. */
export function bytesText(bytes: Buffer | null): string {
  if (bytes === null) return 'null'
  // What most are: plain letters that need no second look.
  if (bytes.length <= SHOWN_CHARACTERS) {
    const text = bytes.toString('latin1')
    if (PLAIN.test(text)) return `"${text}"`
  }
  const beginning = isUtf8(bytes) ? bytes.toString('utf8', 0, Math.min(bytes.length, 4 * SHOWN_CHARACTERS)) : undefined
  // The last character may have been cut in half.
  const characters = beginning === undefined ? [] : [...beginning].slice(0, SHOWN_CHARACTERS)
  const text = characters.join('')
  if (beginning !== undefined && !INVISIBLE.test(text.replace(LINE_BREAKS, ''))) {
    return Buffer.byteLength(text) === bytes.length ? quoted(text) : `${quoted(text)}… (${bytes.length} bytes)`
  }
  const hex = `0x${bytes.toString('hex', 0, SHOWN_HEX_BYTES)}`
  return bytes.length > SHOWN_HEX_BYTES ? `${hex}… (${bytes.length} bytes)` : hex
}

function decodedText({ type, ...fields }: Readonly<Record<string, unknown>>): string {
  return [String(type), ...Object.entries(fields).map(([name, value]) => `${name}=${valueText(name, value)}`)].join(' ')
}

function valueText(name: string, value: unknown): string {
  if (Buffer.isBuffer(value)) return bytesText(value)
  if (Array.isArray(value)) return `[${value.map(each => valueText(name, each)).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([inner, each]) => `${inner}=${valueText(inner, each)}`)
      .join(' ')}}`
  }
  return shown(name, value)
}

function column([name, value]: readonly [string, unknown]): string {
  const text = valueText(name, value)
  return `${words(name)} ${typeof value === 'number' ? text.padStart(10) : text.padEnd(16)}`
}

function shown(name: string, value: unknown): string {
  if (/timestamp/i.test(name) && (typeof value === 'number' || typeof value === 'string')) return timeText(value)
  return typeof value === 'string' ? cut(value) : String(value)
}

/** In quotes, and no longer than anybody reads. */
function cut(text: string): string {
  return text.length <= SHOWN_NAME_CHARACTERS
    ? quoted(text)
    : `${quoted(text.slice(0, SHOWN_NAME_CHARACTERS))}… (${text.length} characters)`
}

/** `lastStableOffset` as `last stable offset`. */
function words(name: string): string {
  return name.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)
}

/** Of one width, unless it is beyond what a calendar has. */
function timeText(timestamp: Int64): string {
  const date = new Date(typeof timestamp === 'number' && timestamp >= 0 ? timestamp : NaN)
  return Number.isNaN(date.getTime()) ? `${timestamp}`.padEnd(24) : date.toISOString()
}

/** Names that need no quotes stay as they are. */
function quoted(text: string): string {
  return `"${printable(text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t'))}"`
}

/** Anything of a stranger's on a terminal. */
function printable(text: string): string {
  return text.replace(INVISIBLE_EACH, char => `\\u{${char.codePointAt(0)?.toString(16)}}`)
}
