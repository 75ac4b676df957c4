import type { SearchPart } from '../../contract/search.ts'
import { ByteReader } from '../../protocol/byteReader.ts'
import type { LogRecord, RecordHeader } from '../../protocol/records/record.ts'
import { parseJson } from '../recordPath.ts'

/** A larger part is not parsed: what came out could take all the memory there is. */
const MAX_PARSED_BYTES = 64 * 1024 * 1024

const NOTHING: Buffer = Buffer.alloc(0)

/** A record that cannot be asked, and why. Counted as a failure; the search goes on. */
export class UnaskableRecord extends Error {
  override readonly name = 'UnaskableRecord'
}

/** Where one record of a batch lies. One object for all of them: made of it is only what is asked for. */
export class RecordView {
  bytes: Buffer = NOTHING
  offset = 0
  timestamp = 0
  keyAt = 0
  /** -1 for null. */
  keyLength = -1
  valueAt = 0
  /** -1 for null. */
  valueLength = -1
  end = 0

  /** A view of the batch. */
  part(part: 'key' | 'value'): Buffer | null {
    const [at, length] = part === 'key' ? [this.keyAt, this.keyLength] : [this.valueAt, this.valueLength]
    return length < 0 ? null : this.bytes.subarray(at, at + length)
  }

  text(part: 'key' | 'value'): string | null {
    const [at, length] = part === 'key' ? [this.keyAt, this.keyLength] : [this.valueAt, this.valueLength]
    return length < 0 ? null : this.bytes.toString('utf8', at, at + length)
  }

  /** What JSON makes of it, otherwise its text; undefined where it is null. */
  json(part: 'key' | 'value'): unknown {
    const length = part === 'key' ? this.keyLength : this.valueLength
    if (length > MAX_PARSED_BYTES) throw new UnaskableRecord(`A ${part} of ${length} bytes is too large to be parsed.`)
    const text = this.text(part)
    if (text === null) return undefined
    const parsed = parseJson(text)
    return parsed === undefined ? text : parsed
  }

  get headersAt(): number {
    return this.valueAt + Math.max(0, this.valueLength)
  }

  get headers(): readonly RecordHeader[] {
    const from = new ByteReader(this.bytes, this.headersAt)
    const count = from.varint()
    const headers: RecordHeader[] = []
    for (let index = 0; index < count; index++) {
      const key = from.text(from.varint())
      const length = from.varint()
      headers.push({ key, value: length < 0 ? null : from.bytes(length) })
    }
    return headers
  }

  /** Everything of it, still as views of the batch. */
  get record(): LogRecord {
    return { offset: this.offset, timestamp: this.timestamp, key: this.part('key'), value: this.part('value'), headers: this.headers }
  }

  /** Whether any of the texts in these parts is such. */
  someText(where: ReadonlySet<SearchPart>, isSuch: (text: string) => boolean): boolean {
    if (where.has('key') && this.keyLength >= 0 && isSuch(this.text('key')!)) return true
    if (where.has('value') && this.valueLength >= 0 && isSuch(this.text('value')!)) return true
    if (!where.has('headers') || this.bytes[this.headersAt] === 0) return false
    return this.headers.some(({ key, value }) => isSuch(key) || (value !== null && isSuch(value.toString('utf8'))))
  }

  /** Whether any of these parts has bytes of which `lies` says that they are within [at, end). Asked in the order in which the parts lie. */
  someBytes(where: ReadonlySet<SearchPart>, lies: (at: number, end: number) => boolean): boolean {
    if (where.has('key') && this.keyLength > 0 && lies(this.keyAt, this.keyAt + this.keyLength)) return true
    if (where.has('value') && this.valueLength > 0 && lies(this.valueAt, this.valueAt + this.valueLength)) return true
    if (!where.has('headers') || this.bytes[this.headersAt] === 0) return false
    const from = new ByteReader(this.bytes, this.headersAt)
    for (let left = from.varint(); left > 0; left--) {
      for (let part = 0; part < 2; part++) {
        const length = Math.max(0, from.varint())
        const at = from.take(length)
        if (length > 0 && lies(at, at + length)) return true
      }
    }
    return false
  }
}
