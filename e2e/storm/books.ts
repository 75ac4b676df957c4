/** What one writer was told about the records that it wrote to one partition. Its values are `<writer> <sequence> <padding>`. */
export class WriterBook {
  readonly writer: string
  readonly partition: number
  /** Whether the writer's records must be there once and in order, or may be there twice. */
  readonly isIdempotent: boolean
  /** Offset by sequence; -1 where nothing was heard of it. */
  readonly offsets: number[] = []
  acknowledged = 0

  constructor(of: { readonly writer: string; readonly partition: number; readonly isIdempotent: boolean }) {
    this.writer = of.writer
    this.partition = of.partition
    this.isIdempotent = of.isIdempotent
  }

  /** Of the next record, which the writer sends now. */
  next(): number {
    return this.offsets.push(-1) - 1
  }

  acknowledge(sequence: number, offset: number): void {
    this.offsets[sequence] = offset
    this.acknowledged += 1
  }
}

export const valueOf = (writer: string, sequence: number, padding: number): string => `${writer} ${sequence} ${'.'.repeat(padding)}`

export function readValue(value: string): { readonly writer: string; readonly sequence: number } {
  const [writer = '', sequence = ''] = value.split(' ', 2)
  return { writer, sequence: Number(sequence) }
}

/** How long nobody, and how long each writer, was told of a record that is stored. */
export class Gaps {
  longestMs = 0
  longestOfOneMs = 0
  readonly #lastOf = new Map<string, number>()
  #last: number | undefined

  acknowledged(writer: string, nowMs: number): void {
    this.longestMs = Math.max(this.longestMs, nowMs - (this.#last ?? nowMs))
    this.longestOfOneMs = Math.max(this.longestOfOneMs, nowMs - (this.#lastOf.get(writer) ?? nowMs))
    this.#last = nowMs
    this.#lastOf.set(writer, nowMs)
  }
}

/** What readers saw in one partition: by offset, whose record it was. */
export class ReaderBook {
  readonly values: (string | undefined)[] = []
  readonly changes: string[] = []
  reads = 0

  read(offset: number, value: string): void {
    const { writer, sequence } = readValue(value)
    const seen = `${writer} ${sequence}`
    const before = this.values[offset]
    if (before !== undefined && before !== seen) this.changes.push(`offset ${offset} was "${before}" and is "${seen}"`)
    this.values[offset] = seen
    this.reads += 1
  }
}

interface Commit {
  readonly by: string
  readonly offset: number
  readonly sentAt: number
  /** Undefined while nothing is known of it, which may be for ever. */
  ackedAt: number | undefined
}

/** So many commits are told of when one is not there. */
const RECENT = 20
const told = ({ by, offset, sentAt, ackedAt }: Commit) =>
  `${offset} by ${by} at ${Math.round(sentAt)} to ${ackedAt === undefined ? '?' : Math.round(ackedAt)}`

/**
 * A group's committed offset for one partition: a register. What is read from it must have been written and not overwritten before the question was
 * asked; a commit of which nothing was heard may take effect, or not.
 */
export class CommitRegister {
  acknowledged = 0
  readonly #recent: Commit[] = []
  /** What may be answered to each question that is open: what was possible when it was asked, and all that was sent since. */
  readonly #open = new Set<Commit[]>()
  /** Those that may be what the register holds. */
  #possible: Commit[] = [{ by: 'nobody', offset: -1, sentAt: -Infinity, ackedAt: -Infinity }]

  sends({ by, offset }: { readonly by: string; readonly offset: number }, nowMs: number): { acknowledged(nowMs: number): void } {
    const commit: Commit = { by, offset, sentAt: nowMs, ackedAt: undefined }
    this.#possible.push(commit)
    for (const question of this.#open) question.push(commit)
    this.#recent.push(commit)
    if (this.#recent.length > RECENT) this.#recent.shift()
    return {
      acknowledged: ackedAt => {
        commit.ackedAt = ackedAt
        this.acknowledged += 1
        this.#possible = this.#possible.filter(each => each.ackedAt === undefined || each.ackedAt >= commit.sentAt)
      },
    }
  }

  /** To be called when the question is asked; what that returns, with the answer if there was one: it tells what is wrong with it, if anything is. */
  asks(): (answered: number | undefined) => string | undefined {
    const possible = [...this.#possible]
    this.#open.add(possible)
    return answered => {
      this.#open.delete(possible)
      if (answered === undefined || possible.some(each => each.offset === answered)) return undefined
      const should = possible
        .slice(-RECENT)
        .map(each => each.offset)
        .join(' or ')
      return `the committed offset is ${answered}, and should be ${should}; the last commits were ${this.#recent.map(told).join(', ')}`
    }
  }
}
