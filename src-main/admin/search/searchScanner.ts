import { DiskError, type DiskFile } from '../../env/env.ts'
import { MalformedMessage } from '../../protocol/byteReader.ts'
import { wholeBatchBytes } from '../../protocol/records/batch.ts'
import { messageRow } from '../messageRows.ts'
import type { OpenSnapshot } from '../formats/schemas.ts'
import { RecordDecoder } from '../formats/recordDecoder.ts'
import { compileColumns, type ReadColumns } from '../columns.ts'
import { compileFilter, type RecordFilter } from './filter.ts'
import { InvalidFilter } from './invalidFilter.ts'
import { type OpenSandbox, partsNamedIn, TooMuchMemory, TooSlow } from './predicate.ts'
import { type ScanBounds, scanBatches } from './scanBatches.ts'
import type { ScanBytes, ScanFile, ScanSection, SearchTask, WorkerAnswer, WorkerRequest } from './searchWorkers.ts'
import { predicateSink, recordSink, type SectionSink } from './sinks.ts'

/** Read at a time, so little that it is still in the processor's cache when it is looked through; and the most that a batch in a file may take. */
const READ_BYTES = 1024 * 1024
const MAX_BATCH_BYTES = 256 * 1024 * 1024

export interface ScannerWorld {
  /** Milliseconds of some clock that never goes back. */
  elapsed(): number
  /** For reading. A file that is not there is an `ENOENT`. */
  open(path: string): Promise<Pick<DiskFile, 'read' | 'close'>>
  readonly openSandbox: OpenSandbox
  /** Without it nothing has a schema. */
  readonly openSchemas?: OpenSnapshot
  answer(answer: WorkerAnswer): void
}

interface Ready {
  readonly task: SearchTask
  readonly columns: ReadColumns
  readonly sinkOf: (section: ScanSection) => SectionSink
}

/** The inside of a search worker: takes requests in order, and reports what it finds as it goes. */
export class SearchScanner {
  readonly #world: ScannerWorld
  #ready: Ready | undefined
  #last: Promise<void> = Promise.resolve()

  constructor(world: ScannerWorld) {
    this.#world = world
  }

  take(request: WorkerRequest): void {
    this.#last = this.#last.then(() => this.#turn(request))
  }

  async #turn(request: WorkerRequest): Promise<void> {
    const { answer } = this.#world
    try {
      if (request.type === 'begin') this.#begin(request.task)
      else if (request.type === 'scanBytes') this.#scanBytes(request)
      else await this.#scanFile(request)
    } catch (problem) {
      if (problem instanceof InvalidFilter) answer({ type: 'invalidFilter', problem: problem.details.problem })
      else if (problem instanceof TooSlow) answer({ type: 'tooSlow' })
      else if (problem instanceof TooMuchMemory) answer({ type: 'tooMuchMemory' })
      else {
        const code = (problem as NodeJS.ErrnoException).code
        answer({ type: 'failed', code: typeof code === 'string' ? code : 'FAILED', message: (problem as Error).message })
      }
    }
  }

  #begin(task: SearchTask): void {
    const { elapsed, answer, openSandbox, openSchemas } = this.#world
    const { topic, formats } = task
    const decoder = new RecordDecoder({ topic, formats, schemas: task.schemas === null ? undefined : openSchemas?.(task.schemas) })
    const columns = compileColumns(task.columns, decoder)
    const filter = compileFilter(task.filter)
    const rowOf: SectionSink['rowOf'] = (partition, timestampType, record) =>
      messageRow(partition, { timestampType }, record, columns, decoder)
    const surroundings = { elapsed, answer, decoder, rowOf }
    let sinkOf: Ready['sinkOf']
    if (filter.kind === 'record') {
      const asked: RecordFilter = filter
      sinkOf = section => recordSink(section, asked, surroundings)
    } else {
      const paced = { sandbox: openSandbox(filter.source), parts: partsNamedIn(filter.source), pace: { recordsAtOnce: 1 } }
      sinkOf = section => predicateSink(section, paced, surroundings)
    }
    this.#ready = { task, columns, sinkOf }
    answer({ type: 'ready' })
  }

  #scanBytes({ bytes, sections }: ScanBytes): void {
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (const section of sections) {
      const sink = this.#readyNow.sinkOf(section)
      orDamaged(sink, section, () => scanBatches(all, section.at, section.at + section.length, this.#boundsOf(section), sink))
      sink.end(section.to)
      this.#world.answer({ type: 'finished', id: section.id, isMissing: false })
    }
  }

  /** While one part is looked through, the next is being read. */
  async #scanFile({ path, position, end, section }: ScanFile): Promise<void> {
    const { answer, open } = this.#world
    const file = await open(path).catch((problem: unknown) => {
      if (problem instanceof DiskError && problem.code === 'ENOENT') return undefined
      throw problem
    })
    if (file === undefined) {
      answer({ type: 'finished', id: section.id, isMissing: true })
      return
    }
    const sink = this.#readyNow.sinkOf(section)
    const bounds = this.#boundsOf(section)
    try {
      let size = READ_BYTES
      // Two take turns: rows keep nothing of what they were read from, and a sink settles what it keeps.
      const rooms = [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(size)]
      const read = (from: number) => {
        const length = Math.min(size, end - from)
        rooms.reverse()
        const bytes = length <= READ_BYTES ? file.read(from, length, rooms[0]!.subarray(0, length)) : file.read(from, length)
        bytes.catch(() => undefined) // whoever waits for it is told; nobody does when the scan has failed meanwhile
        return bytes
      }
      let reading = read(position)
      for (let at = position; at < end;) {
        const bytes = await reading
        const isLast = at + bytes.length >= end || bytes.length < Math.min(size, end - at)
        const whole = orDamaged(sink, section, () => wholeBatchBytes(bytes))
        if (whole === undefined) break
        if (whole === 0) {
          // A batch that is larger than what was read, or the torn end of a file.
          if (isLast || size >= MAX_BATCH_BYTES) break
          size = Math.min(MAX_BATCH_BYTES, size * 4)
          reading = read(at)
          continue
        }
        at += whole
        if (!isLast && at < end) reading = read(at)
        orDamaged(sink, section, () => scanBatches(bytes, 0, whole, bounds, sink))
        sink.settle()
        if (isLast) break
      }
      await reading
    } finally {
      await file.close()
    }
    sink.end(section.to)
    answer({ type: 'finished', id: section.id, isMissing: false })
  }

  get #readyNow(): Ready {
    if (this.#ready === undefined) throw new Error('A search worker was given records before it was told what to look for')
    return this.#ready
  }

  #boundsOf({ from, to }: ScanSection): ScanBounds {
    const { fromMs, toMs } = this.#readyNow.task
    return { from, to, fromMs: fromMs ?? -Infinity, toMs: toMs ?? Infinity }
  }
}

/** What cannot be read costs a failure, and what follows it in the section. */
function orDamaged<T>(sink: SectionSink, { from }: ScanSection, scan: () => T): T | undefined {
  try {
    return scan()
  } catch (problem) {
    if (!(problem instanceof MalformedMessage)) throw problem
    sink.failed(1, `Behind offset ${from}: ${problem.message}`)
    return undefined
  }
}
