import { seededRandom } from '../seededRandom.ts'
import { recover, runWithFaults } from './quorumFaults.ts'
import { type Mutation, SimulatedQuorum } from './simulatedQuorum.ts'

/** Snapshots every few records, and a log that is cleaned after each second one. */
const KEEPS_LITTLE = {
  metadataLogMaxRecordBytesBetweenSnapshots: 2_000,
  metadataMaxRetentionBytes: 4_000,
  fetchSnapshotMaxBytes: 300,
  fetchMaxBytes: 2_000,
}

/**
 * A quorum of `size`, for a while under all kinds of faults, and then without any: throws when a promise is broken, or not kept again in time. What the
 * seed does not decide about the faults it decides about the quorum: observers, snapshots, how the network is, whether disks say that the cluster is new.
 */
export async function runQuorumScenario(
  size: number,
  { seed, forMs = 3_000, mutation }: { readonly seed: number; readonly forMs?: number; readonly mutation?: Mutation },
): Promise<SimulatedQuorum> {
  const draw = seededRandom(`${seed}/quorum of ${size}`)
  const isFormatted = size === 1 || draw.chance(0.8)
  const quorum = new SimulatedQuorum(size, {
    seed,
    observers: draw.below(3),
    packetLoss: draw.chance(0.7) ? 0.05 : 0,
    isFormatted,
    ...(draw.chance(0.5) && { config: KEEPS_LITTLE }),
    ...(draw.chance(0.2) && { latencyMs: [1, 100] as const }),
    ...(mutation && { mutation }),
  })
  try {
    quorum.startAll()
    // Where no disk says that the cluster is new, all voters have to say so themselves.
    if (!isFormatted) await quorum.world.run(() => quorum.voters.every(each => !each.isForgetful), 20_000)
    await runWithFaults(quorum, { forMs, powerFailures: draw.chance(0.8), replacedDisks: true })
    await recover(quorum)
    return quorum
  } finally {
    quorum.world.close()
  }
}
