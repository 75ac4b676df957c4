import { describe, expect, it } from 'vitest'
import vectors from '../protocol/fixtures/vectors.json' with { type: 'json' }
import {
  baseOffset,
  batchesIn,
  isIntact,
  isLogAppendTime,
  lastOffset,
  maxTimestamp,
  partitionLeaderEpoch,
  setBaseOffset,
  setPartitionLeaderEpoch,
} from '../protocol/records/batch.ts'
import { type World, simulatedWorld } from '../simulation/world.ts'
import { type BatchOfTest, SOME_TIME, aBatch, aMarker, aProducerBatch, openLog } from './builders.ts'
import type { LogConfig } from './logConfig.ts'
import type { AppendOptions, Appended, PartitionLog } from './partitionLog.ts'

const NODE = 'broker-1'
const FOLDER = '/data/topic-0'

async function aLog(config: Partial<LogConfig> = {}, seed = 1): Promise<{ world: World; log: PartitionLog }> {
  const world = simulatedWorld(seed)
  return { world, log: await world.settle(openLog(world.env(NODE), { config })) }
}

function append(log: PartitionLog, batch: Buffer | BatchOfTest = {}, options: Partial<AppendOptions> = {}): Appended {
  const bytes = Buffer.isBuffer(batch) ? batch : aBatch(batch)
  const result = log.append(bytes, { leaderEpoch: 0, origin: 'client', ...options })
  if (result.error !== 'NONE') throw new Error(`${result.error}: ${result.message}`)
  return result
}

/** A batch as a follower gets it: numbered by the leader. */
function replicated(at: number, batch: BatchOfTest & { leaderEpoch?: number } = {}): Buffer {
  const bytes = aBatch(batch)
  setBaseOffset(bytes, 0, at)
  setPartitionLeaderEpoch(bytes, 0, batch.leaderEpoch ?? 0)
  return bytes
}

async function offsetsFrom(world: World, log: PartitionLog, from: number): Promise<number[]> {
  const read = await world.settle(log.read(from, { maxBytes: 1e6, upTo: log.logEndOffset, atLeastOneBatch: true }))
  if (read.error !== 'NONE') throw new Error(read.error)
  return [...batchesIn(read.records)].map(at => baseOffset(read.records, at))
}

const hexOf = (world: World, name: string) => world.disk(NODE).files().get(`${FOLDER}/${name}`)?.toString('hex')

