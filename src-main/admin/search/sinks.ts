import type { MessageRow } from '../../contract/messages.ts'
import type { TimestampType } from '../../protocol/records/batch.ts'
import type { LogRecord } from '../../protocol/records/record.ts'
import type { RecordDecoder } from '../formats/recordDecoder.ts'
import type { RecordFilter } from './filter.ts'
import { type PredicatePart, type PredicateSandbox, QuestionBuilder } from './predicate.ts'
import type { RecordView } from './recordView.ts'
import type { ScanSink } from './scanBatches.ts'
import type { ScanReport, ScanSection } from './searchWorkers.ts'

/** Hits wait for others for no longer than this, and watchers for a sign of life. */
const REPORT_EVERY_MS = 40
const ROWS_AT_ONCE = 100
/** A look at the clock costs as much as a look at a small record. */
const CLOCK_EVERY = 16

/** A question of a predicate grows while its answers are quick, so that one slow record is told from many. */
const QUICK_MS = 20
const SLOW_MS = 80
const MAX_RECORDS = 4_096
const MAX_CHARACTERS = 4 * 1024 * 1024
/** What JSON makes of it takes many times as much of the sandbox's memory. */
const MAX_RECORD_BYTES = 16 * 1024 * 1024

interface Surroundings {
  elapsed(): number
  answer(report: ScanReport): void
  readonly decoder: RecordDecoder
  rowOf(partition: number, timestampType: TimestampType, record: LogRecord): MessageRow
}

/** A sink that reports. */
export interface SectionSink extends ScanSink, Pick<Surroundings, 'rowOf'> {
  /** The memory that was looked through becomes another's: what was kept of it for later is dealt with now. */
  settle(): void
  /** Nothing more comes: all up to here is done. */
  end(upTo: number): void
}

/** Collects what a scan comes upon and tells it now and then. */
class Reporter {
  readonly #section: ScanSection
  readonly #env: Surroundings
  #rows: MessageRow[] = []
  #records = 0
  #bytes = 0
  #failures = 0
  #firstFailure: string | null = null
  #upTo: number
  #reportedAt: number

  constructor(section: ScanSection, env: Surroundings) {
    this.#section = section
    this.#env = env
    this.#upTo = section.from
    this.#reportedAt = env.elapsed()
  }

  hit(record: LogRecord, timestampType: TimestampType): void {
    this.#rows.push(this.#env.rowOf(this.#section.partition, timestampType, record))
  }

  failed(records: number, why: string): void {
    this.#failures += records
    this.#firstFailure ??= why
  }

  passed(upTo: number, records: number, bytes: number): void {
    this.#upTo = Math.max(this.#upTo, upTo)
    this.#records += records
    this.#bytes += bytes
  }

  reportWhenDue(): void {
    const now = this.#env.elapsed()
    if (this.#rows.length >= ROWS_AT_ONCE || now - this.#reportedAt >= REPORT_EVERY_MS) this.report(now)
  }

  report(now = this.#env.elapsed()): void {
    this.#reportedAt = now
    this.#env.answer({
      type: 'report',
      id: this.#section.id,
      upTo: this.#upTo,
      rows: this.#rows,
      records: this.#records,
      bytes: this.#bytes,
      failures: this.#failures,
      firstFailure: this.#firstFailure,
    })
    this.#rows = []
    this.#records = this.#bytes = this.#failures = 0
    this.#firstFailure = null
  }
}

/** Asks the filter of each record while the scan goes on. */
export function recordSink(section: ScanSection, filter: RecordFilter, env: Surroundings): SectionSink {
  const reporter = new Reporter(section, env)
  let asked = 0
  return {
    filter,
    decoder: env.decoder,
    rowOf: env.rowOf,
    candidate: (record, timestampType) => reporter.hit(record.record, timestampType),
    asked: offset => {
      reporter.passed(offset + 1, 0, 0)
      if (++asked % CLOCK_EVERY === 0) reporter.reportWhenDue()
    },
    failed: (records, why) => reporter.failed(records, why),
    passed: (upTo, records, bytes) => {
      reporter.passed(upTo, records, bytes)
      reporter.reportWhenDue()
    },
    settle: () => undefined,
    end: upTo => {
      reporter.passed(upTo, 0, 0)
      reporter.report()
    },
  }
}

interface Waiting {
  readonly record: RecordView
  readonly timestampType: TimestampType
}

/** A sandbox, what its predicate looks at, and how much it is asked at once by all who ask it. */
export interface PacedSandbox {
  readonly sandbox: PredicateSandbox
  readonly parts: ReadonlySet<PredicatePart>
  readonly pace: { recordsAtOnce: number }
}

/** Takes every record for a candidate, and asks the sandbox about many at once. */
export function predicateSink(section: ScanSection, { sandbox, parts, pace }: PacedSandbox, env: Surroundings): SectionSink {
  const reporter = new Reporter(section, env)
  const question = new QuestionBuilder(parts)
  let waiting: Waiting[] = []
  /** Passed, but only once the sandbox has answered. */
  let behind = { upTo: section.from, records: 0, bytes: 0 }

  function ask(): void {
    if (waiting.length === 0) return
    const askedAt = env.elapsed()
    const asked = waiting.length
    const { verdicts, problem } = sandbox.ask(question.take(section.partition))
    for (const [index, { record, timestampType }] of waiting.entries()) {
      const verdict = verdicts[index]
      if (verdict === 'y') reporter.hit(record.record, timestampType)
      else if (verdict !== 'n') reporter.failed(1, `At offset ${record.offset}: ${problem ?? 'the predicate failed'}`)
    }
    reporter.passed(Math.max(behind.upTo, waiting.at(-1)!.record.offset + 1), behind.records, behind.bytes)
    behind = { ...behind, records: 0, bytes: 0 }
    waiting = []
    const tookMs = env.elapsed() - askedAt
    if (tookMs > SLOW_MS) pace.recordsAtOnce = Math.max(1, pace.recordsAtOnce >> 1)
    // Few records say little of how many would be quick.
    else if (tookMs < QUICK_MS && asked * 2 > pace.recordsAtOnce) pace.recordsAtOnce = Math.min(MAX_RECORDS, pace.recordsAtOnce * 2)
    reporter.reportWhenDue()
  }

  return {
    filter: null,
    decoder: env.decoder,
    rowOf: env.rowOf,
    candidate: (record, timestampType) => {
      const size = question.sizeOf(record)
      if (size > MAX_RECORD_BYTES) {
        reporter.failed(1, `At offset ${record.offset}: ${size} bytes are more than a predicate can look at.`)
        return
      }
      question.add(record)
      waiting.push({ record: record.copy(), timestampType })
      if (question.records >= pace.recordsAtOnce || question.size >= MAX_CHARACTERS) ask()
    },
    asked: () => undefined,
    failed: (records, why) => reporter.failed(records, why),
    passed: (upTo, records, bytes) => {
      if (waiting.length === 0) {
        reporter.passed(upTo, behind.records + records, behind.bytes + bytes)
        behind = { upTo, records: 0, bytes: 0 }
        reporter.reportWhenDue()
      } else behind = { upTo, records: behind.records + records, bytes: behind.bytes + bytes }
    },
    settle: ask,
    end: upTo => {
      ask()
      reporter.passed(upTo, behind.records, behind.bytes)
      reporter.report()
    },
  }
}
