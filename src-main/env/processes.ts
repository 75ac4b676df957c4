/** Other processes on this machine. The host alone needs them, so they are not a part of `Env`. */
export interface Processes {
  /** Starts this program's `entry` (a script of ours) as a process of its own. Throws when the system refuses. */
  start(command: ProcessCommand, listeners: ProcessListeners): RunningProcess
  /**
   * Wakes these frozen processes when this process ends, however it ends: a frozen one cannot notice that by itself.
   * In force when it returns; replaces what was asked before.
   */
  thawWhenGone(pids: readonly number[]): void
  /** Who listens on a port of this machine; `undefined` where nobody does, or where the system does not tell. */
  holderOfPort(port: number): Promise<PortHolder | undefined>
}

export interface PortHolder {
  readonly pid: number
  /** The program's name, such as `java`. */
  readonly command: string
  /** How it was called, as far as that is worth showing. */
  readonly commandLine: string
}

export interface ProcessCommand {
  readonly entry: string
  readonly parameters: readonly string[]
  readonly nodeOptions: readonly string[]
  /** Added to our own environment. */
  readonly environment: Readonly<Record<string, string>>
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
  /** Lost when the channel is closed: the other side saw that, too. */
  send(message: unknown): void
  /** Harmless once the process is gone. */
  signal(signal: Signal): void
}
