import { describe, expect, it } from 'vitest'
import { baseOffset, batchSize, batchesIn, isIntact, lastOffset } from '../protocol/records/batch.ts'
import { seededRandom } from '../simulation/seededRandom.ts'
import { type World, simulatedWorld } from '../simulation/world.ts'
import { type BatchOfTest, aBatch, aMarker, aProducerBatch, openLog } from './builders.ts'
import { Throttle } from './compaction/throttle.ts'
import type { LogConfig } from './logConfig.ts'
import type { AppendResult, PartitionLog } from './partitionLog.ts'

const NODE = 'broker-1'
const PLENTY = Number.MAX_SAFE_INTEGER

async function aLog(config: Partial<LogConfig> = {}, seed = 1): Promise<{ world: World; log: PartitionLog }> {
  const world = simulatedWorld(seed)
  return { world, log: await world.settle(openLog(world.env(NODE), { config })) }
}

/** So much more fits on the disk. */
function leave(world: World, bytes: number): void {
  const disk = world.disk(NODE)
  disk.capacityBytes = bytes === PLENTY ? PLENTY : disk.usedBytes + bytes
}

function append(log: PartitionLog, batch: Buffer | BatchOfTest = {}): AppendResult {
  return log.append(Buffer.isBuffer(batch) ? batch : aBatch(batch), { leaderEpoch: 3, origin: 'client' })
}

/** What became of it. */
async function outcome(world: World, result: AppendResult): Promise<string> {
  if (result.error !== 'NONE') return result.error
  const told = await world.settle(
    result.written.then(
      () => 'written',
      (problem: Error) => problem.message,
    ),
  )
  if (told !== 'written') await world.run(50) // what it undoes takes a moment
  return told
}

async function everything(world: World, log: PartitionLog): Promise<Buffer[]> {
  const batches: Buffer[] = []
  for (let from = log.logStartOffset; from < log.logEndOffset; from = lastOffset(batches.at(-1)!) + 1) {
    const read = await world.settle(log.read(from, { maxBytes: 100_000, upTo: log.logEndOffset, atLeastOneBatch: true }))
    if (read.error !== 'NONE') throw new Error(read.error)
    for (const at of batchesIn(read.records)) batches.push(read.records.subarray(at, at + batchSize(read.records, at)))
  }
  return batches
}