describe('appending as leader', () => {
  it('numbers batches at once and makes them readable when they are written', async () => {
    const { world, log } = await aLog()
    let moved = 0
    log.onAppended(() => moved++)
    const first = append(log, { records: 3 }, { leaderEpoch: 4 })
    const second = append(log, { records: 2 }, { leaderEpoch: 4 })
    expect([first.baseOffset, first.lastOffset, second.baseOffset, second.lastOffset]).toEqual([0, 2, 3, 4])
    expect(log.logEndOffset).toBe(0)
    await world.settle(second.written)
    expect(log).toMatchObject({ logEndOffset: 5, highWatermark: 0, latestEpoch: 4 })
    expect(moved).toBe(1)
  })

  it('writes all that was decided in one turn with one append', async () => {
    const { world, log } = await aLog()
    for (let count = 0; count < 50; count++) append(log)
    await world.settle(append(log).written)
    expect(world.trace.filter(line => line.includes('append') && line.endsWith('.log'))).toHaveLength(1)
  })

  it('stores what the producer sent, but for offset and leader epoch', async () => {
    const { world, log } = await aLog()
    await world.settle(append(log).written)
    const sent = aBatch({ records: 2 })
    const batch = Buffer.from(sent)
    await world.settle(append(log, batch, { leaderEpoch: 7 }).written)
    const read = await world.settle(log.read(1, { maxBytes: 1e6, upTo: 3, atLeastOneBatch: true }))
    if (read.error !== 'NONE') throw new Error(read.error)
    expect([baseOffset(read.records), partitionLeaderEpoch(read.records), isIntact(read.records)]).toEqual([1, 7, true])
    expect(read.records.subarray(16)).toEqual(sent.subarray(16))
  })

  it('stamps batches where the topic wants the time of the append', async () => {
    const { world, log } = await aLog({ messageTimestampType: 'LogAppendTime' })
    const batch = aBatch()
    const now = world.env(NODE).clock.now()
    expect(append(log, batch).logAppendTimeMs).toBe(now)
    expect([isLogAppendTime(batch), maxTimestamp(batch), isIntact(batch)]).toEqual([true, now, true])
  })

  it('answers a retry of a batch that is still on its way with the same place', async () => {
    const { world, log } = await aLog()
    const batch = () => aProducerBatch({ producerId: 9, baseSequence: 0, records: 2 })
    const first = append(log, batch())
    const retry = append(log, batch())
    expect(retry).toMatchObject({ duplicate: true, baseOffset: 0, lastOffset: 1 })
    await world.settle(Promise.all([first.written, retry.written]))
    expect(log.logEndOffset).toBe(2)
    expect(log.append(aProducerBatch({ producerId: 9, baseSequence: 5 }), { leaderEpoch: 0, origin: 'client' })).toMatchObject({
      error: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
    })
  })

  it('is over for good when the disk fails: nothing is acknowledged, nothing tried again', async () => {
    const { world, log } = await aLog()
    const failures: Error[] = []
    log.onFailure(failure => failures.push(failure))
    await world.settle(append(log).written)
    world.disk(NODE).faults.add({ operations: ['append'], code: 'EIO', times: 1 })
    const lost = append(log)
    const behind = world.run(0).then(() => append(log))
    await expect(world.settle(lost.written)).rejects.toThrow('EIO')
    await expect((await behind).written).rejects.toThrow('EIO')
    expect(failures).toHaveLength(1)
    expect(log.failure).toBe(failures[0])
    expect(log.logEndOffset).toBe(1)
    expect(log.append(aBatch(), { leaderEpoch: 0, origin: 'client' })).toEqual({ error: 'KAFKA_STORAGE_ERROR' })
    expect(await log.read(0, { maxBytes: 10, upTo: 1, atLeastOneBatch: true })).toEqual({ error: 'KAFKA_STORAGE_ERROR' })
  })

  it('acknowledges only what is synced where flush.messages says so', async () => {
    const { world, log } = await aLog({ flushMessages: 1 })
    await world.settle(append(log).written)
    expect(log.recoveryPoint).toBe(1)
    world.crash(NODE, { loseUnsynced: true })
    const after = await world.settle(openLog(world.env(NODE), { recoveryPoint: 1 }))
    expect(after.logEndOffset).toBe(1)
  })

  it('syncs by itself after flush.ms', async () => {
    const { world, log } = await aLog({ flushMs: 500 })
    await world.settle(append(log).written)
    await world.run(400)
    expect(log.recoveryPoint).toBe(0)
    await world.run(200)
    expect(log.recoveryPoint).toBe(1)
  })

  it('has the start of an epoch on disk before it takes records in it', async () => {
    const { world, log } = await aLog()
    await world.settle(append(log).written)
    await world.settle(log.startEpoch(3))
    expect(world.disk(NODE).files().get(`${FOLDER}/leader-epoch-checkpoint`)!.toString()).toBe('0\n2\n0 0\n3 1\n')
    expect(log.endOffsetFor(0)).toEqual({ epoch: 0, endOffset: 1 })
    append(log, {}, { leaderEpoch: 5 })
    await world.run(() => world.trace.at(-1)!.includes('append'))
    expect(world.disk(NODE).files().get(`${FOLDER}/leader-epoch-checkpoint`)!.toString()).toContain('5 1\n')
  })
})

