/** Other processes on this machine, started by this one. The host alone needs them, so they are not a part of `Env`. */
export interface Processes {
  /** Starts this program's `entry` (a script of ours) as a process of its own. Throws when the system refuses. */
  start(command: ProcessCommand, listeners: ProcessListeners): RunningProcess
  /**
   * Wakes these frozen processes when this process ends, however it ends: a frozen one cannot notice that by itself.
   * Replaces what was asked before.
   */
  thawWhenGone(pids: readonly number[]): void
}

export interface ProcessCommand {
  readonly entry: string
  readonly parameters: readonly string[]
  readonly nodeOptions: readonly string[]
}

export interface ProcessListeners {
  /** What the process sent through its channel to us. */
  message(message: unknown): void
  /** A line of its standard output or standard error. */
  line(line: string): void
  /** Called once, after the last message and line. */
  exit(end: ProcessEnd): void
}

export interface ProcessEnd {
  readonly exitCode: number | null
  readonly signal: string | null
}

export type Signal = 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'

export interface RunningProcess {
  readonly pid: number
  send(message: unknown): void
  /** Harmless once the process is gone. */
  signal(signal: Signal): void
}
