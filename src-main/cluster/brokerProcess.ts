import type { BrokerState } from '../contract/cluster.ts'
import type { Clock, Timer } from '../env/env.ts'
import type { ProcessEnd, Processes, RunningProcess } from '../env/processes.ts'
import type { FromBroker, ToBroker } from '../server/config.ts'

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
}

/**
 * One broker process and what was asked of it.
 *
 * starting → running → (frozen ↔ running) → stopping → stopped. Whatever ends without having been asked is `died`;
 * what `kill` ended is `killed`.
 */
export class BrokerProcess {
  state: BrokerState = 'stopped'
  readonly #processes: Processes
  readonly #clock: Clock
  readonly #listeners: BrokerProcessListeners
  #process: RunningProcess | undefined
  #ended: PromiseWithResolvers<void> | undefined
  #ready: PromiseWithResolvers<void> | undefined
  #lastLine = ''
  #failure: string | undefined

  constructor(env: { readonly processes: Processes; readonly clock: Clock }, listeners: BrokerProcessListeners) {
    this.#processes = env.processes
    this.#clock = env.clock
    this.#listeners = listeners
  }

  get pid(): number | null {
    return this.#process?.pid ?? null
  }

  /** Resolves when the broker serves clients; rejects with its own words when it ends before. Harmless when it runs. */
  async start(command: BrokerCommand): Promise<void> {
    if (this.#process !== undefined) {
      if (this.state === 'frozen') this.resume()
      await this.#ready?.promise
      return
    }
    this.#lastLine = ''
    this.#failure = undefined
    this.#ended = Promise.withResolvers()
    this.#ready = Promise.withResolvers()
    this.#ready.promise.catch(() => undefined) // who started it hears of it; an end nobody waits for is told as `died`
    this.#process = this.#processes.start(
      { entry: command.entry, parameters: [command.propertiesFile], nodeOptions: command.nodeOptions },
      {
        message: message => this.#told(message as FromBroker),
        line: line => {
          this.#lastLine = line
          this.#listeners.line(line)
        },
        exit: end => this.#exited(end),
      },
    )
    this.#enter('starting', { pid: this.#process.pid })
    await this.#ready.promise
  }

  /** In order: leaders are moved (`handOver`) and logs are closed. Killed when that takes too long. Harmless when it does not run. */
  async stop({ handOver }: { readonly handOver: boolean }): Promise<void> {
    if (this.#process === undefined) return
    if (this.state === 'frozen') this.#process.signal('SIGCONT')
    const stop: ToBroker = { type: 'stop', handOver }
    this.#process.send(stop)
    this.#enter('stopping')
    const process = this.#process
    const overdue = this.#clock.after(STOP_WITHIN_MS, () => {
      this.#listeners.line(`Broker process ${process.pid} did not stop within ${STOP_WITHIN_MS} ms and is killed`)
      process.signal('SIGKILL')
    })
    await this.#untilEnded(overdue)
  }

  /** SIGKILL, also to a frozen one: as if the power failed, but for the page cache. */
  async kill(): Promise<void> {
    if (this.#process === undefined) return
    this.#enter('killed')
    this.#process.signal('SIGKILL')
    await this.#untilEnded()
  }

  pause() {
    if (this.#process === undefined || this.state !== 'running') return
    this.#process.signal('SIGSTOP')
    this.#enter('frozen')
  }

  resume() {
    if (this.#process === undefined || this.state !== 'frozen') return
    this.#process.signal('SIGCONT')
    this.#enter('running')
  }

  async #untilEnded(overdue?: Timer): Promise<void> {
    await this.#ended?.promise
    overdue?.cancel()
  }

  #told(message: FromBroker) {
    if (message.type === 'failed') this.#failure = message.message
    if (message.type === 'ready' && this.state === 'starting') {
      this.#enter('running')
      this.#ready?.resolve()
    }
    this.#listeners.told(message)
  }

  #exited(end: ProcessEnd) {
    const how = end.signal ?? `exit status ${end.exitCode}`
    const why = this.#failure ?? this.#lastLine
    this.#process = undefined
    if (this.state === 'stopping') this.#enter('stopped', { pid: null })
    else if (this.state !== 'killed') this.#enter('died', { pid: null, reason: why === '' ? how : `${how}: ${why}` })
    this.#ready?.reject(new Error(why === '' ? `The broker process ended before it was ready (${how})` : why))
    this.#ended?.resolve()
  }

  #enter(state: BrokerState, facts: { pid?: number | null; reason?: string | null } = {}) {
    this.state = state
    this.#listeners.entered(state, facts)
  }
}