describe('appending as follower', () => {
  it('takes whole batches as they are, and what they tell of epochs and producers', async () => {
    const { world, log } = await aLog()
    const cut = replicated(5, { leaderEpoch: 2 }).subarray(0, 50)
    const records = Buffer.concat([
      replicated(0, { leaderEpoch: 1, records: 3 }),
      replicated(3, { leaderEpoch: 2, records: 2, producerId: 8, producerEpoch: 0, baseSequence: 0 }),
      cut,
    ])
    expect(await world.settle(log.appendAsFollower(records, { leaderEpoch: 2 }))).toEqual({ error: 'NONE', lastOffset: 4 })
    expect(log).toMatchObject({ logEndOffset: 5, latestEpoch: 2, highWatermark: 0 })
    expect(log.endOffsetFor(1)).toEqual({ epoch: 1, endOffset: 3 })
    expect(log.activeProducers()).toMatchObject([{ producerId: 8, lastSequence: 1 }])
  })

  it('stops at what comes from a later epoch than its own', async () => {
    const { world, log } = await aLog()
    const records = Buffer.concat([replicated(0, { leaderEpoch: 1 }), replicated(1, { leaderEpoch: 2 })])
    expect(await world.settle(log.appendAsFollower(records, { leaderEpoch: 1 }))).toEqual({ error: 'NONE', lastOffset: 0 })
  })

  it('keeps what came before a damaged batch', async () => {
    const { world, log } = await aLog()
    const damaged = replicated(1)
    damaged[65]! ^= 1
    const result = await world.settle(log.appendAsFollower(Buffer.concat([replicated(0), damaged]), { leaderEpoch: 0 }))
    expect(result).toEqual({ error: 'CORRUPT_MESSAGE', lastOffset: 0 })
    expect(log.logEndOffset).toBe(1)
  })

  it('refuses what it has already', async () => {
    const { world, log } = await aLog()
    await world.settle(log.appendAsFollower(replicated(0, { records: 3 }), { leaderEpoch: 0 }))
    expect(await world.settle(log.appendAsFollower(replicated(2), { leaderEpoch: 0 }))).toMatchObject({ error: 'OFFSET_OUT_OF_RANGE' })
  })

  it('takes over the gaps that compaction left in its leader', async () => {
    const { world, log } = await aLog()
    await world.settle(log.appendAsFollower(Buffer.concat([replicated(0), replicated(7)]), { leaderEpoch: 0 }))
    expect(log.logEndOffset).toBe(8)
    expect(await offsetsFrom(world, log, 3)).toEqual([7])
  })

  it('starts in the middle of a batch when its leader does, and follows its log start', async () => {
    const { world, log } = await aLog()
    await world.settle(log.truncateFullyAndStartAt(12))
    const result = await world.settle(log.appendAsFollower(replicated(10, { records: 5 }), { leaderEpoch: 0, leaderLogStartOffset: 13 }))
    expect(result).toEqual({ error: 'NONE', lastOffset: 14 })
    expect(log).toMatchObject({ logStartOffset: 13, logEndOffset: 15, highWatermark: 13 })
    expect(await offsetsFrom(world, log, 13)).toEqual([10])
  })
})

