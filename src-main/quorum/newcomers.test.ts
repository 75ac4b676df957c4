import { describe, expect, it } from 'vitest'
import { ZERO_UUID } from '../base/uuid.ts'
import { recover } from '../simulation/quorum/quorumFaults.ts'
import { type QuorumScenario, SimulatedQuorum } from '../simulation/quorum/simulatedQuorum.ts'
import { aFollower, aLog, aProspective, aState, aVoter, aVoteRequest, typesOf } from './builders.ts'
import type { QuorumEvent, QuorumState } from './state.ts'
import { initialState, step } from './step.ts'

const log = aLog(10)
const aNewcomer = (given: Partial<QuorumState> = {}): QuorumState => aState({ standing: 'newcomer', ...given })
const voteAnswered = (from: number, epoch: number, voteGranted = false): QuorumEvent => ({
  type: 'voteAnswered',
  from,
  epoch: 0,
  preVote: true,
  answer: { error: 'NONE', leaderId: undefined, epoch, voteGranted },
})
const fetchAnswered = (given: { highWatermark: number; records?: Buffer }): QuorumEvent => ({
  type: 'fetchAnswered',
  from: 2,
  epoch: 5,
  error: 'NONE',
  leader: { leaderId: 2, epoch: 5 },
  diverging: undefined,
  snapshot: undefined,
  records: Buffer.alloc(0),
  ...given,
})

describe('a node that starts', () => {
  it.each([
    { given: 'with a quorum-state is a voter', id: 1, vote: { epoch: 0, votedFor: undefined, leaderId: undefined }, standing: 'voter' },
    { given: 'without one is a newcomer, since nobody knows what it promised', id: 1, vote: undefined, standing: 'newcomer' },
    { given: 'that is not in the set is an observer', id: 9, vote: undefined, standing: 'observer' },
  ])('$given', ({ id, vote, standing }) => expect(initialState(aVoter(id), [1, 2, 3], { vote }).standing).toBe(standing))
})

describe('a newcomer', () => {
  it.each([true, false])('grants nothing, and writes nothing down (pre-vote: %s)', preVote => {
    const [next, effects] = step(aNewcomer(), { type: 'request', request: aVoteRequest({ preVote }) }, log)
    expect(next.standing).toBe('newcomer')
    expect(typesOf(effects)).not.toContain('persistVote')
    expect(effects.find(effect => effect.type === 'answer')?.answer.voteGranted).toBe(false)
  })

  it('does not become a candidate, whoever would vote for it', () => {
    const asking = aNewcomer({ epoch: 0, role: aProspective() })
    const [next] = step(step(asking, voteAnswered(2, 3, true), log)[0], voteAnswered(3, 3, true), log)
    expect(next.role.type).not.toBe('candidate')
    expect(next.standing).toBe('newcomer')
  })

  it('asks the leader that it finds to let it in, and again later', () => {
    const asks = { type: 'send', to: 2, request: { type: 'join', voter: aVoter(1), epoch: 5 } }
    const [next, effects] = step(aNewcomer(), { type: 'leaderHeardOf', from: 3, leader: { leaderId: 2, epoch: 5 } }, log)
    expect(effects).toContainEqual(asks)
    expect(step(next, { type: 'announceTimeout' }, log)[1]).toEqual([asks, { type: 'armAnnounceTimer' }])
  })

  it('is a voter once it has all up to what the leader committed for it, and says so on its disk before it fetches as one', () => {
    const following = aNewcomer({ role: aFollower() })
    const [welcomed, effects] = step(following, { type: 'welcomed', from: 2, epoch: 5 }, log)
    expect(effects).toEqual([{ type: 'fetch', from: 2, epoch: 5, when: 'now' }]) // one under way may not know of that record yet
    const [voter, done] = step(welcomed, fetchAnswered({ highWatermark: 10 }), log)
    expect(voter).toMatchObject({ standing: 'voter', votedFor: { id: 2, directoryId: ZERO_UUID } })
    expect(done[0]).toEqual({ type: 'persistVote', vote: { epoch: 5, votedFor: { id: 2, directoryId: ZERO_UUID }, leaderId: 2 } })
    expect(done.at(-1)?.type).toBe('fetch')
  })

  it.each([
    { given: 'the leader has not let it in', welcomed: undefined, highWatermark: 10 },
    { given: 'another leader did, in another epoch', welcomed: { type: 'welcomed', from: 3, epoch: 4 }, highWatermark: 10 },
    { given: 'it lacks something that is committed', welcomed: { type: 'welcomed', from: 2, epoch: 5 }, highWatermark: 11 },
  ] as const)('stays one while $given', ({ welcomed, highWatermark }) => {
    const following = aNewcomer({ role: aFollower() })
    const before = welcomed === undefined ? following : step(following, welcomed, log)[0]
    const [next, effects] = step(before, fetchAnswered({ highWatermark }), log)
    expect(next.standing).toBe('newcomer')
    expect(typesOf(effects)).not.toContain('persistVote')
  })

  it('begins a new cluster when no other voter has heard of any epoch either', () => {
    const [, effects] = step(
      step(aNewcomer({ epoch: 0, role: aProspective() }), voteAnswered(2, 0), aLog(0))[0],
      voteAnswered(3, 0),
      aLog(0),
    )
    expect(effects[0]).toEqual({ type: 'persistVote', vote: { epoch: 0, votedFor: undefined, leaderId: undefined } })
  })

  it('of two trusts the other, without which nothing can have happened', () => {
    const asking = aNewcomer({ epoch: 7, voters: [1, 2], role: aProspective() })
    const answer: QuorumEvent = { ...voteAnswered(2, 7), epoch: 7 } as QuorumEvent
    expect(step(asking, answer, aLog(0))[1][0]).toEqual({
      type: 'persistVote',
      vote: { epoch: 7, votedFor: undefined, leaderId: undefined },
    })
  })

  it('begins none when one of them has', () => {
    const [next] = step(step(aNewcomer({ epoch: 0, role: aProspective() }), voteAnswered(2, 0), aLog(0))[0], voteAnswered(3, 1), aLog(0))
    expect(next.standing).toBe('newcomer')
  })
})

