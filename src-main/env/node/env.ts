import type { Env } from '../env.ts'
import { nodeClock } from './clock.ts'
import { nodeDisk } from './disk.ts'
import { nodeNetwork } from './network.ts'
import { nodeRandom } from './random.ts'

/** The real world, for entries. */
export function nodeEnv(): Env {
  return { clock: nodeClock, random: nodeRandom, disk: nodeDisk(), network: nodeNetwork }
}
