import type { Address, Env, Network } from '../env/env.ts'

/** How to reach a cluster: the brokers to ask first. Those they name are reached the same way. */
export interface ConnectionProfile {
  readonly bootstrapServers: readonly Address[]
}

/** The network through which the brokers of a profile are reached at the addresses that they advertise. */
export function networkFor(_profile: ConnectionProfile, env: Pick<Env, 'network'>): Network {
  return env.network
}
