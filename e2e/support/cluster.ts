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
    const status = await statusOf(data).catch((failure: unknown) => failure)
    if (!(status instanceof Error) && isUp(status as Status)) return new Cluster({ ...(status as Status), data })
    if (Date.now() > deadline) throw new Error(`No cluster in ${data} after ${withinMs} ms`, { cause: status })
  }
}

/** Which of these processes live. */
export const alive = (pids: readonly number[]) => pids.filter(isAlive)

interface Status {
  readonly bootstrap: string
  readonly brokers: readonly (Broker & { readonly state: string })[]
}

async function statusOf(data: string): Promise<Status> {
  return JSON.parse(await trilog(['status', '--json', '--data', data])) as Status
}

const isUp = (status: Status) => status.brokers.every(broker => broker.state === 'running')

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
