import { describe, expect, it } from 'vitest'
import {
  baseOffset,
  baseSequence,
  isControl,
  isIntact,
  isTransactional,
  lastOffset,
  partitionLeaderEpoch,
  producerEpoch,
  producerId,
} from '../../protocol/records/batch.ts'
import { decodeRecords, type LogRecord } from '../../protocol/records/record.ts'
import { seededRandom } from '../../simulation/seededRandom.ts'
import { type World, simulatedWorld } from '../../simulation/world.ts'
import { SOME_TIME, aLogConfig } from '../builders.ts'
import type { PartitionLog } from '../partitionLog.ts'
import { replayInto, transactionMarkerOf } from '../producerBatches.ts'
import { ProducerState } from '../producerState.ts'
import { BusyLog, outcomesOf, readAll } from './busyLog.ts'

const NODE = 'broker-1'
const config = aLogConfig({
  cleanupPolicy: ['compact'],
  segmentBytes: 1500,
  indexIntervalBytes: 200,
  deleteRetentionMs: 40,
  fileDeleteDelayMs: 5,
  producerIdExpirationMs: Number.MAX_SAFE_INTEGER,
})

const recordsOf = (batch: Buffer) => decodeRecords(batch, 0, 1e6)
const shown = ({ offset, timestamp, key, value }: LogRecord) =>
  `${offset}@${timestamp} ${String(key)}=${value === null ? 'null' : value.toString()}`

/** Of an original batch, what no compaction may change. */
const identity = (batch: Buffer) => ({
  lastOffset: lastOffset(batch),
  producerId: producerId(batch),
  producerEpoch: producerEpoch(batch),
  baseSequence: baseSequence(batch),
  leaderEpoch: partitionLeaderEpoch(batch),
  isTransactional: isTransactional(batch),
  isControl: isControl(batch),
})

/** What is read must be what was written, less what compaction may take away: nothing for which nothing newer stands. */
function checkContent(found: readonly Buffer[], written: readonly Buffer[], { from }: { readonly from: number }): void {
  const originals = new Map(written.map(batch => [baseOffset(batch), batch]))
  const left = new Set<number>()
  for (const [index, batch] of found.entries()) {
    expect(isIntact(batch)).toBe(true)
    if (index > 0) expect(baseOffset(batch)).toBeGreaterThan(lastOffset(found[index - 1]!))
    const original = originals.get(baseOffset(batch))
    expect(original, `a batch at ${baseOffset(batch)}`).toBeDefined()
    expect(identity(batch)).toEqual(identity(original!))
    const before = new Set(recordsOf(original!).map(shown))
    for (const record of recordsOf(batch)) {
      expect(before).toContain(shown(record))
      left.add(record.offset)
    }
  }

  const outcomes = outcomesOf(written)
  const counts = (batch: Buffer) => !isControl(batch) && (!isTransactional(batch) || outcomes.get(baseOffset(batch)) === 'commit')
  const newest = new Map<string, LogRecord>()
  for (const batch of written) if (counts(batch)) for (const record of recordsOf(batch)) newest.set(record.key!.toString(), record)
  /** Of producers with a data batch whose records are not all gone. */
  const undecided = new Map<number, boolean>()
  for (const batch of written) {
    const id = producerId(batch)
    if (isControl(batch)) {
      if (undecided.get(id) === true) expect(left, `the marker at ${baseOffset(batch)}`).toContain(baseOffset(batch))
      undecided.delete(id)
      continue
    }
    for (const record of recordsOf(batch)) {
      if (left.has(record.offset) && isTransactional(batch)) undecided.set(id, true)
      if (left.has(record.offset) || record.offset < from) continue
      const outcome = isTransactional(batch) ? outcomes.get(baseOffset(batch)) : 'commit'
      if (outcome === 'abort') continue
      expect(outcome, `offset ${record.offset}, of an open transaction`).toBe('commit')
      const last = newest.get(record.key!.toString())!
      if (last.offset > record.offset) continue
      expect(record.value, `offset ${record.offset}, the last of ${record.key!.toString()}`).toBeNull()
    }
  }
  // A tombstone only goes when there is nothing left that it deletes.
  for (const [key, last] of newest) {
    if (last.value !== null || left.has(last.offset) || last.offset < from) continue
    const older = found.filter(batch => counts(originals.get(baseOffset(batch))!)).flatMap(recordsOf)
    expect(older.filter(record => record.key!.toString() === key).map(shown)).toEqual([])
  }
}

/** A consumer of committed records that goes by the transaction index sees those of committed transactions, all and only. */
async function checkCommitted(log: PartitionLog, found: readonly Buffer[], written: readonly Buffer[]): Promise<void> {
  const stable = log.lastStableOffset
  const coming = (await log.abortedTransactions(log.logStartOffset, stable)).toSorted((one, other) => one.firstOffset - other.firstOffset)
  const outcomes = outcomesOf(written)
  const aborted = new Set<number>()
  for (const batch of found) {
    if (lastOffset(batch) >= stable) return
    while (coming[0] !== undefined && coming[0].firstOffset <= lastOffset(batch)) aborted.add(coming.shift()!.producerId)
    if (isControl(batch)) {
      if (transactionMarkerOf(batch)?.type === 'abort') aborted.delete(producerId(batch))
    } else if (isTransactional(batch) && recordsOf(batch).length > 0) {
      expect(aborted.has(producerId(batch)), `the batch at ${baseOffset(batch)}`).toBe(outcomes.get(baseOffset(batch)) === 'abort')
    }
  }
}