describe('segments', () => {
  const names = (world: World) => [...world.disk(NODE).files().keys()].map(path => path.slice(FOLDER.length + 1)).sort()

  it('roll when the next batch would make them too large', async () => {
    const size = aBatch().length
    const { world, log } = await aLog({ segmentBytes: 2 * size })
    for (let count = 0; count < 5; count++) append(log)
    await world.settle(append(log).written)
    expect(log.segments).toEqual([0, 2, 4].map(baseOffset => ({ baseOffset, sizeInBytes: 2 * size })))
    await world.settle(log.close())
    expect(names(world)).toEqual(
      [
        ...[0, 2, 4].flatMap(base => ['index', 'log', 'timeindex'].map(kind => `${String(base).padStart(20, '0')}.${kind}`)),
        ...[2, 4, 6].map(offset => `${String(offset).padStart(20, '0')}.snapshot`),
        'leader-epoch-checkpoint',
      ].sort(),
    )
  })

  it('roll when the timestamps in them span more than segment.ms', async () => {
    const { world, log } = await aLog({ segmentMs: 1000 })
    for (const after of [0, 1000, 1001, 1500, 2002]) append(log, { timestamp: SOME_TIME + after })
    await world.settle(append(log, { timestamp: SOME_TIME }).written)
    expect(log.segments.map(segment => segment.baseOffset)).toEqual([0, 2, 4])
  })

  it('roll when an index is full', async () => {
    const { world, log } = await aLog({ segmentIndexBytes: 24, indexIntervalBytes: 0 })
    for (let count = 0; count < 5; count++) append(log, { timestamp: SOME_TIME + count })
    await world.settle(append(log).written)
    expect(log.segments.map(segment => segment.baseOffset)).toEqual([0, 2, 4])
  })

  it('roll when an offset is out of reach of their base', async () => {
    const { world, log } = await aLog()
    const far = 0x9000_0000
    await world.settle(log.appendAsFollower(Buffer.concat([replicated(0), replicated(far), replicated(far + 1)]), { leaderEpoch: 0 }))
    expect(log.segments.map(segment => segment.baseOffset)).toEqual([0, far])
    expect(await offsetsFrom(world, log, 1)).toEqual([far, far + 1])
  })

  it('are synced behind the back of the appends once they are full', async () => {
    const { world, log } = await aLog({ segmentBytes: 200 })
    for (let count = 0; count < 4; count++) append(log)
    await world.settle(append(log).written)
    await world.run(100)
    expect(log.recoveryPoint).toBe(log.segments.at(-1)!.baseOffset)
  })

  it('have the files that the format says', async () => {
    const { world, log } = await aLog({ indexIntervalBytes: 100 })
    const plain = vectors.record_batches.find(each => each.name === 'plain')!
    const batch = () => Buffer.from(plain.hex, 'hex')
    for (let count = 0; count < 3; count++) append(log, batch(), { origin: 'quorum' })
    await world.settle(append(log, batch(), { origin: 'quorum' }).written)
    await world.settle(log.close())
    const numbered = [0, 2, 4, 6].map(at => {
      const bytes = batch()
      setBaseOffset(bytes, 0, at)
      setPartitionLeaderEpoch(bytes, 0, 0)
      return bytes.toString('hex')
    })
    expect(hexOf(world, '00000000000000000000.log')).toBe(numbered.join(''))
    // The batches begin at 0, 88, 176 and 264: more than 100 bytes after the last entry comes the third, whose last offset is 5.
    expect(hexOf(world, '00000000000000000000.index')).toBe('00000005000000b0')
    // All have the same largest timestamp, first seen in the batch that ends with offset 1; at the end there is nothing later to add.
    expect(hexOf(world, '00000000000000000000.timeindex')).toBe('0000018bcfe5680500000001')
    expect(hexOf(world, 'leader-epoch-checkpoint')).toBe(Buffer.from('0\n1\n0 0\n').toString('hex'))
  })
})