function quorumOf(size: number, scenario: QuorumScenario): SimulatedQuorum {
  const quorum = new SimulatedQuorum(size, scenario)
  quorum.startAll()
  return quorum
}

describe('a voter whose disk was destroyed', () => {
  it('does not help a candidate to win that lacks what it once helped to commit', async () => {
    const quorum = quorumOf(3, { seed: 2 })
    const first = await quorum.electedLeader()
    const [second, third] = quorum.voters.filter(({ id }) => id !== first.nodeId)
    quorum.cutOff(second!.id)
    await quorum.world.run(() => third!.quorum?.highWatermark === first.highWatermark)
    const name = quorum.appendThrough(first)
    await quorum.world.run(() => quorum.acknowledged.has(name)) // on the first and the third
    quorum.crash(first.nodeId)
    quorum.crash(third!.id)
    quorum.replaceDisk(third!.id)
    quorum.heal()
    quorum.start(third!.id)
    await quorum.world.run(10_000)
    expect(quorum.leader).toBeUndefined()
    await recover(quorum)
    quorum.world.close()
  })

  it('does so neither when the candidate never had any record', async () => {
    const quorum = new SimulatedQuorum(3, { seed: 3 })
    quorum.start(1)
    quorum.start(2)
    const leader = await quorum.electedLeader()
    const name = quorum.appendThrough(leader)
    await quorum.world.run(() => quorum.acknowledged.has(name))
    quorum.crash(1)
    quorum.crash(2)
    quorum.replaceDisk(2)
    quorum.start(2)
    quorum.start(3)
    await quorum.world.run(10_000)
    expect(quorum.leader).toBeUndefined()
    await recover(quorum)
    quorum.world.close()
  })

  it('is one too many when of three another has not come back, even if that one has all records again', async () => {
    const quorum = quorumOf(3, { seed: 4 })
    const leader = await quorum.electedLeader()
    const [first, left] = quorum.voters.filter(({ id }) => id !== leader.nodeId)
    const end = leader.highWatermark
    quorum.crash(left!.id)
    quorum.crash(first!.id)
    quorum.replaceDisk(first!.id)
    quorum.start(first!.id)
    await quorum.world.run(() => (first!.quorum?.highWatermark ?? 0) >= end)
    expect(first!.quorum?.isNewcomer).toBe(true) // what would let it in cannot be committed
    quorum.crash(leader.nodeId)
    quorum.replaceDisk(leader.nodeId)
    quorum.startAll()
    await quorum.world.run(20_000)
    expect(quorum.leader).toBeUndefined()
    expect(quorum.voters.map(({ id, quorum: node }) => [id, node?.isNewcomer])).toEqual(
      quorum.voters.map(({ id }) => [id, id !== left!.id]),
    )
    quorum.world.close()
  })

  it.each([2, 3, 4, 5])('votes again within some seconds, of %i, so that the next one may be lost', async size => {
    const quorum = quorumOf(size, { seed: size })
    await quorum.electedLeader()
    for (const { id } of quorum.voters) {
      quorum.crash(id)
      quorum.replaceDisk(id)
      quorum.start(id)
      await quorum.electedLeader()
      await quorum.world.run(() => !quorum.voter(id).isForgetful, size === 2 ? 5_000 : 1_000)
    }
    await recover(quorum)
    quorum.world.close()
  })

  it('is shown as an observer until then, under its new directory', async () => {
    const quorum = quorumOf(3, { seed: 1 })
    const leader = await quorum.electedLeader()
    const [lost, other] = quorum.voters.filter(({ id }) => id !== leader.nodeId)
    await quorum.world.run(1_000)
    quorum.crash(lost!.id)
    quorum.replaceDisk(lost!.id)
    quorum.crash(other!.id)
    quorum.start(lost!.id)
    await quorum.world.run(() => leader.describe().observers.length > 0)
    const { currentVoters, observers } = leader.describe()
    expect(observers).toMatchObject([{ replicaId: lost!.id, replicaDirectoryId: lost!.directoryId }])
    expect(currentVoters.find(each => each.replicaId === lost!.id)).toMatchObject({ replicaDirectoryId: ZERO_UUID, lastFetchTimestamp: -1 })
    quorum.start(other!.id)
    await quorum.electedLeader()
    await quorum.world.run(() => !lost!.isForgetful)
    await quorum.world.run(() => quorum.leader?.describe().observers.length === 0)
    const described = quorum.leader!.describe().currentVoters.map(each => each.replicaDirectoryId)
    expect(described).toEqual(quorum.voters.map(each => each.directoryId))
    quorum.world.close()
  })
})

