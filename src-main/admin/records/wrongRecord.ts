import { fillIn } from '../../base/fillIn.ts'
import { RECORD_PARTS, RECORD_PROBLEMS, type RecordPartName, type RecordProblem, type Told, type ToldDetails } from '../../contract/told.ts'

/** What somebody wrote, or gave as a text, is no record, or no payload of one: a sentence that a person can act on. */
export class WrongRecord extends Error implements Told {
  readonly code: string
  readonly details: ToldDetails
  readonly #problem: RecordProblem

  constructor(problem: RecordProblem, details: ToldDetails = {}) {
    super(sentence(problem, details))
    this.name = 'WrongRecord'
    this.code = `recordProblems.${problem}`
    this.details = details
    this.#problem = problem
  }

  /** The same of a part, which only who reads the whole can name. */
  of(part: RecordPartName, header = ''): WrongRecord {
    return new WrongRecord(this.#problem, { ...this.details, part, ...(header === '' ? {} : { header }) })
  }

  /** The same with more to stand in its sentence. */
  with(details: ToldDetails): WrongRecord {
    return new WrongRecord(this.#problem, { ...this.details, ...details })
  }

  get told(): Told {
    const { code, details, message } = this
    return { code, details, message }
  }
}

function sentence(problem: RecordProblem, details: ToldDetails): string {
  const what = fillIn(RECORD_PROBLEMS[problem], details)
  const { part } = details
  return typeof part === 'string' ? fillIn(RECORD_PARTS[part as RecordPartName], { ...details, what }) : what
}

/** What `make` makes; what is wrong with it is told of this part. */
export function ofPart<T>(part: RecordPartName, header: string, make: () => T): T {
  try {
    return make()
  } catch (problem) {
    throw problem instanceof WrongRecord ? problem.of(part, header) : problem
  }
}
