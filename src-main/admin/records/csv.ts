/**
 * CSV of RFC 4180, read from bytes that come in pieces. Beyond it: a field that is empty and not quoted is null, one that is quoted and empty is
 * empty, as PostgreSQL has it; `;` and tabs separate as well, when the first row has no comma.
 *
 *   start of a field → (quote) quoted → (quote) closing → (separator, end of row) start of a field
 *                    → (anything else) plain → (separator, end of row) start of a field
 *   a quote in `plain`, or anything else after `closing` → broken → (end of the line) start of a field
 */
import { WrongRecord } from './wrongRecord.ts'

const QUOTE = 34
const LINE_FEED = 10
const CARRIAGE_RETURN = 13
const COMMA = 44
const SEPARATORS: readonly number[] = [COMMA, 59, 9]

export interface CsvField {
  readonly bytes: Buffer
  readonly isQuoted: boolean
}

export interface CsvListener {
  /** `line` is the one where the row begins, from 1. */
  row(line: number, fields: readonly CsvField[]): void
  broken(line: number, why: WrongRecord): void
}

type State = 'start' | 'plain' | 'quoted' | 'closing' | 'broken'

export class CsvReader {
  readonly #listener: CsvListener
  readonly #maxRowBytes: number
  #state: State = 'start'
  #separator: number | undefined
  #line = 1
  #rowLine = 1
  #fields: CsvField[] = []
  /** Of the field that has begun: what was read of it before this piece. */
  #begun: Buffer[] = []
  #rowBytes = 0
  #problem: WrongRecord | undefined

  constructor(listener: CsvListener, maxRowBytes: number) {
    this.#listener = listener
    this.#maxRowBytes = maxRowBytes
  }

  push(chunk: Buffer): void {
    let from = 0
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!
      switch (this.#state) {
        case 'start':
          from = at
          if (byte === QUOTE) {
            this.#state = 'quoted'
            from = at + 1
          } else if (byte === LINE_FEED || this.#isSeparator(byte)) this.#endField(chunk, from, at, byte)
          else this.#state = 'plain'
          break
        case 'plain':
          if (byte === LINE_FEED || this.#isSeparator(byte)) this.#endField(chunk, from, at, byte)
          else if (byte === QUOTE) this.#break(new WrongRecord('quoteInside'))
          break
        case 'quoted':
          if (byte === QUOTE) {
            this.#keep(chunk.subarray(from, at))
            this.#state = 'closing'
          } else if (byte === LINE_FEED) this.#line += 1
          break
        case 'closing':
          if (byte === QUOTE) {
            // Two of them are one, and the second begins what is kept next.
            this.#state = 'quoted'
            from = at
          } else if (byte === LINE_FEED || this.#isSeparator(byte)) this.#endQuoted(byte)
          else if (byte !== CARRIAGE_RETURN) this.#break(new WrongRecord('behindQuote'))
          break
        case 'broken':
          if (byte === LINE_FEED) this.#endRow()
      }
      if (this.#rowBytes + at - from > this.#maxRowBytes && this.#state !== 'broken') {
        this.#break(new WrongRecord('rowTooLong', { bytes: this.#maxRowBytes }))
      }
    }
    if (this.#state === 'plain' || this.#state === 'quoted') this.#keep(chunk.subarray(from))
  }

  end(): void {
    if (this.#state === 'quoted') this.#break(new WrongRecord('quoteOpen'))
    if (this.#state === 'start' && this.#fields.length === 0) return
    if (this.#state === 'closing') this.#endQuoted(LINE_FEED)
    else if (this.#state === 'broken') this.#endRow()
    else this.#endField(NOTHING, 0, 0, LINE_FEED)
  }

  #isSeparator(byte: number): boolean {
    if (this.#separator !== undefined) return byte === this.#separator
    if (!SEPARATORS.includes(byte)) return false
    this.#separator = byte
    return true
  }

  #keep(bytes: Buffer): void {
    this.#rowBytes += bytes.length
    if (bytes.length > 0) this.#begun.push(bytes)
  }

  #endField(chunk: Buffer, from: number, to: number, byte: number): void {
    this.#keep(chunk.subarray(from, to))
    let bytes = this.#takeBegun()
    if (byte === LINE_FEED && bytes.at(-1) === CARRIAGE_RETURN) bytes = bytes.subarray(0, -1)
    this.#fields.push({ bytes, isQuoted: false })
    this.#next(byte)
  }

  #endQuoted(byte: number): void {
    this.#fields.push({ bytes: this.#takeBegun(), isQuoted: true })
    this.#next(byte)
  }

  #next(byte: number): void {
    if (byte === LINE_FEED) this.#endRow()
    else this.#state = 'start'
  }

  #takeBegun(): Buffer {
    const bytes = this.#begun.length === 1 ? this.#begun[0]! : Buffer.concat(this.#begun)
    this.#begun = []
    return bytes
  }

  #break(why: WrongRecord): void {
    this.#state = 'broken'
    this.#problem = why
    this.#begun = []
  }

  #endRow(): void {
    const fields = this.#fields
    const isBlank = fields.length === 1 && fields[0]!.bytes.length === 0 && !fields[0]!.isQuoted
    if (this.#problem !== undefined) this.#listener.broken(this.#rowLine, this.#problem)
    else if (!isBlank) this.#listener.row(this.#rowLine, fields)
    this.#line += 1
    this.#rowLine = this.#line
    // A table of one column has none, and what stands in its texts is not one either.
    this.#separator ??= COMMA
    this.#fields = []
    this.#problem = undefined
    this.#rowBytes = 0
    this.#state = 'start'
  }
}

const NOTHING = Buffer.alloc(0)

/** A row as `CsvReader` reads it: null is nothing, everything that could be mistaken is quoted. */
export function csvRow(fields: readonly (string | number | null)[]): string {
  return fields.map(field => (field === null ? '' : typeof field === 'number' ? String(field) : csvText(field))).join(',')
}

const csvText = (text: string) => (text === '' || /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
