import { mayBeJson } from '../recordPath.ts'
import type { RecordView } from './recordView.ts'

/**
 * Where a predicate runs: it reaches nothing but what it is given, which is text and numbers, and gives back text. What it throws is in `problem`.
 * Throws `TooSlow` when it takes longer than it may, `TooMuchMemory` when that is because little memory is left.
 */
export interface PredicateSandbox {
  /** One letter comes back for each record: y, n or f for failed. */
  ask(question: PredicateQuestion): { readonly verdicts: string; readonly problem: string | null }
}

/** Throws `InvalidFilter` when the source is no JavaScript. */
export type OpenSandbox = (source: string) => PredicateSandbox

export class TooSlow extends Error {
  override readonly name = 'TooSlow'
}

export class TooMuchMemory extends Error {
  override readonly name = 'TooMuchMemory'
}

export interface PredicateQuestion {
  readonly partition: number
  readonly records: number
  /** Per record: offset, timestamp, which parts are worth parsing (`KEY_MAY_BE_JSON` and `VALUE_MAY_BE_JSON`), count of headers. */
  readonly numbers: readonly number[]
  /** Per record: key, value, and of each header its name and its value. */
  readonly texts: readonly (string | null)[]
}

export const KEY_MAY_BE_JSON = 1
export const VALUE_MAY_BE_JSON = 2

export type PredicatePart = 'key' | 'value' | 'headers'

/** A name can be written with escapes, and all that a function was given has a name of its own. */
const MAY_NAME_ANYTHING = /\\u|arguments/

/** What a predicate may look at. Nothing has to be decoded for one whose source does not even name it. */
export function partsNamedIn(source: string): ReadonlySet<PredicatePart> {
  const all: readonly PredicatePart[] = ['key', 'value', 'headers']
  return new Set(MAY_NAME_ANYTHING.test(source) ? all : all.filter(part => source.includes(part)))
}

/** Packs records into a question. Parts that nobody looks at are null in it. */
export class QuestionBuilder {
  readonly #needed: Readonly<Record<PredicatePart, boolean>>
  #numbers: number[] = []
  #texts: (string | null)[] = []
  #records = 0
  #size = 0

  constructor(needed: ReadonlySet<PredicatePart>) {
    this.#needed = { key: needed.has('key'), value: needed.has('value'), headers: needed.has('headers') }
  }

  get records(): number {
    return this.#records
  }

  /** Characters of the texts. */
  get size(): number {
    return this.#size
  }

  /** Bytes that have to be decoded to ask about it. */
  sizeOf({ keyLength, valueLength }: RecordView): number {
    return (this.#needed.key ? Math.max(0, keyLength) : 0) + (this.#needed.value ? Math.max(0, valueLength) : 0)
  }

  add(record: RecordView): void {
    const key = this.#needed.key ? record.text('key') : null
    const value = this.#needed.value ? record.text('value') : null
    const hasHeaders = this.#needed.headers && record.bytes[record.headersAt] !== 0
    const headers = hasHeaders ? record.headers : []
    this.#numbers.push(
      record.offset,
      record.timestamp,
      (key !== null && mayBeJson(key) ? KEY_MAY_BE_JSON : 0) + (value !== null && mayBeJson(value) ? VALUE_MAY_BE_JSON : 0),
      headers.length,
    )
    this.#addText(key)
    this.#addText(value)
    for (const header of headers) {
      this.#addText(header.key)
      this.#addText(header.value === null ? null : header.value.toString('utf8'))
    }
    this.#records += 1
  }

  /** What was added since the last time. */
  take(partition: number): PredicateQuestion {
    const question = { partition, records: this.#records, numbers: this.#numbers, texts: this.#texts }
    this.#numbers = []
    this.#texts = []
    this.#records = 0
    this.#size = 0
    return question
  }

  #addText(text: string | null): void {
    this.#texts.push(text)
    if (text !== null) this.#size += text.length
  }
}