describe('transactions', () => {
  const batchOf = (producerId: number, baseSequence: number) => aProducerBatch({ producerId, baseSequence, isTransactional: true })
  const end = (type: 'commit' | 'abort', producerId: number) => aMarker({ type, producerId })

  it('hold back the last stable offset until their end is below the high watermark', async () => {
    const { world, log } = await aLog()
    append(log)
    append(log, batchOf(1, 0))
    append(log)
    append(log, end('commit', 1), { origin: 'coordinator' })
    await world.settle(append(log).written)
    log.advanceHighWatermark(3)
    expect(log.lastStableOffset).toBe(1)
    expect(log.advanceHighWatermark(4)).toBe(4)
    expect(log.lastStableOffset).toBe(4)
    expect(log.advanceHighWatermark(99)).toBe(5)
  })

  it('that were aborted are found by whoever reads where they were, over segments and restarts', async () => {
    const { world, log } = await aLog({ segmentBytes: 300 })
    append(log, batchOf(1, 0)) // 0
    append(log, batchOf(2, 0)) // 1
    append(log, end('abort', 1), { origin: 'coordinator' }) // 2
    append(log) // 3
    append(log, end('commit', 2), { origin: 'coordinator' }) // 4
    append(log, batchOf(1, 1)) // 5
    append(log) // 6
    await world.settle(append(log, end('abort', 1), { origin: 'coordinator' }).written) // 7
    const found = (of: PartitionLog, from: number, upTo: number) => world.settle(of.abortedTransactions(from, upTo))
    const check = async (of: PartitionLog) => {
      expect(of.segments.length).toBeGreaterThan(2)
      expect(await found(of, 0, 8)).toEqual([
        { producerId: 1, firstOffset: 0 },
        { producerId: 1, firstOffset: 5 },
      ])
      expect(await found(of, 0, 3)).toEqual([{ producerId: 1, firstOffset: 0 }])
      expect(await found(of, 3, 5)).toEqual([])
      expect(await found(of, 6, 8)).toEqual([{ producerId: 1, firstOffset: 5 }])
    }
    await check(log)
    await world.settle(log.close())
    await check(await world.settle(openLog(world.env(NODE), { cleanShutdown: true })))
    world.crash(NODE)
    const after = await world.settle(openLog(world.env(NODE)))
    await check(after)
    expect(after.activeProducers().map(each => [each.producerId, each.lastSequence])).toEqual([
      [1, 1],
      [2, 0],
    ])
  })

  it('are ended by coordinators that are not outdated', async () => {
    const { log } = await aLog()
    append(log, aProducerBatch({ producerId: 1, producerEpoch: 3, baseSequence: 0, isTransactional: true }))
    const marker = aMarker({ type: 'abort', producerId: 1, producerEpoch: 2 })
    expect(log.append(marker, { leaderEpoch: 0, origin: 'coordinator' })).toMatchObject({ error: 'INVALID_PRODUCER_EPOCH' })
    expect(log.hasOpenTransaction(1)).toBe(true)
  })
})

describe('looking up by time', () => {
  it('finds the first record that is late enough, in whatever segment it is', async () => {
    const { world, log } = await aLog({ segmentBytes: 250, indexIntervalBytes: 100 })
    const times = [10, 20, 15, 30, 30, 25, 40, 50, 45]
    for (const time of times) append(log, { timestamp: SOME_TIME + time })
    await world.settle(append(log, { timestamp: SOME_TIME + 5 }).written)
    expect(log.segments.length).toBeGreaterThan(2)
    const at = async (time: number) => (await world.settle(log.offsetForTimestamp(SOME_TIME + time)))?.offset
    for (const asked of [0, 10, 11, 16, 21, 30, 31, 41, 50]) expect(await at(asked)).toBe(times.findIndex(time => time >= asked))
    expect(await at(51)).toBeUndefined()
    log.raiseLogStartOffset(5)
    expect(await world.settle(log.offsetForTimestamp(SOME_TIME))).toEqual({ offset: 5, timestamp: SOME_TIME + 25, leaderEpoch: 0 })
    expect(await world.settle(log.maxTimestamp())).toEqual({ offset: 7, timestamp: SOME_TIME + 50, leaderEpoch: 0 })
  })

  it('finds nothing in an empty log', async () => {
    const { world, log } = await aLog()
    expect(await world.settle(log.offsetForTimestamp(0))).toBeUndefined()
    expect(await world.settle(log.maxTimestamp())).toBeUndefined()
  })
})