describe('a leader that was left behind', () => {
  const lost = 3

  /** The others have elected another and committed with it; then the disk of one of them is destroyed, and it meets the old leader alone. */
  async function meetsANewcomer(quorum: SimulatedQuorum): Promise<void> {
    quorum.start(1)
    quorum.start(2)
    const { nodeId: old, epoch } = await quorum.electedLeader()
    const next = 3 - old
    quorum.start(lost)
    await quorum.world.run(() => quorum.isInAgreement && quorum.voter(lost).highWatermark > 0)
    for (const id of [next, lost]) {
      quorum.cut(old, id)
      quorum.cut(id, old)
      quorum.voter(id).quorum!.peerDisconnected(old)
    }
    const second = await quorum.electedLeader({ after: epoch })
    const name = quorum.appendThrough(second)
    await quorum.world.run(() => quorum.acknowledged.has(name))
    quorum.crash(lost)
    quorum.replaceDisk(lost)
    quorum.heal()
    for (const id of [old, lost]) {
      quorum.cut(next, id)
      quorum.cut(id, next)
    }
    quorum.start(lost)
    for (let round = 0; round < 100; round++) {
      const left = quorum.voter(old).quorum!
      if (left.role === 'leader') quorum.appendThrough(left)
      await quorum.world.run(20)
    }
  }

  it.each(['newcomersCount', 'newcomersAreLetInAtOnce', undefined] as const)(
    'commits nothing with a newcomer, unless %s',
    async mutation => {
      let noticed = false
      for (const seed of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) {
        const quorum = new SimulatedQuorum(3, { seed, ...(mutation && { mutation }) })
        const problem = await meetsANewcomer(quorum).then(
          () => undefined,
          (failure: unknown) => String(failure),
        )
        if (mutation === undefined) {
          expect(problem).toBeUndefined()
          expect(quorum.voter(lost).quorum?.standing).toBe('newcomer')
          await recover(quorum)
        }
        quorum.world.close()
        noticed ||= problem?.includes('committed entries agree') === true
      }
      expect(noticed).toBe(mutation !== undefined)
    },
  )
})

describe.each([2, 3, 4, 5, 6, 7])('a new quorum of %i', size => {
  it('begins with a majority, also when some crash before anything is committed', async () => {
    const majority = Math.floor(size / 2) + 1
    for (const seed of [1, 2, 3]) {
      const quorum = new SimulatedQuorum(size, { seed, latencyMs: [1, 40] })
      for (let id = 1; id <= majority; id++) quorum.start(id)
      // Whoever is elected first crashes at once, with or without a record that others have not: no two of them may wait for each other.
      await quorum.world.run(() => quorum.leader !== undefined)
      quorum.crash(quorum.leader!.nodeId, { loseUnsynced: true })
      const spare = quorum.voters.find(each => each.lives === 0)
      if (spare === undefined) quorum.startAll()
      else quorum.start(spare.id)
      await quorum.electedLeader()
      quorum.world.close()
    }
  })

  it('whose disks do not say that it is new begins when all voters are there', async () => {
    const quorum = quorumOf(size, { seed: size, isFormatted: false })
    await quorum.electedLeader({ withinMs: 5_000 })
    await recover(quorum)
    quorum.world.close()
  })
})