/** The log knows its producers as if nothing had ever been taken away, and so would one that has only what is left. */
function checkProducers(log: PartitionLog, found: readonly Buffer[], written: readonly Buffer[]): void {
  const known = (producers: Pick<ProducerState, 'describe'>) =>
    new Map(
      producers
        .describe()
        .map(({ producerId, producerEpoch, lastSequence, currentTxnStartOffset }) => [
          producerId,
          { producerEpoch, lastSequence, currentTxnStartOffset },
        ]),
    )
  const [all, left] = [new ProducerState(), new ProducerState()]
  for (const batch of written) replayInto(all, batch)
  for (const batch of found) replayInto(left, batch)
  const ours = known({ describe: () => log.activeProducers() })
  for (const [id, expected] of known(all)) {
    // What was deleted from the front is only remembered by snapshots.
    if (log.logStartOffset === 0 || ours.has(id)) expect(ours.get(id), `producer ${id}`).toEqual(expected)
    if (log.logStartOffset === 0) expect(known(left).get(id), `producer ${id}, from what is left`).toEqual(expected)
  }
}

/** Indexes of compacted segments lead to the same records as a look at each of them. */
async function checkLookUps(log: PartitionLog, found: readonly Buffer[]): Promise<void> {
  const records = found.flatMap(recordsOf).filter(({ offset }) => offset >= log.logStartOffset)
  for (let timestamp = SOME_TIME - 1; timestamp < SOME_TIME + 1100; timestamp += 100) {
    const first = records.find(record => record.timestamp >= timestamp)
    const expected = first && { offset: first.offset, timestamp: first.timestamp, leaderEpoch: 1 }
    expect(await log.offsetForTimestamp(timestamp)).toEqual(expected)
  }
}

async function checkAll(busy: BusyLog): Promise<void> {
  const { log } = busy
  const found = await readAll(log)
  checkContent(found, busy.batches, { from: log.logStartOffset })
}

async function checkAtRest(world: World, busy: BusyLog): Promise<void> {
  const { log } = busy
  await world.settle(busy.rest())
  busy.throwFirst()
  expect(log.failure).toBeUndefined()
  const found = await world.settle(readAll(log))
  checkContent(found, busy.batches, { from: log.logStartOffset })
  await world.settle(checkCommitted(log, found, busy.batches))
  await world.settle(checkLookUps(log, found))
  checkProducers(log, found, busy.batches)
}

const seeds = (count: number, from = 1) => Array.from({ length: count }, (_, index) => from + index)

describe('a compacted log', () => {
  it.each(seeds(12))(
    'keeps the last record of each key while it is written, read, cut, deleted from and started anew (seed %i)',
    async seed => {
      const world = simulatedWorld(seed)
      const busy = new BusyLog(seededRandom(`busy ${seed}`), config)
      await world.settle(busy.open(world.env(NODE)))
      for (let part = 0; part < 5; part++) {
        await world.settle(busy.run(40, { check: () => checkAll(busy) }))
        await checkAtRest(world, busy)
      }
      await world.settle(busy.close())
      busy.throwFirst()
      world.close()
    },
  )
})

describe.each([
  { death: 'killed', loseUnsynced: false },
  { death: 'cut from power', loseUnsynced: true },
])('a compacted log whose process is $death', ({ loseUnsynced }) => {
  it.each(seeds(30))('has lost nothing that the disk had, and goes on (seed %i)', async seed => {
    const world = simulatedWorld(seed)
    const random = seededRandom(`crash ${seed}`)
    const busy = new BusyLog(random, config)
    await world.settle(busy.open(world.env(NODE)))
    for (let life = 0; life < 6; life++) {
      const end = random.below(300)
      let events = 0
      void busy.run(1000, { check: () => Promise.resolve() })
      await world.run(() => events++ >= end)
      busy.throwFirst()
      world.crash(NODE, { loseUnsynced })
      while (random.chance(0.4)) {
        let recovered = 0
        const dies = random.below(40)
        let isOpen = false
        void busy.open(world.env(NODE)).then(() => (isOpen = true))
        await world.run(() => isOpen || recovered++ >= dies)
        world.crash(NODE, { loseUnsynced })
      }
      await world.settle(busy.open(world.env(NODE)))
      const { logEndOffset } = busy.log
      expect(logEndOffset).toBeGreaterThanOrEqual(busy.surelyUpTo)
      busy.batches = busy.batches.filter(batch => baseOffset(batch) < logEndOffset)
      busy.log.advanceHighWatermark(logEndOffset)
      await checkAtRest(world, busy)
    }
    world.close()
  })
})
