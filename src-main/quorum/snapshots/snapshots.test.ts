import { describe, expect, it } from 'vitest'
import { silentLogger } from '../../base/logger.ts'
import { METADATA_TOPIC_ID } from '../../base/uuid.ts'
import type { FetchSnapshot } from '../../protocol/messages/fetchSnapshot.ts'
import { errorName } from '../../protocol/errors.ts'
import type { RequestInput } from '../../protocol/schema.ts'
import { recover, runWithFaults } from '../../simulation/quorum/quorumFaults.ts'
import { type OpenLog, type QuorumScenario, SimulatedQuorum } from '../../simulation/quorum/simulatedQuorum.ts'
import { defaultLogConfig, PartitionLog } from '../../storage/partitionLog.ts'

/** So small that every voter writes snapshots all the time, keeps few, and whoever is away for a moment has to fetch one, in pieces. */
const config = {
  metadataLogMaxRecordBytesBetweenSnapshots: 700,
  metadataLogMaxSnapshotIntervalMs: 300,
  metadataMaxRetentionBytes: 2_000,
  fetchSnapshotMaxBytes: 400,
}

const seeds = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)

function quorumOf(size: number, scenario: QuorumScenario): SimulatedQuorum {
  const quorum = new SimulatedQuorum(size, { ...scenario, config: { ...config, ...scenario.config } })
  quorum.startAll()
  return quorum
}

async function appendFor(quorum: SimulatedQuorum, ms: number): Promise<void> {
  for (const end = quorum.world.elapsed + ms; quorum.world.elapsed < end;) {
    if (quorum.leader !== undefined) quorum.appendThrough(quorum.leader)
    await quorum.world.run(10)
  }
}

const openLog: OpenLog = (env, directory) =>
  PartitionLog.open(env, {
    directory,
    topic: '__cluster_metadata',
    partition: 0,
    topicId: METADATA_TOPIC_ID,
    config: { ...defaultLogConfig, cleanupPolicy: [], segmentBytes: 600, fileDeleteDelayMs: 50 },
    cleanShutdown: false,
    recoveryPoint: 0,
    logStartOffset: 0,
    log: silentLogger,
  })

describe.each([1, 3, 4])('a quorum of %i that keeps little of its log', size => {
  it.each(seeds(8))('keeps its promises through crashes, cuts, losses and replaced disks (seed %i)', async seed => {
    const quorum = quorumOf(size, { seed, packetLoss: 0.05 })
    await runWithFaults(quorum, { forMs: 3_000, replacedDisks: true })
    await recover(quorum)
    expect(quorum.acknowledged.size).toBeGreaterThan(0)
    quorum.world.close()
  })
})

describe('a quorum of three on segment files that keeps little of its log', () => {
  it.each(seeds(12))('keeps its promises through power failures and replaced disks (seed %i)', async seed => {
    const quorum = quorumOf(3, { seed, packetLoss: 0.05, openLog })
    await runWithFaults(quorum, { forMs: 3_000, replacedDisks: true })
    await recover(quorum)
    expect(quorum.acknowledged.size).toBeGreaterThan(0)
    quorum.world.close()
  })
})

