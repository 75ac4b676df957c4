import { errorName } from '../../protocol/errors.ts'
import { Fetch } from '../../protocol/messages/fetch.ts'
import { baseOffset, batchesIn, batchSize, isIntact, nextOffset, partitionLeaderEpoch } from '../../protocol/records/batch.ts'
import { BrokenPromise } from './history.ts'
import { rackOf } from './scenarioOptions.ts'
import { NotNow, SimulatedClient, untilOver, type ClientWorld } from './simulatedClient.ts'

const FETCH_BYTES = 20_000
/** After that a consumer asks the leader again where to read. */
const NEAR_FOR_MS = 2000
const READ_UNCOMMITTED = 0
const READ_COMMITTED = 1

/** Reads one partition from the leader, or from a follower that is said to be near (KIP-392), again now and then, some of it or all, and holds what it sees against what was seen before. */
export async function consume(world: ClientWorld, at: { name: string; topic: string; partition: number }): Promise<void> {
  const client = new SimulatedClient(world, at.name)
  /** Some clients tell the epoch of what they read last and so hear of truncations (KIP-320); some do not. */
  const tellsEpoch = client.random.chance(0.5)
  const isolationLevel = client.random.chance(0.5) ? READ_COMMITTED : READ_UNCOMMITTED
  const rackId = client.random.chance(0.5) ? rackOf(client.anyBroker()) : ''
  let near: { readonly brokerId: number; readonly untilMs: number } | undefined
  let position = { offset: 0, lastEpoch: -1 }
  await untilOver(world, client, async () => {
    const busyMs = client.random.below(80)
    await (world.isHealing ? client.pause(busyMs) : client.rest(busyMs))
    const leader = await client.leader(at.topic, at.partition)
    const history = world.history.of(at.topic, leader.topicId, at.partition)
    if (!world.isHealing && client.random.chance(0.02)) {
      const offset = client.random.chance(0.1) ? 0 : Math.max(0, history.readEnd - client.random.below(1000))
      position = { offset: Math.max(offset, history.deletedBelow), lastEpoch: -1 }
    }
    const asked = {
      partition: at.partition,
      currentLeaderEpoch: leader.leaderEpoch,
      fetchOffset: position.offset,
      lastFetchedEpoch: tellsEpoch ? position.lastEpoch : -1,
      partitionMaxBytes: FETCH_BYTES,
    }
    const from = near !== undefined && client.elapsed < near.untilMs ? near.brokerId : leader.brokerId
    const isNear = from !== leader.brokerId
    near = isNear ? near : undefined
    try {
      const response = await client.ask(from, Fetch, {
        maxWaitMs: 200,
        minBytes: 1,
        isolationLevel,
        rackId,
        topics: [{ topicId: leader.topicId, topic: at.topic, partitions: [asked] }],
      })
      const answer = response.responses[0]?.partitions[0]
      if (answer === undefined) throw new NotNow(errorName(response.errorCode))
      const where = `${history.name} at ${position.offset} (last epoch ${position.lastEpoch}) on broker ${from}, epoch ${leader.leaderEpoch}`
      if (answer.divergingEpoch.endOffset >= 0)
        throw new BrokenPromise('what was read stays', `${where}: the log diverges at ${answer.divergingEpoch.endOffset}`)
      const error = errorName(answer.errorCode)
      // A follower may be behind, or ahead in what it deleted.
      if (isNear && error === 'OFFSET_OUT_OF_RANGE') throw new NotNow(error)
      if (error === 'OFFSET_OUT_OF_RANGE' && position.offset < history.deletedBelow) {
        position = { offset: history.deletedBelow, lastEpoch: -1 }
        return
      }
      if (error === 'OFFSET_OUT_OF_RANGE') throw new BrokenPromise('what was read stays', `${where}: out of range`)
      if (error !== 'NONE') throw new NotNow(error)
      if (answer.preferredReadReplica >= 0) {
        world.checks.count('consumers are sent to followers that are near')
        near = { brokerId: answer.preferredReadReplica, untilMs: client.elapsed + NEAR_FOR_MS }
        return
      }
      const { lastStableOffset, highWatermark, abortedTransactions } = answer
      world.checks.count('the last stable offset is never above the high watermark')
      if (lastStableOffset > highWatermark)
        throw new BrokenPromise(
          'the last stable offset is never above the high watermark',
          `${where}: ${lastStableOffset} and ${highWatermark}`,
        )
      if (isolationLevel === READ_COMMITTED && (abortedTransactions?.length ?? 0) > 0)
        throw new BrokenPromise('nothing is aborted that nobody began', `${where}: ${JSON.stringify(abortedTransactions)}`)
      const end = isolationLevel === READ_COMMITTED ? lastStableOffset : highWatermark
      const records = answer.records ?? Buffer.alloc(0)
      for (const start of batchesIn(records)) {
        const batch = records.subarray(start, start + batchSize(records, start))
        if (!isIntact(batch)) throw new BrokenPromise('what is read is intact', `${where}: the batch at ${baseOffset(batch)} is damaged`)
        if (nextOffset(batch) <= position.offset) continue
        // A deletion ends anywhere, and what is below in the same batch comes with it.
        if (baseOffset(batch) !== position.offset && position.lastEpoch >= 0)
          throw new BrokenPromise('what is read has no gaps', `${where}: the next batch begins at ${baseOffset(batch)}`)
        if (nextOffset(batch) > end)
          throw new BrokenPromise('consumers read what is committed', `${where}: a batch up to ${nextOffset(batch)} above ${end}`)
        world.checks.count('consumers read what is committed')
        world.checks.count('what was read stays')
        history.noteRead(baseOffset(batch), nextOffset(batch), batch)
        position = { offset: nextOffset(batch), lastEpoch: partitionLeaderEpoch(batch) }
      }
    } catch (error) {
      near = undefined
      client.forgetLeader(at.topic, at.partition)
      throw error
    }
  })
}
