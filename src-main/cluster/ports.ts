import { NetworkError, type Listener, type Network, type Random } from '../env/env.ts'
import type { PortHolder, Processes } from '../env/processes.ts'

/** Below the range that systems hand out to outgoing connections, above the well-known ones. */
const FIRST_BLOCK = 12_000
const LAST_BLOCK = 32_000
const BLOCK = 32
const ATTEMPTS = 200
const LAST_PORT = 65_535
/** From 19092 to 19192: the last digits stay. */
const STEP = 100
const STEPS = 20

/** Ports that no other cluster of ours takes while the claim is held: the port before the first is bound as a sign. */
export interface PortClaim {
  readonly firstPort: number
  release(): Promise<void>
}

/** The ports of a cluster: its brokers' for clients, then its brokers' for each other. */
export function portsOf(firstPort: number, brokers: number): number[] {
  return Array.from({ length: brokers * 2 }, (_, index) => firstPort + index)
}

/** Chooses ports at random among blocks of their own, so that clusters started at the same moment do not meet. */
export async function claimPorts(
  env: { readonly network: Network; readonly random: Random },
  host: string,
  brokers: number,
): Promise<PortClaim> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const sign = FIRST_BLOCK + BLOCK * env.random.below((LAST_BLOCK - FIRST_BLOCK) / BLOCK)
    const held = await bind(env.network, host, sign)
    if (typeof held === 'string') continue
    if ((await firstUnusablePort(env.network, host, portsOf(sign + 1, brokers))) === undefined) {
      return { firstPort: sign + 1, release: () => held.close() }
    }
    await held.close()
  }
  throw new Error(`Found no ${brokers * 2} free ports in a row between ${FIRST_BLOCK} and ${LAST_BLOCK} on ${host}. Name them with --port`)
}

/** Throws when one of a cluster's ports cannot be had; the error names the port and, where the system tells, who has it. */
export async function requirePorts(
  env: { readonly network: Network; readonly processes: Pick<Processes, 'holderOfPort'> },
  host: string,
  ports: readonly number[],
): Promise<void> {
  const otherwise = `Choose other ports with --port (${ports.length} in a row are needed)`
  const beyond = ports.find(port => port < 1 || port > LAST_PORT)
  if (beyond !== undefined) throw new Error(`There is no port ${beyond}. ${otherwise}`)
  const unusable = await firstUnusablePort(env.network, host, ports)
  if (unusable === undefined) return
  const { port, why } = unusable
  if (why === 'forbidden') {
    throw new PortUnusable(`Port ${port} is one that this system does not give to ordinary users. ${otherwise}`, { port, ports })
  }
  const holder = await env.processes.holderOfPort(port)
  throw new PortUnusable(`${portInUse(port, holder)}. Stop it, or choose other ports with --port`, { port, ports, holder })
}

/** One of the ports that a cluster was to have cannot be had. */
export class PortUnusable extends Error {
  readonly port: number
  /** All that it was to have, in order. */
  readonly ports: readonly number[]
  readonly holder: PortHolder | undefined

  constructor(
    message: string,
    { port, ports, holder }: { readonly port: number; readonly ports: readonly number[]; readonly holder?: PortHolder | undefined },
  ) {
    super(message)
    this.name = 'PortUnusable'
    this.port = port
    this.ports = ports
    this.holder = holder
  }
}

/** Further on, as far as a person would look: where as many ports in a row are free, so that one can see which cluster it is. */
export async function freePortsBehind(network: Network, host: string, ports: readonly number[]): Promise<number[] | undefined> {
  for (let step = 1; step <= STEPS; step++) {
    const others = ports.map(port => port + step * STEP)
    if (others.some(port => port > LAST_PORT)) return undefined
    if ((await firstUnusablePort(network, host, others)) === undefined) return others
  }
  return undefined
}

/** A sentence without its full stop. */
export function portInUse(port: number, holder: PortHolder | undefined): string {
  return `Port ${port} is in use by ${holder === undefined ? 'another program' : `${holder.command} (pid ${holder.pid})`}`
}

type Unusable = 'used' | 'forbidden'

async function firstUnusablePort(
  network: Network,
  host: string,
  ports: readonly number[],
): Promise<{ port: number; why: Unusable } | undefined> {
  for (const port of ports) {
    const held = await bind(network, host, port)
    if (typeof held === 'string') return { port, why: held }
    await held.close()
  }
  return undefined
}

async function bind(network: Network, host: string, port: number): Promise<Listener | Unusable> {
  try {
    return await network.listen({ host, port }, connection => connection.destroy())
  } catch (error) {
    if (error instanceof NetworkError && error.code === 'EADDRINUSE') return 'used'
    if (error instanceof NetworkError && error.code === 'EACCES') return 'forbidden'
    throw error
  }
}
