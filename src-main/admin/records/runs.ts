import type { ExportPlace, RunItem, RunProgress } from '../../contract/records.ts'
import { Told } from '../../contract/told.ts'
import type { Clock, Random } from '../../env/env.ts'
import { Inbox } from './inbox.ts'

const TELL_EVERY_MS = 200

/** Work that is under way, as its control has it. */
interface Run {
  readonly stop: AbortController
  readonly inbox: Inbox
}

/** What a run does. */
export interface RunWork {
  readonly place?: ExportPlace
  /** A part of the work between any two; no other begins once `stop` aborts. Returns whether all was done. */
  steps(stop: AbortSignal, inbox: Inbox): AsyncGenerator<void, boolean, undefined>
  /** What was done up to now. */
  progress(): Partial<Omit<RunProgress, 'elapsedMs'>>
  last?(): { readonly partition: number; readonly offset: number | null } | null
}

const NOTHING: Omit<RunProgress, 'elapsedMs'> = {
  records: 0,
  bytes: 0,
  acknowledged: 0,
  perhaps: 0,
  leftOut: 0,
  badLines: [],
  undecided: 0,
  firstUndecided: null,
  missing: 0,
  firstMissing: [],
  done: null,
}

/** All long work of these services: each can be stopped in order, by name, and then says what it has done. */
export class Runs {
  readonly #clock: Clock
  readonly #random: Random
  readonly #underWay = new Map<string, Run>()

  constructor({ clock, random }: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = clock
    this.#random = random
  }

  stop(runId: string): void {
    this.#underWay.get(runId)?.stop.abort()
  }

  async give(runId: string, piece: Buffer, isLast: boolean): Promise<boolean> {
    return (await this.#underWay.get(runId)?.inbox.give(piece, isLast)) ?? false
  }

  /** `signal` aborts when whoever listens is gone. What fails half way is told as an end, with what was done until then. */
  async *tell(work: RunWork, signal: AbortSignal): AsyncGenerator<RunItem, void, undefined> {
    const runId = this.#random.bytes(12).toString('hex')
    const run: Run = { stop: new AbortController(), inbox: new Inbox() }
    const beganAt = this.#clock.elapsed()
    const progress = (): RunProgress => ({ ...NOTHING, ...work.progress(), elapsedMs: this.#clock.elapsed() - beganAt })
    this.#underWay.set(runId, run)
    const steps = work.steps(AbortSignal.any([run.stop.signal, signal]), run.inbox)
    let why: 'done' | 'stopped' | 'failed'
    let problem: Told | null = null
    try {
      yield { type: 'begun', runId, place: work.place ?? null }
      let toldAt = beganAt
      for (;;) {
        const step = await steps.next()
        if (step.done === true) {
          why = step.value ? 'done' : 'stopped'
          break
        }
        if (this.#clock.elapsed() - toldAt < TELL_EVERY_MS) continue
        toldAt = this.#clock.elapsed()
        yield { type: 'progress', progress: progress() }
      }
    } catch (thrown) {
      why = 'failed'
      problem = problemOf(thrown)
    } finally {
      await steps.return(false) // whoever listened may have walked away
      this.#underWay.delete(runId)
    }
    yield { type: 'ended', why, problem, progress: progress(), last: work.last?.() ?? null }
  }
}

function problemOf(thrown: unknown): Told {
  if (!(thrown instanceof Error)) return { code: 'FAILED', details: {}, message: String(thrown) }
  const { code, details } = thrown as { readonly code?: unknown; readonly details?: unknown }
  const told = Told.shape.details.safeParse(details)
  return { code: typeof code === 'string' ? code : 'FAILED', details: told.data ?? {}, message: thrown.message }
}
