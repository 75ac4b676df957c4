import { describe, expect, it } from 'vitest'
import { silentLogger } from '../base/logger.ts'
import { METADATA_TOPIC_ID } from '../base/uuid.ts'
import { recover, runWithFaults } from '../simulation/quorum/quorumFaults.ts'
import { runCutOffScenario, runElectionScenario } from '../simulation/quorum/quorumScenario.ts'
import { type Mutation, type OpenLog, type QuorumScenario, SimulatedQuorum } from '../simulation/quorum/simulatedQuorum.ts'
import { defaultLogConfig, PartitionLog } from '../storage/partitionLog.ts'

const seeds = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)

function quorumOf(size: number, scenario: QuorumScenario): SimulatedQuorum {
  const quorum = new SimulatedQuorum(size, scenario)
  quorum.startAll()
  return quorum
}

describe.each([3, 5])('a quorum of %i', size => {
  it.each(seeds(10))('elects another leader when the first is cut off, and the first gives up (seed %i)', async seed => {
    await runCutOffScenario(size, { seed })
  })
})

describe('a quorum of three on segment files', () => {
  const openLog: OpenLog = (env, directory) =>
    PartitionLog.open(env, {
      directory,
      topic: '__cluster_metadata',
      partition: 0,
      topicId: METADATA_TOPIC_ID,
      config: { ...defaultLogConfig, cleanupPolicy: [], segmentBytes: 4_096 },
      cleanShutdown: false,
      recoveryPoint: 0,
      logStartOffset: 0,
      log: silentLogger,
    })

  it.each(seeds(12))('keeps its promises through power failures, and goes on when they end (seed %i)', async seed => {
    const quorum = quorumOf(3, { seed, packetLoss: 0.05, openLog })
    await runWithFaults(quorum, { forMs: 3_000 })
    await recover(quorum)
    expect(quorum.acknowledged.size).toBeGreaterThan(0)
    quorum.world.close()
  })
})

describe('a quorum of three', () => {
  it.each(seeds(30))('has a leader within 400 ms of its first start (seed %i)', async seed => {
    const quorum = quorumOf(3, { seed })
    await quorum.electedLeader({ withinMs: 400 })
    quorum.world.close()
  })

  it.each(seeds(30))('has another leader within 600 ms when the process of the first dies (seed %i)', async seed => {
    const quorum = quorumOf(3, { seed })
    const first = await quorum.electedLeader()
    await quorum.world.run(500)
    quorum.crash(first.nodeId)
    await quorum.electedLeader({ withinMs: 600 })
    quorum.world.close()
  })

  it.each(seeds(20))('has another leader within 300 ms when the first one stops in order (seed %i)', async seed => {
    const quorum = quorumOf(3, { seed })
    const first = await quorum.electedLeader()
    await quorum.world.run(500)
    const { epoch } = first
    const stopped = first.stop()
    await quorum.electedLeader({ after: epoch, withinMs: 300 })
    await quorum.world.settle(stopped)
    quorum.world.close()
  })

  it('lets a voter that was cut off come back without an election', async () => {
    const quorum = quorumOf(3, { seed: 1 })
    const leader = await quorum.electedLeader()
    await quorum.world.run(500)
    const { epoch } = leader
    const other = quorum.voters.find(({ id }) => id !== leader.nodeId)!
    quorum.cutOff(other.id)
    await quorum.world.run(10_000)
    quorum.heal()
    await quorum.world.run(3_000)
    expect(quorum.leader?.nodeId).toBe(leader.nodeId)
    expect(leader.epoch).toBe(epoch)
    expect(other.quorum!.leaderId).toBe(leader.nodeId)
    quorum.world.close()
  })

  it('commits and tells its followers within a few round trips and syncs', async () => {
    const quorum = quorumOf(3, { seed: 1, latencyMs: [0.5, 0.5] })
    const leader = await quorum.electedLeader()
    await quorum.world.run(500)
    const name = quorum.appendThrough(leader)
    await quorum.world.run(() => quorum.acknowledged.has(name) && quorum.isInAgreement, 20)
    quorum.world.close()
  })

  it('answers appends that a lost leadership leaves open, and refuses further ones', async () => {
    const quorum = quorumOf(3, { seed: 4 })
    const first = await quorum.electedLeader()
    quorum.cutOff(first.nodeId)
    const { committed } = first.append([{ type: 'NoOpRecord' }])
    await expect(quorum.world.settle(committed)).rejects.toThrow('does not lead the quorum')
    expect(() => first.append([{ type: 'NoOpRecord' }])).toThrow('does not lead the quorum')
    quorum.world.close()
  })
})

