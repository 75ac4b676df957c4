import { seededRandom } from '../seededRandom.ts'
import { recover, runWithFaults } from './quorumFaults.ts'
import { type Mutation, SimulatedQuorum } from './simulatedQuorum.ts'

/** More than any leader waits for a majority to fetch. */
const GIVES_UP_WITHIN_MS = 10_000

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

/**
 * Every voter is killed and started again as soon as it has voted, for a while: two candidates of one epoch ask the same voter in two of its lives. Throws
 * when a promise is broken.
 */
export async function runElectionScenario(
  size: number,
  { seed, forMs = 5_000, mutation }: { readonly seed: number; readonly forMs?: number; readonly mutation?: Mutation },
): Promise<void> {
  const quorum = new SimulatedQuorum(size, { seed, latencyMs: [1, 200], ...(mutation && { mutation }) })
  const { world, voters } = quorum
  try {
    quorum.startAll()
    const seen = new Map<number, number>()
    for (const end = world.elapsed + forMs; world.elapsed < end;) {
      await world.run(5)
      for (const { id, quorum: voter } of voters) {
        if (voter === undefined || voter.role !== 'unattached' || voter.epoch <= (seen.get(id) ?? 0)) continue
        seen.set(id, voter.epoch)
        quorum.crash(id, { silently: true })
        quorum.start(id)
      }
    }
  } finally {
    world.close()
  }
}

/** The leader is cut off: the others elect another one, and it gives up by itself, before anybody can tell it. Then all is well again. */
export async function runCutOffScenario(size: number, { seed }: { readonly seed: number }): Promise<void> {
  const quorum = new SimulatedQuorum(size, { seed, packetLoss: 0.1 })
  const { world, voters } = quorum
  try {
    quorum.startAll()
    const first = await quorum.electedLeader()
    const { epoch } = first
    await world.run(() => voters.every(voter => voter.highWatermark > 0))
    quorum.cutOff(first.nodeId)
    const lost = quorum.appendThrough(first)
    const second = await quorum.electedLeader({ after: epoch })
    if (second.nodeId === first.nodeId) throw new Error('who is cut off is not elected: it was')
    const givesUp = world.run(() => first.role !== 'leader', GIVES_UP_WITHIN_MS)
    await givesUp.catch(() => {
      throw new Error(`a leader that hears no majority gives up: not within ${GIVES_UP_WITHIN_MS} ms`)
    })
    await recover(quorum)
    if (quorum.acknowledged.has(lost)) throw new Error(`what a majority lacks is not acknowledged: ${lost} was`)
  } finally {
    world.close()
  }
}