describe('a quorum of three that keeps little of its log', () => {
  it('brings a voter that was away for long up to date by a snapshot, and then by the log', async () => {
    const quorum = quorumOf(3, { seed: 1 })
    await quorum.electedLeader()
    const away = quorum.voters.find(({ id }) => id !== quorum.leader?.nodeId)!
    quorum.cutOff(away.id)
    await appendFor(quorum, 2_000)
    const missed = quorum.committed.length - away.delivered
    quorum.heal()
    await recover(quorum)
    expect(missed).toBeGreaterThan(100)
    expect(away.snapshots).toHaveLength(1)
    expect(away.medium.base).toBeGreaterThan(0)
    expect(quorum.leader?.nodeId).not.toBe(away.id)
    quorum.world.close()
  })

  it('brings a voter whose disk was replaced back by a snapshot', async () => {
    const quorum = quorumOf(3, { seed: 2 })
    await quorum.electedLeader()
    const other = quorum.voters.find(({ id }) => id !== quorum.leader?.nodeId)!
    await appendFor(quorum, 1_000)
    quorum.crash(other.id)
    quorum.replaceDisk(other.id)
    quorum.start(other.id)
    await recover(quorum)
    expect(other.snapshots.map(each => each.from)).toEqual([0])
    quorum.world.close()
  })

  it('starts from its snapshots when all of it was down', async () => {
    const quorum = quorumOf(3, { seed: 3 })
    await quorum.electedLeader()
    await appendFor(quorum, 1_000)
    for (const { id } of quorum.voters) quorum.crash(id, { loseUnsynced: true })
    quorum.startAll()
    await recover(quorum)
    for (const { snapshots } of quorum.voters) {
      expect(snapshots).toHaveLength(1)
      expect(snapshots[0]!.endOffset).toBeGreaterThan(50)
    }
    quorum.world.close()
  })

  it('takes no damaged snapshot from its leader, and the next one that is whole', async () => {
    // Without the next one to put an end to it, nobody would.
    const quorum = quorumOf(3, { seed: 4, config: { metadataLogMaxSnapshotIntervalMs: 0 } })
    await quorum.electedLeader()
    const leader = quorum.leader!
    const away = quorum.voters.find(({ id }) => id !== leader.nodeId)!
    quorum.cutOff(away.id)
    await appendFor(quorum, 1_000)
    await quorum.world.run(1_000)
    const { disk } = quorum.voter(leader.nodeId).env!
    const directory = '/data/__cluster_metadata-0'
    const damage = async () => {
      for (const { name } of await disk.list(directory)) {
        if (!name.endsWith('.checkpoint')) continue
        const content = await disk.readFile(`${directory}/${name}`)
        content[content.length - 1]! ^= 1
        await disk.replaceFile(`${directory}/${name}`, content)
      }
    }
    await quorum.world.settle(damage())
    quorum.heal()
    await quorum.world.run(5_000)
    expect(away.snapshots).toHaveLength(0)
    expect(quorum.leader).toBe(leader)
    await appendFor(quorum, 1_000)
    await recover(quorum)
    expect(away.snapshots.length).toBeGreaterThan(0)
    quorum.world.close()
  })

  it('keeps all of its log while nothing calls for a snapshot', async () => {
    const quorum = quorumOf(3, { seed: 5, config: { metadataLogMaxRecordBytesBetweenSnapshots: 1e9, metadataLogMaxSnapshotIntervalMs: 0 } })
    await quorum.electedLeader()
    await appendFor(quorum, 1_000)
    expect(quorum.voters.map(voter => voter.medium.base)).toEqual([0, 0, 0])
    quorum.world.close()
  })

  it('writes what came within the interval, however little it is', async () => {
    const quorum = quorumOf(1, {
      seed: 6,
      config: { metadataLogMaxRecordBytesBetweenSnapshots: 1e9, metadataLogMaxSnapshotIntervalMs: 5_000 },
    })
    const leader = await quorum.electedLeader()
    quorum.appendThrough(leader)
    const { disk } = quorum.voter(1).env!
    const snapshots = async () => (await disk.list('/data/__cluster_metadata-0')).filter(({ name }) => name.endsWith('.checkpoint')).length
    await quorum.world.run(4_500)
    expect(await quorum.world.settle(snapshots())).toBe(0)
    await quorum.world.run(1_000)
    expect(await quorum.world.settle(snapshots())).toBe(1)
    await quorum.world.run(20_000) // nothing more was said, and nothing more is written
    expect(await quorum.world.settle(snapshots())).toBe(1)
    quorum.world.close()
  })
})