describe('DescribeQuorum', () => {
  it('tells from the leader how far each voter is, and from the others who leads', async () => {
    const quorum = quorumOf(3, { seed: 1 })
    const leader = await quorum.electedLeader()
    await quorum.world.run(() => quorum.voters.every(voter => voter.highWatermark > 0))
    await quorum.world.run(1_000)
    const { error, leaderId, leaderEpoch, highWatermark, currentVoters } = leader.describe()
    expect({ error, leaderId, leaderEpoch, highWatermark }).toEqual({
      error: 'NONE',
      leaderId: leader.nodeId,
      leaderEpoch: leader.epoch,
      highWatermark: 1,
    })
    expect(currentVoters.map(voter => voter.logEndOffset)).toEqual([1, 1, 1])
    const now = quorum.voter(leader.nodeId).env!.clock.now()
    for (const voter of currentVoters) expect(now - voter.lastCaughtUpTimestamp).toBeLessThan(1_000)
    const follower = quorum.voters.find(({ id }) => id !== leader.nodeId)!.quorum!
    expect(follower.describe()).toMatchObject({ error: 'NOT_LEADER_OR_FOLLOWER', leaderId: leader.nodeId })
    quorum.world.close()
  })
})

describe('a voter whose disk fails', () => {
  it('votes for nobody and says that it cannot go on', async () => {
    const quorum = new SimulatedQuorum(3, { seed: 1 })
    quorum.startAll()
    const [one] = quorum.voters
    await quorum.world.run(() => one!.quorum !== undefined)
    quorum.world.disk(one!.name).faults.add({ operations: ['replaceFile'], code: 'EIO' })
    await expect(quorum.world.run(10_000)).rejects.toThrow('voter-1 failed')
    expect(one!.shownEpoch).toBe(0) // never of the epoch that it could not write down
    quorum.world.close()
  })
})

describe('a quorum of one', () => {
  it('elects itself and commits alone', async () => {
    const quorum = quorumOf(1, { seed: 1 })
    const leader = await quorum.electedLeader({ withinMs: 300 })
    const name = quorum.appendThrough(leader)
    await quorum.world.run(() => quorum.acknowledged.has(name), 50)
    quorum.world.close()
  })
})

describe('the invariants bite', () => {
  const broken: { mutation: Mutation; size: number; notices: RegExp }[] = [
    { mutation: 'epochsAreForgotten', size: 3, notices: /epochs never fall/ },
    { mutation: 'syncsAreSkipped', size: 3, notices: /committed entries agree/ },
    { mutation: 'syncsAreSkipped', size: 3, notices: /leaders are complete/ },
    { mutation: 'anyLogWins', size: 3, notices: /leaders are complete/ },
    { mutation: 'anyLogWins', size: 3, notices: /never truncated/ },
    // Of three, a follower and the leader it has the records from are a majority already.
    { mutation: 'leaderCommitsAlone', size: 5, notices: /leaders are complete/ },
    { mutation: 'newcomersVote', size: 3, notices: /leaders are complete/ },
    { mutation: 'newcomersVote', size: 3, notices: /one leader per epoch/ },
  ]

  it.each(broken)('when $mutation: $notices', async ({ mutation, size, notices }) => {
    for (const seed of seeds(200)) {
      const quorum = quorumOf(size, { seed, packetLoss: 0.05, mutation })
      const problem = await runWithFaults(quorum, { forMs: 2_000, replacedDisks: mutation === 'newcomersVote' }).then(
        () => undefined,
        (failure: unknown) => failure as Error,
      )
      quorum.world.close()
      if (notices.test(reasonsOf(problem))) return
    }
    expect.unreachable('no seed noticed')
  })

  it.each(['votesAreForgotten', undefined] as const)('when one voter votes twice: %s', async mutation => {
    let noticed = false
    for (const seed of seeds(100)) {
      const problem = await runElectionScenario(5, { seed, ...(mutation && { mutation }) }).then(
        () => undefined,
        (failure: unknown) => failure,
      )
      if (mutation === undefined) expect(problem).toBeUndefined()
      noticed ||= reasonsOf(problem).includes('one leader per epoch')
      if (noticed) break
    }
    expect(noticed).toBe(mutation !== undefined)
  })
})

function reasonsOf(problem: unknown): string {
  return problem instanceof Error ? `${problem.message} ${reasonsOf(problem.cause)}` : ''
}
