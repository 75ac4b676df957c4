import type { RecordView } from './recordView.ts'

/**
 * Where a predicate runs: it reaches nothing but what it is given, which is text and numbers, and gives back text. What it throws is in `problem`.
 * Throws `TooSlow` when it takes longer than it may, `TooMuchMemory` when that is because little memory is left.
 */
export interface PredicateSandbox {
  /** `texts` are keys, values, names and values of headers, one after the other; `numbers` say where each ends. One letter comes back for each record: y, n or f for failed. */
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
  /** Per record: offset, timestamp, length of the key and of the value in `texts` (-1 for null), count of headers, two lengths for each. */
  readonly numbers: string
  readonly texts: string
}

/** Packs records into a question. */
export class QuestionBuilder {
  #numbers: number[] = []
  #texts: string[] = []
  #records = 0
  #size = 0

  get records(): number {
    return this.#records
  }

  /** Characters of the texts. */
  get size(): number {
    return this.#size
  }

  add(record: RecordView): void {
    this.#numbers.push(record.offset, record.timestamp)
    this.#addText(record.text('key'))
    this.#addText(record.text('value'))
    if (record.bytes[record.headersAt] === 0) this.#numbers.push(0)
    else {
      const { headers } = record
      this.#numbers.push(headers.length)
      for (const { key, value } of headers) {
        this.#addText(key)
        this.#addText(value === null ? null : value.toString('utf8'))
      }
    }
    this.#records += 1
  }

  /** What was added since the last time. */
  take(partition: number): PredicateQuestion {
    const question = { partition, records: this.#records, numbers: `[${this.#numbers.join()}]`, texts: this.#texts.join('') }
    this.#numbers = []
    this.#texts = []
    this.#records = 0
    this.#size = 0
    return question
  }

  #addText(text: string | null): void {
    this.#numbers.push(text === null ? -1 : text.length)
    if (text === null) return
    this.#texts.push(text)
    this.#size += text.length
  }
}
