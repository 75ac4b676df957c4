import { assert } from '../base/assert.ts'
import type { Clock } from '../env/env.ts'
import type { PortHolder, ProcessCommand, Processes, ProcessEnd, ProcessListeners, RunningProcess, Signal } from '../env/processes.ts'

/** How children behave that nobody directs otherwise. */
export interface ChildHabits {
  /** After this long a child says that it is ready; `never` for one that waits for others. */
  readyAfterMs: number | 'never'
  /** From being told to stop until it has ended; `never` for one that hangs. */
  stopsAfterMs: number | 'never'
}

/** Processes that a test directs: each child does what `habits` say, unless the test speaks or ends it itself. */
export class SimulatedProcesses implements Processes {
  readonly habits: ChildHabits = { readyAfterMs: 100, stopsAfterMs: 50 }
  /** All that were ever started, oldest first. */
  readonly children: SimulatedChild[] = []
  /** Those that would be woken if the host ended now. */
  guarded: readonly number[] = []
  /** Who listens where, as the system would tell. */
  readonly holders = new Map<number, PortHolder>()
  /** Set, the system refuses to start anything. */
  refusal: Error | undefined
  readonly #clock: Pick<Clock, 'after'>

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock
  }

  get alive(): SimulatedChild[] {
    return this.children.filter(child => child.isAlive)
  }

  start(command: ProcessCommand, listeners: ProcessListeners): RunningProcess {
    if (this.refusal !== undefined) throw this.refusal
    const child = new SimulatedChild(this.#clock, { pid: 1_000 + this.children.length, command, listeners, habits: this.habits })
    this.children.push(child)
    return child
  }

  thawWhenGone(pids: readonly number[]): void {
    this.guarded = pids
  }

  async holderOfPort(port: number): Promise<PortHolder | undefined> {
    return this.holders.get(port)
  }
}

export class SimulatedChild implements RunningProcess {
  readonly pid: number
  readonly command: ProcessCommand
  /** What it was told through its channel. */
  readonly heard: unknown[] = []
  isAlive = true
  isFrozen = false
  readonly #clock: Pick<Clock, 'after'>
  readonly #listeners: ProcessListeners
  readonly #habits: ChildHabits
  /** Came due while it was frozen. */
  #missed: (() => void)[] = []

  constructor(
    clock: Pick<Clock, 'after'>,
    made: { readonly pid: number; readonly command: ProcessCommand; readonly listeners: ProcessListeners; readonly habits: ChildHabits },
  ) {
    this.#clock = clock
    this.pid = made.pid
    this.command = made.command
    this.#listeners = made.listeners
    this.#habits = made.habits
    this.#later(made.habits.readyAfterMs, () => this.tell({ type: 'ready', brokerEpoch: 1 }))
  }

  send(message: unknown): void {
    this.heard.push(message)
    if ((message as { type?: unknown }).type === 'faults') return
    this.#later(this.#habits.stopsAfterMs, () => this.end({ exitCode: 0, signal: null }))
  }

  signal(signal: Signal): void {
    switch (signal) {
      case 'SIGKILL':
        this.#clock.after(1, () => this.end({ exitCode: null, signal }))
        break
      case 'SIGTERM':
        this.send(signal)
        break
      case 'SIGSTOP':
        this.isFrozen = true
        break
      case 'SIGCONT': {
        this.isFrozen = false
        const missed = this.#missed
        this.#missed = []
        for (const act of missed) act()
      }
    }
  }

  /** It sends this through its channel. */
  tell(message: unknown): void {
    assert(this.isAlive, 'the dead tell nothing')
    this.#listeners.message(message)
  }

  /** It writes this line. */
  say(line: string): void {
    assert(this.isAlive, 'the dead say nothing')
    this.#listeners.line(line)
  }

  end(end: ProcessEnd): void {
    if (!this.isAlive) return
    this.isAlive = false
    this.#listeners.exit(end)
  }

  #later(afterMs: number | 'never', act: () => void) {
    if (afterMs === 'never') return
    this.#clock.after(afterMs, () => {
      if (!this.isAlive) return
      if (this.isFrozen) this.#missed.push(act)
      else act()
    })
  }
}
