import { describe, expect, it } from 'vitest'
import { recover } from '../simulation/quorum/quorumFaults.ts'
import { SimulatedQuorum } from '../simulation/quorum/simulatedQuorum.ts'
import { aLog, aState, aVoter, aVoteRequest, typesOf } from './builders.ts'
import { step } from './step.ts'

describe('an observer', () => {
  const observer = aState({ self: aVoter(9), standing: 'observer' })

  it('asks one voter after the other for the leader, and never for a vote', () => {
    const [next, effects] = step(observer, { type: 'electionTimeout' }, aLog(0))
    expect(effects).toContainEqual({ type: 'fetch', from: 1, epoch: 5, when: 'now' })
    expect(step(next, { type: 'electionTimeout' }, aLog(0))[1]).toContainEqual({ type: 'fetch', from: 2, epoch: 5, when: 'now' })
    expect(typesOf(effects)).not.toContain('send')
  })

  it('grants no vote', () => {
    const [, effects] = step(observer, { type: 'request', request: aVoteRequest() }, aLog(0))
    expect(effects.find(effect => effect.type === 'answer')?.answer.voteGranted).toBe(false)
  })

  it('follows every leader and learns what is committed, but is not asked to hold it', async () => {
    const quorum = new SimulatedQuorum(3, { seed: 1, observers: 2 })
    quorum.startAll()
    const first = await quorum.electedLeader()
    await quorum.world.run(() => quorum.isInAgreement && quorum.voter(4).quorum?.leaderId === first.nodeId)
    // With one voter and both observers, the leader has no majority.
    for (const { id } of quorum.voters) if (id !== first.nodeId && quorum.isVoter({ id })) quorum.crash(id)
    const name = quorum.appendThrough(first)
    await quorum.world.run(() => first.role !== 'leader')
    expect(quorum.acknowledged).not.toContain(name)
    await recover(quorum)
    quorum.world.close()
  })

  it('is told of by DescribeQuorum, with how far it is', async () => {
    const quorum = new SimulatedQuorum(3, { seed: 1, observers: 1 })
    quorum.startAll()
    const leader = await quorum.electedLeader()
    const name = quorum.appendThrough(leader)
    await quorum.world.run(() => quorum.acknowledged.has(name))
    await quorum.world.run(1_000)
    const { observers, currentVoters } = leader.describe()
    expect(currentVoters.map(each => each.replicaId)).toEqual([1, 2, 3])
    expect(observers).toMatchObject([{ replicaId: 4, replicaDirectoryId: quorum.voter(4).directoryId, logEndOffset: leader.logEndOffset }])
    const now = quorum.voter(leader.nodeId).env!.clock.now()
    expect(now - observers[0]!.lastCaughtUpTimestamp).toBeLessThan(1_000)
    expect(now - observers[0]!.lastFetchTimestamp).toBeLessThan(1_000)
    quorum.crash(4)
    await quorum.world.run(310_000)
    expect(quorum.leader!.describe().observers).toEqual([])
    quorum.world.close()
  })

  it('finds the next leader soon after the first one is gone', async () => {
    const quorum = new SimulatedQuorum(3, { seed: 5, observers: 1 })
    quorum.startAll()
    const first = await quorum.electedLeader()
    const observer = quorum.voter(4)
    await quorum.world.run(() => observer.quorum?.leaderId === first.nodeId)
    quorum.crash(first.nodeId)
    const second = await quorum.electedLeader({ after: first.epoch })
    await quorum.world.run(() => observer.quorum?.leaderId === second.nodeId, 1_000)
    quorum.world.close()
  })
})
