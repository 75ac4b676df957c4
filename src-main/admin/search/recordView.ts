import type { SearchPart } from '../../contract/search.ts'
import { ByteReader } from '../../protocol/byteReader.ts'
import type { LogRecord, RecordHeader } from '../../protocol/records/record.ts'
import { SEARCH_BOUNDS } from '../formats/bounds.ts'
import type { Decoded } from '../formats/decoded.ts'
import { textOfDecoded, valueOfDecoded } from '../formats/readDecoded.ts'
import { detectingDecoder, type RecordDecoder } from '../formats/recordDecoder.ts'
import { parseJson } from '../recordPath.ts'

const NOTHING: Buffer = Buffer.alloc(0)

/** A record that cannot be asked, and why. Counted as a failure; the search goes on. */
export class UnaskableRecord extends Error {
  override readonly name = 'UnaskableRecord'
}

/** Where one record of a batch lies. One object for all of them: made of it is only what is asked for. */
export class RecordView {
  decoder: RecordDecoder = detectingDecoder
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

  /** For who keeps it while the view goes on to the next record. */
  copy(): RecordView {
    const copy = new RecordView()
    copy.decoder = this.decoder
    copy.bytes = this.bytes
    copy.offset = this.offset
    copy.timestamp = this.timestamp
    copy.keyAt = this.keyAt
    copy.keyLength = this.keyLength
    copy.valueAt = this.valueAt
    copy.valueLength = this.valueLength
    copy.end = this.end
    return copy
  }

  /** A view of the batch. */
  part(part: 'key' | 'value'): Buffer | null {
    const [at, length] = part === 'key' ? [this.keyAt, this.keyLength] : [this.valueAt, this.valueLength]
    return length < 0 ? null : this.bytes.subarray(at, at + length)
  }

  /** Whether the bytes of a part are what is looked into. */
  isPlain(part: 'key' | 'value', as: 'text' | 'json'): boolean {
    const [at, length] = part === 'key' ? [this.keyAt, this.keyLength] : [this.valueAt, this.valueLength]
    if (length <= 0) return true
    return this.decoder.plain(part, as)[this.bytes[at]!] === 1 && !(this.decoder.needsSchemas && this.#hasHeaders)
  }

  /** What it was decoded to; of bytes that cannot be decoded, what they are as text. */
  text(part: 'key' | 'value'): string | null {
    const bytes = this.part(part)
    if (bytes === null) return null
    const decoded = this.isPlain(part, 'text') ? null : textOfDecoded(this.#decoded(part, bytes), bytes)
    return decoded ?? bytes.toString('utf8')
  }

  /** What it was decoded to, or what JSON makes of its text, otherwise the text; undefined where it is null. */
  json(part: 'key' | 'value'): unknown {
    const bytes = this.part(part)
    if (bytes === null) return undefined
    if (bytes.length > SEARCH_BOUNDS.bytes) throw new UnaskableRecord(`A ${part} of ${bytes.length} bytes is too large to be parsed.`)
    if (this.isPlain(part, 'json')) {
      const text = bytes.toString('utf8')
      const parsed = parseJson(text)
      return parsed === undefined ? text : parsed
    }
    const decoded = this.#decoded(part, bytes)
    return valueOfDecoded(decoded, bytes, SEARCH_BOUNDS.parts) ?? textOfDecoded(decoded, bytes) ?? bytes.toString('utf8')
  }

  /** A search that looked at the beginning of a value would seem to have looked at all of it. */
  #decoded(part: 'key' | 'value', bytes: Buffer): Decoded {
    const decoded = this.decoder.decode(part, bytes, this, SEARCH_BOUNDS)
    const code = decoded.problem?.code
    if (bytes.length > SEARCH_BOUNDS.bytes || code === 'cut' || code === 'tooLarge' || code === 'tooDeep')
      throw new UnaskableRecord(`A ${part} is too large, or too deep, to be decoded.`)
    return decoded
  }

  get key(): Buffer | null {
    return this.part('key')
  }

  get #hasHeaders(): boolean {
    return this.bytes[this.headersAt] !== 0
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
    if (!where.has('headers') || !this.#hasHeaders) return false
    return this.headers.some(({ key, value }) => isSuch(key) || (value !== null && isSuch(value.toString('utf8'))))
  }

  /**
   * Whether any of these parts has bytes of which `lies` says that they are within [at, end), or is such a text where it has to be decoded first. Asked in
   * the order in which the parts lie.
   */
  someBytes(where: ReadonlySet<SearchPart>, lies: (at: number, end: number) => boolean, isSuch: (text: string) => boolean): boolean {
    if (where.has('key') && this.keyLength > 0) {
      if (this.isPlain('key', 'text') ? lies(this.keyAt, this.keyAt + this.keyLength) : isSuch(this.text('key')!)) return true
    }
    if (where.has('value') && this.valueLength > 0) {
      if (this.isPlain('value', 'text') ? lies(this.valueAt, this.valueAt + this.valueLength) : isSuch(this.text('value')!)) return true
    }
    if (!where.has('headers') || !this.#hasHeaders) return false
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
