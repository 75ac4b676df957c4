import type { Clock, Timer } from '../../env/env.ts'
import { InvalidFilter } from './invalidFilter.ts'
import type { ScanBytes, ScanFile, ScanReport, SearchTask, SearchWorker, SearchWorkers, WorkerAnswer } from './searchWorkers.ts'

const WATCH_EVERY_MS = 500
/** A worker at work reports many times a second. Silent for so long, it hangs in one record; looks rather than time, because it may be us who hung. */
const SILENT_LOOKS = 8
/** A sandbox has a watch of its own, and gives more time on a busy machine. */
const SILENT_LOOKS_FOREIGN = 20
/** What starts slowly may still come; what does not start in this time never will. */
const START_LOOKS = 60

export interface CrewListeners {
  report(report: ScanReport): void
  finished(section: number, how: { readonly isMissing: boolean }): void
  /** Nothing more is heard after this. */
  ended(why: 'tooSlow' | 'tooMuchMemory' | { readonly failure: Error }): void
  /** The crew has done something, and may have room for more. */
  stirred(): void
}

export interface CrewOptions {
  readonly workers: SearchWorkers
  readonly size: number
  readonly task: SearchTask
}

interface Member {
  readonly worker: SearchWorker
  /** Bytes by section that were given to it and are not looked through. */
  readonly load: Map<number, number>
  isReady: boolean
  silentLooks: number
}

/** The workers of one search: gives out work, and watches that it goes on. */
export class SearchCrew {
  readonly #members: readonly Member[]
  readonly #listeners: CrewListeners
  readonly #clock: Clock
  readonly #silentLooks: number
  readonly #ready = Promise.withResolvers<void>()
  #watch: Timer
  #isOver = false

  constructor(clock: Clock, { workers, size, task }: CrewOptions, listeners: CrewListeners) {
    this.#clock = clock
    this.#listeners = listeners
    this.#ready.promise.catch(() => undefined) // told to whoever asks for it
    const kind = task.filter.kind === 'predicate' ? 'foreign' : 'trusted'
    this.#silentLooks = kind === 'foreign' ? SILENT_LOOKS_FOREIGN : SILENT_LOOKS
    this.#members = Array.from({ length: size }, () => {
      const member: Member = {
        worker: workers.open(kind, {
          answer: answer => this.#heard(member, answer),
          ended: why => this.#end(why),
        }),
        load: new Map(),
        isReady: false,
        silentLooks: 0,
      }
      return member
    })
    for (const { worker } of this.#members) worker.post({ type: 'begin', task })
    this.#watch = clock.after(WATCH_EVERY_MS, () => this.#look())
  }

  /** Rejects with `InvalidFilter`. */
  get ready(): Promise<void> {
    return this.#ready.promise
  }

  get size(): number {
    return this.#members.length
  }

  /** Bytes that wait or are being looked through. */
  get load(): number {
    return this.#members.reduce((sum, member) => sum + loadOf(member), 0)
  }

  scan(work: ScanBytes | ScanFile): void {
    if (this.#isOver) return
    const member = this.#members.reduce((least, each) => (loadOf(each) < loadOf(least) ? each : least))
    if (member.load.size === 0) member.silentLooks = 0
    if (work.type === 'scanFile') member.load.set(work.section.id, work.end - work.position)
    else for (const { id, length } of work.sections) member.load.set(id, length)
    member.worker.post(work)
  }

  /** Harmless when it is closed already: a worker that was given back may be another search's by then. */
  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#watch.cancel()
    for (const { worker, load, isReady } of this.#members) worker.close({ isReusable: isReady && load.size === 0 })
  }

  #heard(member: Member, answer: WorkerAnswer): void {
    if (this.#isOver) return
    member.silentLooks = 0
    switch (answer.type) {
      case 'ready':
        member.isReady = true
        if (this.#members.every(({ isReady }) => isReady)) this.#ready.resolve()
        break
      case 'invalidFilter':
        this.#ready.reject(new InvalidFilter(answer.problem))
        break
      case 'report':
        this.#listeners.report(answer)
        break
      case 'finished':
        member.load.delete(answer.id)
        this.#listeners.finished(answer.id, answer)
        break
      case 'tooSlow':
      case 'tooMuchMemory':
        this.#end(answer.type)
        break
      case 'failed':
        this.#end({ failure: Object.assign(new Error(answer.message), { code: answer.code }) })
        break
    }
    this.#listeners.stirred()
  }

  #look(): void {
    this.#watch = this.#clock.after(WATCH_EVERY_MS, () => this.#look())
    for (const member of this.#members) {
      if (member.isReady && member.load.size === 0) continue
      member.silentLooks += 1
      if (member.silentLooks < (member.isReady ? this.#silentLooks : START_LOOKS)) continue
      this.#end(member.isReady ? 'tooSlow' : { failure: new Error('A search worker does not start.') })
      return
    }
  }

  #end(why: Parameters<CrewListeners['ended']>[0]): void {
    if (this.#isOver) return
    this.close()
    this.#ready.reject(typeof why === 'object' ? why.failure : new Error(`A search worker ended before it began: ${why}`))
    this.#listeners.ended(why)
    this.#listeners.stirred()
  }
}

function loadOf({ load }: Member): number {
  let sum = 0
  for (const bytes of load.values()) sum += bytes
  return sum
}