describe('retention', () => {
  it('lets segments go by time, and the empty active one stays', async () => {
    const { world, log } = await aLog({ segmentBytes: 200, retentionMs: 1000, fileDeleteDelayMs: 50 })
    for (let count = 0; count < 4; count++) append(log)
    await world.settle(append(log).written)
    log.advanceHighWatermark(4)
    expect(await world.settle(log.deleteOldSegments())).toBe(2)
    expect(log).toMatchObject({ logStartOffset: 4, logEndOffset: 5 })
    log.advanceHighWatermark(5)
    expect(await world.settle(log.deleteOldSegments())).toBe(1)
    expect(log).toMatchObject({ logStartOffset: 5, logEndOffset: 5, sizeInBytes: 0 })
    expect(await world.settle(log.deleteOldSegments())).toBe(0)
    await world.settle(append(log).written)
    expect(await offsetsFrom(world, log, 5)).toEqual([5])
  })

  it('gives files another name at once and removes them later, when their readers are done', async () => {
    const { world, log } = await aLog({ segmentBytes: 200, retentionBytes: 0, fileDeleteDelayMs: 50 })
    for (let count = 0; count < 3; count++) append(log)
    await world.settle(append(log).written)
    log.advanceHighWatermark(4)
    const reading = log.read(0, { maxBytes: 1e6, upTo: 4, atLeastOneBatch: true })
    await world.settle(log.deleteOldSegments())
    expect(await world.settle(reading)).toMatchObject({ error: expect.stringMatching(/NONE|OFFSET_OUT_OF_RANGE/) as string })
    const deleted = () => [...world.disk(NODE).files().keys()].filter(path => path.endsWith('.deleted')).length
    expect(deleted()).toBe(6)
    await world.run(60)
    expect(deleted()).toBe(0)
    expect(await world.settle(log.read(0, { maxBytes: 1e6, upTo: 4, atLeastOneBatch: true }))).toEqual({ error: 'OFFSET_OUT_OF_RANGE' })
    expect(log.failure).toBeUndefined()
  })
})

describe('truncation', () => {
  it('takes back epochs, producers, aborted transactions and the high watermark', async () => {
    const { world, log } = await aLog({ segmentBytes: 400 })
    append(log, aProducerBatch({ producerId: 1, baseSequence: 0, isTransactional: true }), { leaderEpoch: 1 })
    append(log, {}, { leaderEpoch: 1 })
    for (let sequence = 1; sequence < 6; sequence++)
      append(log, aProducerBatch({ producerId: 1, baseSequence: sequence, isTransactional: true }), { leaderEpoch: 3 })
    await world.settle(append(log, aMarker({ type: 'abort', producerId: 1 }), { origin: 'coordinator', leaderEpoch: 3 }).written)
    log.advanceHighWatermark(8)
    expect(log.lastStableOffset).toBe(8)
    await world.settle(log.truncateTo(2))
    expect(log).toMatchObject({ logEndOffset: 2, highWatermark: 2, lastStableOffset: 0, latestEpoch: 1 })
    expect(log.activeProducers()).toMatchObject([{ producerId: 1, lastSequence: 0, currentTxnStartOffset: 0 }])
    expect(await world.settle(log.abortedTransactions(0, 2))).toEqual([])
    await world.settle(append(log, aProducerBatch({ producerId: 1, baseSequence: 1, isTransactional: true }), { leaderEpoch: 4 }).written)
    expect(await offsetsFrom(world, log, 0)).toEqual([0, 1, 2])
  })

  it('forgets an epoch in which nothing was written, though nothing has to be cut', async () => {
    const { world, log } = await aLog()
    await world.settle(append(log).written)
    await world.settle(log.startEpoch(5))
    await world.settle(log.truncateTo(1))
    expect(log.latestEpoch).toBe(0)
  })

  it('lets nobody append meanwhile, and no reader see both sides of the cut', async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const { world, log } = await aLog({ segmentBytes: 1000 }, seed)
      for (let count = 0; count < 20; count++) append(log, { valueBytes: 50 })
      await world.settle(append(log).written)
      const reads = [3, 8, 15].map(from => log.read(from, { maxBytes: 1e6, upTo: 21, atLeastOneBatch: true }))
      const cut = log.truncateTo(10)
      expect(log.append(aBatch(), { leaderEpoch: 1, origin: 'client' })).toMatchObject({ error: 'NOT_LEADER_OR_FOLLOWER' })
      await world.settle(cut)
      for (let count = 0; count < 10; count++) append(log, { records: ['new'] }, { leaderEpoch: 1 })
      await world.settle(append(log).written)
      for (const read of await world.settle(Promise.all(reads))) {
        if (read.error !== 'NONE') continue
        const epochs = [...batchesIn(read.records)].map(at =>
          lastOffset(read.records, at) >= 10 ? partitionLeaderEpoch(read.records, at) : 0,
        )
        expect(new Set(epochs).size, 'old and new records in one answer').toBeLessThanOrEqual(2)
        for (const at of batchesIn(read.records)) expect(isIntact(read.records, at)).toBe(true)
      }
      world.close()
    }
  })
})