describe('FetchSnapshot', () => {
  type Request = RequestInput<typeof FetchSnapshot>
  type Asked = Request['topics'][number]['partitions'][number]

  it('answers the bytes of a snapshot by position, or why it cannot', async () => {
    const quorum = quorumOf(3, { seed: 1, config: { metadataMaxRetentionBytes: -1 } })
    await quorum.electedLeader()
    await appendFor(quorum, 500)
    await quorum.world.run(1_000)
    const leader = quorum.leader!
    const { disk } = quorum.voter(leader.nodeId).env!
    const directory = '/data/__cluster_metadata-0'
    const [name] = (await quorum.world.settle(disk.list(directory)))
      .map(each => each.name)
      .filter(each => each.endsWith('.checkpoint'))
      .sort()
    const content = await quorum.world.settle(disk.readFile(`${directory}/${name}`))
    const snapshotId = { endOffset: Number(name!.slice(0, 20)), epoch: Number(name!.slice(21, 31)) }

    const answer = async (given: Partial<Asked> = {}, of: { clusterId?: string; topic?: string; from?: typeof leader } = {}) => {
      const asked = { partition: 0, currentLeaderEpoch: leader.epoch, snapshotId, position: 0, ...given }
      const response = await quorum.world.settle(
        (of.from ?? leader).fetchSnapshot({
          clusterId: of.clusterId ?? null,
          replicaId: 9,
          maxBytes: 150,
          topics: [{ name: of.topic ?? '__cluster_metadata', partitions: [{ ...asked, replicaDirectoryId: 'AAAAAAAAAAAAAAAAAAAAAA' }] }],
        }),
      )
      const partition = response.topics[0]?.partitions[0]
      return { ...partition, error: errorName(response.errorCode || (partition?.errorCode ?? 0)) }
    }

    expect(await answer()).toMatchObject({
      error: 'NONE',
      size: content.length,
      position: 0,
      unalignedRecords: content.subarray(0, 150),
      snapshotId,
    })
    expect(await answer({ position: 70 })).toMatchObject({ error: 'NONE', position: 70, unalignedRecords: content.subarray(70, 220) })
    expect((await answer({ position: content.length - 1 })).unalignedRecords).toEqual(content.subarray(-1))
    expect((await answer({ position: content.length })).error).toBe('POSITION_OUT_OF_RANGE')
    expect((await answer({ position: -1 })).error).toBe('POSITION_OUT_OF_RANGE')
    expect((await answer({ snapshotId: { ...snapshotId, epoch: 99 } })).error).toBe('SNAPSHOT_NOT_FOUND')
    expect((await answer({ currentLeaderEpoch: leader.epoch - 1 })).error).toBe('FENCED_LEADER_EPOCH')
    expect((await answer({ currentLeaderEpoch: leader.epoch + 1 })).error).toBe('UNKNOWN_LEADER_EPOCH')
    expect((await answer({ partition: 1 })).error).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    expect((await answer({}, { topic: 'orders' })).error).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    expect((await answer({}, { clusterId: 'another' })).error).toBe('INCONSISTENT_CLUSTER_ID')
    const follower = quorum.voters.find(({ id }) => id !== leader.nodeId)!.quorum!
    expect(await answer({}, { from: follower })).toMatchObject({
      error: 'NOT_LEADER_OR_FOLLOWER',
      currentLeader: { leaderId: leader.nodeId, leaderEpoch: leader.epoch },
    })
    quorum.world.close()
  })
})

describe('the invariants bite', () => {
  it('when a snapshot lacks a record', async () => {
    for (const seed of seeds(50)) {
      const quorum = quorumOf(3, { seed, mutation: 'snapshotsAreNotWhole' })
      await quorum.electedLeader()
      const problem = await runWithFaults(quorum, { forMs: 2_000, replacedDisks: true }).then(
        () => undefined,
        (failure: unknown) => String(failure),
      )
      quorum.world.close()
      if (problem?.includes('states agree') === true) return
    }
    expect.unreachable('no seed noticed')
  })
})
