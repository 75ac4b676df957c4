import type { BrokerState } from '../contract/cluster.ts'
import type { Clock } from '../env/env.ts'
import type { ProcessEnd, Processes, RunningProcess } from '../env/processes.ts'
import type { FromBroker, ToBroker } from '../server/config.ts'
import { parseLine } from './brokerLog.ts'

/** How long an orderly stop may take before the process is killed: controlled shutdown moves leaders and syncs every log. */
const STOP_WITHIN_MS = 30_000

export interface BrokerProcessListeners {
  entered(state: BrokerState, facts: { pid?: number | null; reason?: string | null }): void
  told(message: FromBroker): void
  line(line: string): void
}

export interface BrokerCommand {
  readonly entry: string
  readonly propertiesFile: string
  readonly nodeOptions: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

/** A process, while there is one. */
interface Life {
  readonly process: RunningProcess
  /** Rejected when it ends before. */
  readonly ready: PromiseWithResolvers<void>
  readonly ended: PromiseWithResolvers<void>
}

/**
 * One broker process and what was asked of it.
 *
 * starting → running → (frozen ↔ running) → stopping → stopped. Whatever ends without having been asked is `died`;
 * what `kill` ended is `killed`, from the moment it was asked.
 */
export class BrokerProcess {
  state: BrokerState = 'stopped'
  readonly #processes: Pick<Processes, 'start'>
  readonly #clock: Clock
  readonly #listeners: BrokerProcessListeners
  #life: Life | undefined
  /** Its own words before it ends; else the last complaint it wrote. */
  #failure: string | undefined
  #complaint: string | undefined

  constructor(env: { readonly processes: Pick<Processes, 'start'>; readonly clock: Clock }, listeners: BrokerProcessListeners) {
    this.#processes = env.processes
    this.#clock = env.clock
    this.#listeners = listeners
  }

  get pid(): number | null {
    return this.#life?.process.pid ?? null
  }

  /**
   * Resolves when the broker serves clients; rejects with its own words when it ends before. Harmless when it runs; what is ending, ends first.
   */
  async start(command: BrokerCommand): Promise<void> {
    while (this.#life !== undefined && (this.state === 'stopping' || this.state === 'killed')) await this.#life.ended.promise
    if (this.#life !== undefined) {
      this.resume()
      return this.#life.ready.promise
    }
    this.#failure = undefined
    this.#complaint = undefined
    const { entry, propertiesFile, nodeOptions, environment } = command
    const process = this.#processes.start(
      { entry, parameters: [propertiesFile], nodeOptions, environment },
      {
        message: message => this.#told(message as FromBroker),
        line: line => this.#said(line),
        exit: end => this.#exited(end),
      },
    )
    const life: Life = { process, ready: Promise.withResolvers(), ended: Promise.withResolvers() }
    life.ready.promise.catch(() => undefined) // who started it hears of it; an end nobody waits for is told as `died`
    this.#life = life
    this.#enter('starting', { pid: process.pid })
    return life.ready.promise
  }

  /** In order: leaders are moved (`handOver`) and logs are closed. Killed when that takes too long. Harmless when it does not run. */
  async stop({ handOver }: { readonly handOver: boolean }): Promise<void> {
    const life = this.#life
    if (life === undefined) return
    if (this.state === 'stopping' || this.state === 'killed') return life.ended.promise
    if (this.state === 'frozen') life.process.signal('SIGCONT')
    this.#enter('stopping')
    const stop: ToBroker = { type: 'stop', handOver }
    life.process.send(stop)
    const overdue = this.#clock.after(STOP_WITHIN_MS, () => {
      this.#failure = `it did not stop within ${STOP_WITHIN_MS / 1000} s and was killed`
      this.#listeners.line(`Broker process ${life.process.pid}: ${this.#failure}`)
      life.process.signal('SIGKILL')
    })
    await life.ended.promise
    overdue.cancel()
  }

  /** SIGKILL, also to a frozen one: as if the power failed, but for the page cache. Resolves when the process is gone. */
  async kill(): Promise<void> {
    const life = this.#life
    if (life === undefined) return
    if (this.state !== 'killed') {
      life.process.signal('SIGKILL')
      this.#enter('killed', { pid: null })
    }
    await life.ended.promise
  }

  /** Harmless when it does not run. */
  tell(message: ToBroker) {
    this.#life?.process.send(message)
  }

  /** Only a running one can be frozen. */
  pause() {
    if (this.#life === undefined || this.state !== 'running') return
    this.#enter('frozen') // first: whoever guards the frozen must know of this one before it sleeps
    this.#life.process.signal('SIGSTOP')
  }

  /** Harmless when it is not frozen. */
  resume() {
    if (this.#life === undefined || this.state !== 'frozen') return
    this.#life.process.signal('SIGCONT')
    this.#enter('running')
  }

  #told(message: FromBroker) {
    if (message.type === 'failed') this.#failure = message.message
    if (message.type === 'ready' && this.state === 'starting') {
      this.#enter('running')
      this.#life?.ready.resolve()
    }
    this.#listeners.told(message)
  }

  #said(line: string) {
    const { level, message } = parseLine(line, 0, 0)
    if (level === 'error') this.#complaint = message
    this.#listeners.line(line)
  }

  #exited({ exitCode, signal }: ProcessEnd) {
    const life = this.#life
    this.#life = undefined
    const how = signal ?? `exit status ${exitCode}`
    const why = this.#failure ?? (signal === 'SIGKILL' ? undefined : this.#complaint) // that signal leaves nobody time to complain
    const reason = why === undefined ? how : `${how}: ${why}`
    switch (this.state) {
      case 'killed':
        life?.ready.reject(new Error('The broker was killed before it was ready'))
        break
      case 'stopping':
        this.#enter('stopped', { pid: null, reason: exitCode === 0 ? null : reason })
        life?.ready.reject(new Error('The broker was stopped before it was ready'))
        break
      case 'starting':
      case 'running':
      case 'frozen':
      case 'stopped':
      case 'died':
        this.#enter('died', { pid: null, reason })
        life?.ready.reject(new Error(why ?? `The broker process ended before it was ready (${how})`))
    }
    life?.ended.resolve()
  }

  #enter(state: BrokerState, facts: { pid?: number | null; reason?: string | null } = {}) {
    this.state = state
    this.#listeners.entered(state, facts)
  }
}