it.each([1, 2, 3, 4, 5, 6, 7, 8])('a reader who read while the log was cut does not mislead those who come later (seed %i)', async seed => {
  const { world, log } = await aLog({}, seed)
  for (let count = 0; count < 20; count++) append(log, { valueBytes: 50 })
  await world.settle(append(log).written)
  let isCut = false
  const cut = log.truncateTo(10).then(() => (isCut = true))
  const reads: Promise<unknown>[] = []
  while (!isCut) {
    reads.push(log.read(9, { maxBytes: 300, upTo: 13, atLeastOneBatch: true }))
    await world.run(0.05)
  }
  await world.settle(Promise.all([cut, ...reads]))
  for (let count = 0; count < 10; count++) append(log, { records: ['new'] }, { leaderEpoch: 1 })
  await world.settle(append(log).written)
  for (let from = 0; from < log.logEndOffset; from++) expect((await offsetsFrom(world, log, from))[0]).toBe(from)
  world.close()
})

describe('a restart', () => {
  it.each([
    { after: 'a clean end', cleanShutdown: true },
    { after: 'a crash', cleanShutdown: false },
  ])('knows the last five batches of a producer after $after, so that a retry of each is recognised', async ({ cleanShutdown }) => {
    const { world, log } = await aLog({ segmentBytes: 250 })
    for (let sequence = 0; sequence < 5; sequence++)
      await world.settle(append(log, aProducerBatch({ producerId: 1, baseSequence: sequence })).written)
    expect(log.segments.length).toBeGreaterThan(1)
    await world.settle(log.close())
    const recoveryPoint = log.recoveryPoint
    world.crash(NODE)
    const after = await world.settle(openLog(world.env(NODE), { cleanShutdown, recoveryPoint }))
    for (let sequence = 0; sequence < 5; sequence++) {
      expect(append(after, aProducerBatch({ producerId: 1, baseSequence: sequence }))).toMatchObject({
        duplicate: true,
        baseOffset: sequence,
      })
    }
    expect(append(after, aProducerBatch({ producerId: 1, baseSequence: 5 }))).toMatchObject({ duplicate: false, baseOffset: 5 })
  })
})