describe('a log on a full disk', () => {
  it('can start over, which takes no room', async () => {
    const { world, log } = await aLog()
    expect(await outcome(world, append(log, { records: 3 }))).toBe('written')
    world.disk(NODE).capacityBytes = 1 // others have taken all, and more than it gives back
    await world.settle(log.truncateFullyAndStartAt(7))
    expect(log).toMatchObject({ logStartOffset: 7, logEndOffset: 7, latestEpoch: undefined, failure: undefined })
  })

  it('refuses what does not fit, keeps and serves what it has, and goes on when there is space again', async () => {
    const { world, log } = await aLog()
    expect(await outcome(world, append(log, { records: 3 }))).toBe('written')
    leave(world, 50)
    const refused = append(log, { records: 2, valueBytes: 200 })
    expect(await outcome(world, refused)).toContain('ENOSPC')
    expect(log).toMatchObject({ logEndOffset: 3, isFull: true, failure: undefined })
    expect(append(log)).toMatchObject({ error: 'KAFKA_STORAGE_ERROR', message: 'The disk is full' })
    expect((await everything(world, log)).map(batch => baseOffset(batch))).toEqual([0])
    // Not a byte of it is left behind the last batch.
    expect(world.disk(NODE).files().get('/data/topic-0/00000000000000000000.log')!.length).toBe(log.sizeInBytes)

    leave(world, PLENTY)
    await world.run(() => !log.isFull, 5_000)
    const accepted = append(log)
    expect(await outcome(world, accepted)).toBe('written')
    expect(accepted).toMatchObject({ baseOffset: 3 })
  })

  it('stays full while there is hardly any space, and takes what fits then', async () => {
    const { world, log } = await aLog()
    leave(world, 50)
    expect(await outcome(world, append(log, { valueBytes: 300 }))).toContain('ENOSPC')
    await world.run(10_000)
    expect(log.isFull).toBe(true)
    leave(world, 1024 * 1024)
    await world.run(() => !log.isFull, 5_000)
    expect(await outcome(world, append(log, { valueBytes: 300 }))).toBe('written')
  })

  it('tells whoever waits for the offsets before they go to others', async () => {
    const { world, log } = await aLog()
    await outcome(world, append(log, { records: 4 }))
    const undone: number[] = []
    log.onUndone(end => {
      expect(append(log)).toMatchObject({ error: 'KAFKA_STORAGE_ERROR' })
      undone.push(end)
    })
    leave(world, 10)
    const first = append(log, { valueBytes: 100 })
    await world.run(0.001)
    const second = append(log, { valueBytes: 100 })
    expect(await outcome(world, first)).toContain('ENOSPC')
    expect(await outcome(world, second)).toContain('ENOSPC')
    expect(undone).toEqual([4])
  })

  it('forgets the sequences of what it refused, so that the retry is stored once', async () => {
    const { world, log } = await aLog()
    const batch = (baseSequence: number) => aProducerBatch({ producerId: 7, baseSequence, records: 2, valueBytes: 100 })
    await outcome(world, append(log, batch(0)))
    leave(world, 100)
    expect(await outcome(world, append(log, batch(2)))).toContain('ENOSPC')
    expect(log.activeProducers()).toMatchObject([{ producerId: 7, lastSequence: 1 }])
    leave(world, PLENTY)
    await world.run(() => !log.isFull, 5_000)
    expect(append(log, batch(4))).toMatchObject({ error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' })
    const retry = append(log, batch(2))
    expect(retry).toMatchObject({ error: 'NONE', duplicate: false, baseOffset: 2 })
    expect(await outcome(world, retry)).toBe('written')
    expect(append(log, batch(2))).toMatchObject({ duplicate: true, baseOffset: 2 })
  })

  it('forgets a transaction that did not fit, and its marker', async () => {
    const { world, log } = await aLog()
    await outcome(world, append(log))
    leave(world, 10)
    expect(await outcome(world, append(log, aProducerBatch({ producerId: 7, baseSequence: 0, isTransactional: true })))).toContain('ENOSPC')
    log.advanceHighWatermark(9)
    expect(log).toMatchObject({ lastStableOffset: 1 })
    expect(log.hasOpenTransaction(7)).toBe(false)

    leave(world, PLENTY)
    await world.run(() => !log.isFull, 5_000)
    expect(await outcome(world, append(log, aProducerBatch({ producerId: 7, baseSequence: 0, isTransactional: true })))).toBe('written')
    leave(world, 10)
    const marker = log.append(aMarker({ type: 'abort', producerId: 7 }), { leaderEpoch: 3, origin: 'coordinator' })
    expect(await outcome(world, marker)).toContain('ENOSPC')
    expect(log.hasOpenTransaction(7)).toBe(true)
    expect(await world.settle(log.abortedTransactions(0, 10))).toEqual([])
  })

  it('tells a retry of what it then forgets the same as the first try', async () => {
    const { world, log } = await aLog()
    leave(world, 10)
    const batch = () => aProducerBatch({ producerId: 7, baseSequence: 0, valueBytes: 100 })
    const first = append(log, batch())
    const retry = append(log, batch())
    expect(retry).toMatchObject({ duplicate: true, baseOffset: 0 })
    expect(await Promise.all([outcome(world, first), outcome(world, retry)])).toEqual(Array(2).fill(expect.stringContaining('ENOSPC')))
  })

  it.each(['entry', 'file'])('goes on knowing what was aborted, though there was no room for the %s that says so', async lacking => {
    const { world, log } = await aLog()
    if (lacking === 'file')
      world.disk(NODE).faults.add({ operations: ['open'], code: 'ENOSPC', times: 1, path: path => path.endsWith('.txnindex') })
    await outcome(world, append(log, aProducerBatch({ producerId: 7, baseSequence: 0, isTransactional: true })))
    const marker = aMarker({ type: 'abort', producerId: 7 })
    leave(world, marker.length)
    expect(await outcome(world, log.append(marker, { leaderEpoch: 3, origin: 'coordinator' }))).toBe('written')
    expect(await outcome(world, append(log))).toContain('ENOSPC')
    const aborted = [{ producerId: 7, firstOffset: 0 }]
    expect(await world.settle(log.abortedTransactions(0, 2))).toEqual(aborted)
    leave(world, PLENTY)
    await world.settle(log.close())
    const reopened = await world.settle(openLog(world.env(NODE), { cleanShutdown: true, recoveryPoint: 2 }))
    expect(await world.settle(reopened.abortedTransactions(0, 2))).toEqual(aborted)
  })

  it('keeps the beginning of the epoch that it leads', async () => {
    const { world, log } = await aLog()
    await outcome(world, append(log, { records: 5 }))
    await world.settle(log.startEpoch(8))
    leave(world, 10)
    const refused = log.append(aBatch({ valueBytes: 100 }), { leaderEpoch: 8, origin: 'client' })
    expect(await outcome(world, refused)).toContain('ENOSPC')
    expect(log.endOffsetFor(3)).toEqual({ epoch: 3, endOffset: 5 })
    expect(log.latestEpoch).toBe(8)
  })

  it('begins no segment that does not fit, and goes on with the one it has', async () => {
    const { world, log } = await aLog({ segmentBytes: 300, indexIntervalBytes: 1 })
    await outcome(world, append(log, { valueBytes: 150 }))
    leave(world, 30)
    expect(await outcome(world, append(log, { valueBytes: 150 }))).toContain('ENOSPC')
    leave(world, PLENTY)
    await world.run(() => !log.isFull, 5_000)
    expect(await outcome(world, append(log, { valueBytes: 150 }))).toBe('written')
    expect(await outcome(world, append(log, { valueBytes: 150 }))).toBe('written')
    expect(log.segments.map(({ baseOffset }) => baseOffset)).toEqual([0, 1, 2])
  })

  it('refuses to begin an epoch that cannot be recorded, and begins it later', async () => {
    const { world, log } = await aLog()
    await outcome(world, append(log))
    leave(world, 0)
    await expect(world.settle(log.startEpoch(9))).rejects.toThrow('ENOSPC')
    expect(log.failure).toBeUndefined()
    leave(world, PLENTY)
    await world.settle(log.startEpoch(9))
    expect(world.disk(NODE).files().get('/data/topic-0/leader-epoch-checkpoint')!.toString()).toContain('9 1')
  })

  it('still lets retention make room', async () => {
    const { world, log } = await aLog({ segmentBytes: 300, retentionBytes: 300, fileDeleteDelayMs: 10 })
    for (let count = 0; count < 5; count++) await outcome(world, append(log, { valueBytes: 150 }))
    log.advanceHighWatermark(5)
    leave(world, 0)
    expect(await outcome(world, append(log, { valueBytes: 100 }))).toContain('ENOSPC')
    expect(await world.settle(log.deleteOldSegments())).toBeGreaterThan(0)
    expect(log.failure).toBeUndefined()
  })

  it('lets retention make room, though there is none for other names', async () => {
    const { world, log } = await aLog({ segmentBytes: 300, retentionBytes: 300, retentionMs: -1, fileDeleteDelayMs: 60_000 })
    for (let count = 0; count < 5; count++) await outcome(world, append(log, { valueBytes: 150 }))
    log.advanceHighWatermark(5)
    world.disk(NODE).faults.add({ operations: ['rename'], code: 'ENOSPC' })
    expect(await world.settle(log.deleteOldSegments())).toBe(3)
    expect(log).toMatchObject({ failure: undefined, logStartOffset: 3 })
    const left = [...world.disk(NODE).files().keys()].filter(path => path.endsWith('.log'))
    expect(left).toHaveLength(2)
    expect(await world.settle(log.read(3, { maxBytes: 1000, upTo: 5, atLeastOneBatch: true }))).toMatchObject({ error: 'NONE' })
  })

  it.each([1, 2, 3])('compacts nothing while there is no room for the name of file %i, and does so later', async number => {
    const { world, log } = await aLog({ segmentBytes: 300, cleanupPolicy: ['compact'] })
    for (let count = 0; count < 8; count++) await outcome(world, append(log, { valueBytes: 100 }))
    log.advanceHighWatermark(8)
    const path = (path: string) => path.endsWith(['.index', '.timeindex', '.log'][number - 1]! + '.cleaned')
    world.disk(NODE).faults.add({ operations: ['rename'], code: 'ENOSPC', path, times: 1 })
    const limits = { offsetMapBytes: 1000, throttle: new Throttle(world.env(NODE).clock), signal: new AbortController().signal }
    await expect(world.settle(log.compact(limits))).rejects.toThrow('ENOSPC')
    expect(log.failure).toBeUndefined()
    expect([...world.disk(NODE).files().keys()].filter(path => /(cleaned|swap|deleted)$/.test(path))).toEqual([])
    expect(await everything(world, log)).toHaveLength(8)
    expect(await world.settle(log.compact(limits))).toMatchObject({ endOffset: 7 })
    expect((await everything(world, log)).length).toBeLessThan(8)
  })

  it('accepts nothing while it forgets, though there is space again by then', async () => {
    for (let early = 0; early < 4; early += 0.1) {
      const { world, log } = await aLog({ segmentBytes: 300, retentionMs: 1 })
      await outcome(world, append(log, { valueBytes: 150 }))
      log.advanceHighWatermark(1)
      leave(world, 0)
      await world.settle(append(log).error === 'NONE' ? log.flush() : undefined)
      await world.run(() => log.isFull)
      const fullSinceMs = world.elapsed
      leave(world, PLENTY)
      await world.run(995 + early)
      // All of it is old, and for the next segment there is no room at the moment.
      world.disk(NODE).faults.add({ operations: ['open'], code: 'ENOSPC', times: 1, path: path => path.endsWith('1.index') })
      const deleted = log.deleteOldSegments()
      const told: Promise<number | undefined>[] = []
      while (world.elapsed < fullSinceMs + 1_020) {
        const result = append(log, { valueBytes: 50 })
        const forgotten = () => undefined
        if (result.error === 'NONE') told.push(result.written.then(() => result.baseOffset, forgotten))
        await world.run(0.05)
      }
      await world.settle(deleted)
      const written = (await world.settle(Promise.all(told))).filter(offset => offset !== undefined)
      expect((await everything(world, log)).map(batch => baseOffset(batch)).filter(offset => offset > 0)).toEqual(written)
    }
  })

  it('as a follower takes the same records when there is space', async () => {
    const { world, log } = await aLog()
    const records = aBatch({ records: 3, valueBytes: 100 })
    leave(world, 20)
    const refused = await world.settle(log.appendAsFollower(Buffer.from(records), { leaderEpoch: 3 }))
    expect(refused.error).toBe('KAFKA_STORAGE_ERROR')
    expect(log).toMatchObject({ isFull: true, logEndOffset: 0, latestEpoch: undefined })
    leave(world, PLENTY)
    await world.run(() => !log.isFull, 5_000)
    expect(await world.settle(log.appendAsFollower(Buffer.from(records), { leaderEpoch: 3 }))).toMatchObject({
      error: 'NONE',
      lastOffset: 2,
    })
  })

  it('can be truncated, closed and opened again', async () => {
    const { world, log } = await aLog()
    await outcome(world, append(log, { records: 2 }))
    await outcome(world, append(log, { records: 2 }))
    leave(world, 0)
    expect(await outcome(world, append(log))).toContain('ENOSPC')
    await world.settle(log.truncateTo(2))
    expect(log.logEndOffset).toBe(2)
    await world.settle(log.close().catch(() => undefined)) // it may have no room for its last words
    leave(world, PLENTY)
    const reopened = await world.settle(openLog(world.env(NODE)))
    expect(reopened.logEndOffset).toBe(2)
  })

  it('waits for space rather than refuse when its owner wants that', async () => {
    const world = simulatedWorld(1)
    const log = await world.settle(openLog(world.env(NODE), { whenFull: 'wait', config: { segmentBytes: 300 } }))
    let fills = 0
    log.onFull(() => fills++)
    const quorumBatch = () => log.append(aBatch({ valueBytes: 150 }), { leaderEpoch: 1, origin: 'quorum' })
    expect(await outcome(world, quorumBatch())).toBe('written')
    leave(world, 100)
    const waiting = [quorumBatch(), quorumBatch(), quorumBatch()]
    await world.run(20_000)
    expect(log).toMatchObject({ isFull: true, logEndOffset: 1 })
    expect(fills).toBe(1)
    leave(world, 250)
    await world.run(3_000)
    leave(world, PLENTY)
    for (const each of waiting) expect(await outcome(world, each)).toBe('written')
    expect((await everything(world, log)).map(batch => baseOffset(batch))).toEqual([0, 1, 2, 3])
  })

  it('is offline for good when a sync fails, whatever the disk called it', async () => {
    const { world, log } = await aLog()
    await outcome(world, append(log))
    world.disk(NODE).faults.add({ operations: ['sync'], code: 'ENOSPC', times: 1 })
    await expect(world.settle(log.flush())).rejects.toThrow('EIO')
    expect(append(log)).toMatchObject({ error: 'KAFKA_STORAGE_ERROR' })
    await world.run(10_000)
    expect(log.failure).toBeDefined()
    await expect(world.settle(log.flush())).rejects.toThrow('EIO')
  })
})

const seeds = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

describe('a log on a disk that fills up and is emptied by others', () => {
  it.each(seeds(60))('holds exactly what it did not refuse, each record once (seed %i)', async seed => {
    const random = seededRandom(`full ${seed}`)
    const { world, log } = await aLog({ segmentBytes: 1000, indexIntervalBytes: 150 }, seed)
    const written: Buffer[] = []
    const sequences = new Map<number, number>()
    for (let round = 0; round < 80; round++) {
      if (random.chance(0.3)) leave(world, random.chance(0.4) ? PLENTY : random.below(900))
      if (random.chance(0.1)) await world.settle(log.startEpoch(3).catch(() => undefined)) // refused by a full disk
      if (random.chance(0.1)) await world.settle(log.flush().catch(() => undefined)) // as well
      const producerId = 1 + random.below(3)
      const records = 1 + random.below(3)
      const baseSequence = sequences.get(producerId) ?? 0
      const batch = aProducerBatch({ producerId, baseSequence, records, valueBytes: random.below(200) })
      const result = append(log, batch)
      if (result.error === 'NONE') {
        expect(result.duplicate).toBe(false)
        if ((await outcome(world, result)) === 'written') {
          written.push(Buffer.from(batch))
          sequences.set(producerId, baseSequence + records)
        }
      } else {
        expect(result.error).toBe('KAFKA_STORAGE_ERROR')
        await world.run(random.below(1500))
      }
      expect(log.failure).toBeUndefined()
    }
    const found = await everything(world, log)
    expect(found.map(batch => baseOffset(batch))).toEqual(written.map(batch => baseOffset(batch)))
    for (const [index, batch] of found.entries()) expect(batch.equals(written[index]!) && isIntact(batch)).toBe(true)

    leave(world, PLENTY)
    world.crash(NODE)
    const reopened = await world.settle(openLog(world.env(NODE), { config: { segmentBytes: 1000, indexIntervalBytes: 150 } }))
    expect(reopened.logEndOffset).toBe(log.logEndOffset)
    expect((await everything(world, reopened)).length).toBe(written.length)
  })
})
