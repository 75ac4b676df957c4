import { NetworkError, type Listener, type Network, type Random } from '../env/env.ts'

/** Below the range that systems hand out to outgoing connections, above the well-known ones. */
const FIRST_BLOCK = 12_000
const LAST_BLOCK = 32_000
const BLOCK = 32
const ATTEMPTS = 200

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
    if (held === undefined) continue
    if ((await firstUsedPort(env.network, host, portsOf(sign + 1, brokers))) === undefined) {
      return { firstPort: sign + 1, release: () => held.close() }
    }
    await held.close()
  }
  throw new Error(`Found no ${brokers * 2} free ports in a row between ${FIRST_BLOCK} and ${LAST_BLOCK} on ${host}. Name them with --port`)
}

/** The first of the ports that somebody listens on, or `undefined`. */
export async function firstUsedPort(network: Network, host: string, ports: readonly number[]): Promise<number | undefined> {
  for (const port of ports) {
    const held = await bind(network, host, port)
    if (held === undefined) return port
    await held.close()
  }
  return undefined
}

async function bind(network: Network, host: string, port: number): Promise<Listener | undefined> {
  try {
    return await network.listen({ host, port }, connection => connection.destroy())
  } catch (error) {
    if (error instanceof NetworkError && (error.code === 'EADDRINUSE' || error.code === 'EACCES')) return undefined
    throw error
  }
}