describe('recovery', () => {
  it('cuts a torn tail and goes on', async () => {
    const { world, log } = await aLog()
    for (let count = 0; count < 3; count++) await world.settle(append(log).written)
    const torn = await world.settle(world.env(NODE).disk.open(`${FOLDER}/00000000000000000000.log`))
    await world.settle(torn.append([aBatch().subarray(0, 40)]))
    world.crash(NODE)
    const after = await world.settle(openLog(world.env(NODE)))
    expect(after.logEndOffset).toBe(3)
    await world.settle(append(after).written)
    expect(await offsetsFrom(world, after, 0)).toEqual([0, 1, 2, 3])
  })

  it('cuts where a leader epoch falls, which no checksum covers', async () => {
    const { world, log } = await aLog()
    for (let count = 0; count < 3; count++) await world.settle(append(log, {}, { leaderEpoch: 4 }).written)
    const path = `${FOLDER}/00000000000000000000.log`
    const bytes = Buffer.from(world.disk(NODE).files().get(path)!)
    setPartitionLeaderEpoch(bytes, (2 * bytes.length) / 3, 0)
    world.crash(NODE)
    world.disk(NODE).put(path, bytes)
    const after = await world.settle(openLog(world.env(NODE)))
    expect(after).toMatchObject({ logEndOffset: 2, latestEpoch: 4 })
  })

  it('does not go over damage below the recovery point: that log stays offline', async () => {
    const { world, log } = await aLog()
    for (let count = 0; count < 3; count++) await world.settle(append(log).written)
    await world.settle(log.flush())
    const size = aBatch().length
    const file = await world.settle(world.env(NODE).disk.open(`${FOLDER}/00000000000000000000.log`))
    await world.settle(file.truncate(size + 30))
    world.crash(NODE)
    await expect(world.settle(openLog(world.env(NODE), { recoveryPoint: 3 }))).rejects.toThrow(
      /topic-0\/0{20}.log is damaged at byte 79, where offset 1 should be: .* offsets below 3 were synced/,
    )
    const lenient = await world.settle(openLog(world.env(NODE), { recoveryPoint: 1 }))
    expect(lenient.logEndOffset).toBe(1)
  })

  it('makes indexes anew that are not there', async () => {
    const { world, log } = await aLog({ segmentBytes: 1500, indexIntervalBytes: 200 })
    for (let count = 0; count < 60; count++) append(log, { timestamp: SOME_TIME + count })
    await world.settle(append(log).written)
    await world.settle(log.close())
    const before = new Map(world.disk(NODE).files())
    const indexes = [...before.keys()].filter(path => path.endsWith('index'))
    expect(indexes.length).toBeGreaterThan(6)
    for (const path of indexes) await world.settle(world.env(NODE).disk.remove(path))
    const after = await world.settle(
      openLog(world.env(NODE), { config: { segmentBytes: 1500, indexIntervalBytes: 200 }, cleanShutdown: true }),
    )
    expect(await offsetsFrom(world, after, 33)).toContain(33)
    await world.settle(after.close())
    for (const path of indexes.slice(0, -2))
      expect(world.disk(NODE).files().get(path)?.toString('hex'), path).toBe(before.get(path)!.toString('hex'))
  })

  it('finishes the swap of a compacted segment, and forgets one that was still being written', async () => {
    const { world, log } = await aLog()
    await world.settle(append(log, { records: 2 }).written)
    world.crash(NODE)
    const { disk } = world.env(NODE)
    const path = `${FOLDER}/00000000000000000000.log`
    await world.settle(disk.rename(path, `${path}.swap`))
    await world.settle(disk.replaceFile(`${path}.cleaned`, aBatch()))
    const after = await world.settle(openLog(world.env(NODE)))
    expect(after.logEndOffset).toBe(2)
    expect([...world.disk(NODE).files().keys()].filter(name => /swap|cleaned/.test(name))).toEqual([])
  })

  it('goes on behind a log start that is higher than all that is left', async () => {
    const { world, log } = await aLog()
    await world.settle(append(log, { records: 5 }).written)
    world.crash(NODE)
    const after = await world.settle(openLog(world.env(NODE), { logStartOffset: 9 }))
    expect(after).toMatchObject({ logStartOffset: 9, logEndOffset: 9, highWatermark: 9 })
    expect(append(after).baseOffset).toBe(9)
  })

  it('does not believe in a log start behind all that was there when it was closed', async () => {
    const { world, log } = await aLog()
    await world.settle(append(log, { records: 5 }).written)
    await world.settle(log.close())
    const opening = openLog(world.env(NODE), { cleanShutdown: true, recoveryPoint: 5, logStartOffset: 9 })
    await expect(world.settle(opening)).rejects.toThrow(/offset 5 should be: log-start-offset-checkpoint says that the log begins at 9/)
  })

  it('takes a high watermark that is not above the end', async () => {
    const { world, log } = await aLog()
    await world.settle(append(log, { records: 5 }).written)
    world.crash(NODE)
    expect((await world.settle(openLog(world.env(NODE), { highWatermark: 9 }))).highWatermark).toBe(5)
  })
})
