import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { cli, eventually } from './builtCluster.ts'

export interface Ended {
  readonly status: number | string
  readonly stdout: string
  readonly stderr: string
}

/** The line of `up --json`. */
export interface Ready {
  readonly bootstrap: string
  readonly url: string
  readonly data: string
  readonly pid: number
  readonly brokers: readonly { readonly id: number; readonly pid: number; readonly port: number; readonly dir: string }[]
  readonly readyMs: number
}

export interface Status {
  readonly bootstrap: string
  readonly pid: number
  readonly controller: number | null
  readonly brokers: readonly {
    readonly id: number
    readonly state: string
    readonly pid: number | null
    readonly port: number
    readonly dir: string
  }[]
  readonly underReplicated: readonly unknown[]
}

/** A host that `up` started, and what it said. */
export interface Up extends Ready {
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
}

const COMMAND_MS = 60_000

/** The built command line, in folders of its own. Whatever it starts is ended by `end`, by pid. */
export class Trilog {
  readonly home = mkdtempSync(join(tmpdir(), 'trilog-cli-'))
  /** Of the command that was started last. */
  lastPid = 0
  readonly #pids = new Set<number>()

  folder(name: string): string {
    return join(this.home, name)
  }

  /** Runs a command to its end. */
  run(...args: readonly string[]): Promise<Ended> {
    return this.#start(args).ended
  }

  /** What the command printed; throws when it failed. */
  async tell(...args: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.run(...args)
    if (status !== 0) throw new Error(`trilog ${args.join(' ')} ended with ${status}: ${stderr}`)
    return stdout
  }

  async status(data: string): Promise<Status> {
    const status = JSON.parse(await this.tell('status', '--json', '--data', data)) as Status
    this.#remember(status)
    return status
  }

  async stateOf(data: string, brokerId: number): Promise<string | undefined> {
    return (await this.status(data)).brokers.find(broker => broker.id === brokerId)?.state
  }

  /** Starts a cluster and resolves when it says that it is ready. */
  async up(data: string, ...args: readonly string[]): Promise<Up> {
    const { child, ended, firstLine } = this.#start(['up', '--json', '--data', data, ...args])
    const line = await Promise.race([firstLine, ended])
    if (typeof line !== 'string') throw new Error(`trilog up ended with ${line.status} before it was ready: ${line.stderr}`)
    const ready = JSON.parse(line) as Ready
    this.#remember(ready)
    return { ...ready, process: child, ended }
  }

  /** Remembers the processes of a cluster that somebody else started. */
  remembers(ready: Ready): Ready {
    this.#remember(ready)
    return ready
  }

  end(): void {
    for (const pid of this.#pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 })
  }

  #remember({ pid, brokers }: { readonly pid: number; readonly brokers: readonly { readonly pid: number | null }[] }) {
    for (const each of [pid, ...brokers.map(broker => broker.pid)]) if (each !== null) this.#pids.add(each)
  }

  #start(args: readonly string[]) {
    const child = spawn(process.execPath, [cli, ...args], {
      cwd: this.home,
      // Nothing of the person who runs the tests is read or written.
      env: { ...process.env, HOME: this.home, XDG_DATA_HOME: join(this.home, 'share'), XDG_CONFIG_HOME: join(this.home, 'config') },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.lastPid = child.pid ?? 0
    if (child.pid !== undefined) this.#pids.add(child.pid)
    const [stdout, stderr]: [string[], string[]] = [[], []]
    const firstLine = new Promise<string>(resolve => {
      createInterface({ input: child.stdout }).on('line', line => {
        stdout.push(line)
        resolve(line)
      })
    })
    createInterface({ input: child.stderr }).on('line', line => stderr.push(line))
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => resolve({ status: signal ?? code ?? -1, stdout: stdout.join('\n'), stderr: stderr.join('\n') }))
    })
    return { child, ended, firstLine }
  }
}

/** Whether there is such a process; one that has ended and waits for its parent's notice is not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z'
  } catch {
    return false
  }
}

/** No process of the cluster is left, the host included. */
export async function untilGone({ pid, brokers }: Ready, withinMs = COMMAND_MS): Promise<void> {
  const pids = [pid, ...brokers.map(broker => broker.pid)]
  await eventually(`processes ${pids.join(', ')} are gone`, () => !pids.some(isAlive), withinMs)
}
