import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { root } from './paths.ts'

export interface Broker {
  readonly id: number
  readonly pid: number
  readonly port: number
  readonly dir: string
}

/** The three brokers behind the screen, as a test speaks to them: by their addresses, and through the command line. */
export class Cluster {
  readonly bootstrap: string
  readonly data: string
  readonly brokers: readonly Broker[]

  constructor(from: { bootstrap: string; data: string; brokers: readonly Broker[] }) {
    this.bootstrap = from.bootstrap
    this.data = from.data
    this.brokers = from.brokers
  }

  /** `trilog kill 2` is `cluster.trilog('kill', '2')`. Resolves to what it printed. */
  trilog(...args: readonly string[]): Promise<string> {
    return trilog([...args, '--data', this.data])
  }

  /** The brokers' pids now, after whatever a test did to them. */
  async pids(): Promise<number[]> {
    return (await statusOf(this.data)).brokers.filter(broker => broker.state === 'running').map(broker => broker.pid)
  }
}

/** Waits until a host has brought up the cluster that keeps its data in `data`. */
export async function clusterIn(data: string, { withinMs }: { withinMs: number }): Promise<Cluster> {
  for (const deadline = Date.now() + withinMs; ; await sleep(200)) {
    try {
      const status = await statusOf(data)
      if (status.brokers.every(broker => broker.state === 'running')) return new Cluster({ ...status, data })
    } catch (failure) {
      if (Date.now() > deadline) throw new Error(`No cluster in ${data} after ${withinMs} ms`, { cause: failure })
    }
  }
}

/** Which of these processes live. */
export const alive = (pids: readonly number[]) => pids.filter(isAlive)

async function statusOf(data: string) {
  return JSON.parse(await trilog(['status', '--json', '--data', data])) as { bootstrap: string; brokers: (Broker & { state: string })[] }
}

async function trilog(args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['out/main/cli.js', ...args], { cwd: root })
  return stdout
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
