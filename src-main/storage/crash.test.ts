import { describe, expect, it } from 'vitest'
import { silentLogger } from '../base/logger.ts'
import type { Env } from '../env/env.ts'
import { decodeLeaderEpochCheckpoint } from '../protocol/files/checkpoints.ts'
import { parseLogFileName } from '../protocol/files/fileNames.ts'
import { readOffsetIndexEntry, readTimeIndexEntry } from '../protocol/files/indexEntries.ts'
import { baseOffset, batchSize, batchesIn, isIntact, lastOffset, maxTimestamp, partitionLeaderEpoch } from '../protocol/records/batch.ts'
import { type SeededRandom, seededRandom } from '../simulation/seededRandom.ts'
import { type World, simulatedWorld } from '../simulation/world.ts'
import { SOME_TIME, aLogConfig, aMarker, aProducerBatch } from './builders.ts'
import { EpochCache } from './epochCache.ts'
import { LogDirectory } from './logDirectory.ts'
import type { PartitionLog } from './partitionLog.ts'
import { replayInto } from './producerBatches.ts'
import { ProducerState } from './producerState.ts'

const NODE = 'broker-1'
const FOLDER = '/data/topic-0'
const INDEX_INTERVAL_BYTES = 300
const config = aLogConfig({
  segmentBytes: 1500,
  indexIntervalBytes: INDEX_INTERVAL_BYTES,
  retentionMs: -1,
  fileDeleteDelayMs: 5,
  producerIdExpirationMs: Number.MAX_SAFE_INTEGER,
})

/** What the log may hold after a crash, kept beside the log itself. */
interface Expected {
  /** Everything that was decided, oldest first, deleted segments included. */
  batches: Buffer[]
  /** The log must reach this offset: it was synced, and nobody cut it off since. */
  surelyUpTo: number
  /** Nothing below this has to be there. */
  logStartOffset: number
  /** Whether a truncation is under way. */
  isCutting: boolean
  /** Where the log begins if it was just emptied, or is being. */
  emptyAt: number | undefined
}

const endOf = (batches: readonly Buffer[], empty: number) => (batches.length === 0 ? empty : lastOffset(batches.at(-1)!) + 1)

/** Things that a broker does to a log, drawn by chance, with what each promises written down as it is promised. */
class Workload {
  readonly expected: Expected = { batches: [], surelyUpTo: 0, logStartOffset: 0, isCutting: false, emptyAt: 0 }
  readonly #random: SeededRandom
  #env!: Env
  #directory!: LogDirectory
  log!: PartitionLog
  #epoch = 0
  #cuts = 0
  #producers = new Map<number, { sequence: number; isOpen: boolean }>()

  constructor(random: SeededRandom) {
    this.#random = random
  }

  async open(env: Env): Promise<void> {
    this.#env = env
    this.#directory = await LogDirectory.open(env, '/data', { clusterId: 'cluster', nodeId: 1, log: silentLogger })
    this.log = await this.#directory.openLog('topic', 0, undefined, config)
    this.#forgetProducers()
  }

  close(): Promise<void> {
    return this.#directory.close(7)
  }

  async run(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) await this.#step()
  }

  async #step(): Promise<void> {
    const drawn = this.#random.below(100)
    if (drawn < 60) await this.#append()
    else if (drawn < 72) await this.#flush()
    else if (drawn < 78) await this.#startEpoch()
    else if (drawn < 84) await this.#directory.checkpoint()
    else if (drawn < 91) await this.#truncate()
    else if (drawn < 95) await this.#deleteRecords()
    else if (drawn < 97) await this.#startOver()
    else await this.#restart()
  }

  async #append(): Promise<void> {
    const written: Promise<void>[] = []
    for (let count = 1 + this.#random.below(5); count > 0; count--) {
      const batch = this.#someBatch()
      const result = this.log.append(batch, { leaderEpoch: this.#epoch, origin: 'coordinator' })
      if (result.error !== 'NONE') throw new Error(`${result.error}: ${result.message}`)
      this.expected.batches.push(Buffer.from(batch))
      written.push(result.written)
    }
    await Promise.all(written)
    this.log.advanceHighWatermark(this.log.logEndOffset - this.#random.below(2))
  }

  #someBatch(): Buffer {
    const producerId = 1000 + this.#random.below(3)
    const producer = this.#producers.get(producerId) ?? { sequence: 0, isOpen: false }
    this.#producers.set(producerId, producer)
    if (producer.isOpen && this.#random.chance(0.4)) {
      producer.isOpen = false
      return aMarker({ type: this.#random.chance(0.6) ? 'abort' : 'commit', producerId })
    }
    const records = 1 + this.#random.below(4)
    const baseSequence = producer.sequence
    producer.sequence += records
    producer.isOpen ||= this.#random.chance(0.3)
    const timestamp = SOME_TIME + this.#random.below(1000)
    return aProducerBatch({
      producerId,
      baseSequence,
      records,
      timestamp,
      valueBytes: this.#random.below(120),
      isTransactional: producer.isOpen,
    })
  }

  /** Half of the time the workload does not wait for it. */
  async #flush(): Promise<void> {
    const upTo = this.log.logEndOffset
    const cuts = this.#cuts
    const flushing = this.log.flush().then(() => {
      if (cuts === this.#cuts) this.expected.surelyUpTo = Math.max(this.expected.surelyUpTo, upTo)
    })
    if (this.#random.chance(0.5)) await flushing
  }

  async #startEpoch(): Promise<void> {
    this.#epoch += 1 + this.#random.below(2)
    await this.log.startEpoch(this.#epoch)
  }

  async #truncate(): Promise<void> {
    const { batches } = this.expected
    const at = Math.max(0, batches.length - this.#random.below(12))
    const offset = at === batches.length ? this.log.logEndOffset : baseOffset(batches[at]!)
    if (offset < this.log.logStartOffset) return
    this.expected.surelyUpTo = Math.min(this.expected.surelyUpTo, offset)
    this.expected.isCutting = true
    this.#cuts += 1
    await this.log.truncateTo(offset)
    this.expected.isCutting = false
    if (at === 0) this.expected.emptyAt = offset
    batches.splice(at)
    this.#forgetProducers()
  }

  async #deleteRecords(): Promise<void> {
    const { logStartOffset, highWatermark } = this.log
    const offset = logStartOffset + this.#random.below(Math.max(1, highWatermark - logStartOffset))
    this.expected.logStartOffset = Math.max(this.expected.logStartOffset, offset)
    this.log.raiseLogStartOffset(offset)
    await this.log.deleteOldSegments()
  }

  async #startOver(): Promise<void> {
    const offset = this.log.logEndOffset + this.#random.below(20) - 5
    if (offset < 0) return
    this.#cuts += 1
    Object.assign(this.expected, {
      surelyUpTo: 0,
      isCutting: true,
      emptyAt: offset,
      logStartOffset: Math.max(offset, this.expected.logStartOffset),
    })
    await this.log.truncateFullyAndStartAt(offset)
    Object.assign(this.expected, { batches: [], surelyUpTo: offset, isCutting: false, logStartOffset: offset })
    this.#forgetProducers()
  }

  async #restart(): Promise<void> {
    const { logEndOffset } = this.log
    await this.close()
    this.expected.surelyUpTo = logEndOffset
    await this.open(this.#env)
  }

  /** From now on its producers know what the log knows of them. */
  #forgetProducers(): void {
    this.#producers = new Map(
      this.log
        .activeProducers()
        .map(each => [each.producerId, { sequence: each.lastSequence + 1, isOpen: each.currentTxnStartOffset !== -1 }]),
    )
  }
}

/** Holds what a start found against what may be there, and its files against each other. */
async function check(world: World, { log, expected }: Workload): Promise<void> {
  const { logStartOffset, logEndOffset } = log
  // Emptied on purpose, or because less is left than was deleted: then it goes on at its start, wherever that lies in a batch.
  const isEmptied = logStartOffset === logEndOffset && (logEndOffset === expected.emptyAt || logEndOffset >= expected.surelyUpTo)
  if (!isEmptied) {
    expect(logEndOffset).toBeGreaterThanOrEqual(expected.surelyUpTo)
    expect(logStartOffset).toBeLessThanOrEqual(Math.max(expected.logStartOffset, logEndOffset))
  }
  const kept = expected.batches.filter(batch => baseOffset(batch) < logEndOffset)
  if (!isEmptied && kept.length > 0) expect(endOf(kept, 0), 'the log ends with a batch').toBe(logEndOffset)
  if (isEmptied) kept.splice(0)
  expected.batches = kept

  const inLog = kept.filter(batch => lastOffset(batch) >= logStartOffset)
  const found = await world.settle(readAll(log))
  expect(found.map(batch => baseOffset(batch))).toEqual(inLog.map(batch => baseOffset(batch)))
  for (const [index, batch] of found.entries()) expect(batch.equals(inLog[index]!), `batch at ${baseOffset(batch)}`).toBe(true)
  checkFiles(world, log)
  checkProducers(log, inLog)
  if (expected.emptyAt !== undefined && (isEmptied || logEndOffset === logStartOffset)) expected.emptyAt = logEndOffset
  expected.surelyUpTo = Math.min(expected.surelyUpTo, logEndOffset)
  expected.isCutting = false
  expected.logStartOffset = logStartOffset
}

async function readAll(log: PartitionLog): Promise<Buffer[]> {
  const batches: Buffer[] = []
  for (let from = log.logStartOffset; from < log.logEndOffset; from = lastOffset(batches.at(-1)!) + 1) {
    const read = await log.read(from, { maxBytes: 700, upTo: log.logEndOffset, atLeastOneBatch: true })
    if (read.error !== 'NONE') throw new Error(read.error)
    expect(read.records.length).toBeGreaterThan(0)
    for (const at of batchesIn(read.records)) batches.push(read.records.subarray(at, at + batchSize(read.records, at)))
  }
  return batches
}

/** Every index entry says what Kafka's rule would have said of the batches that are there, and the epochs are those of the batches. */
function checkFiles(world: World, log: PartitionLog): void {
  const files = world.disk(NODE).files()
  const epochs = new EpochCache()
  let end: number | undefined
  for (const { baseOffset: base, sizeInBytes } of log.segments) {
    const name = `${FOLDER}/${String(base).padStart(20, '0')}`
    const bytes = files.get(`${name}.log`)!
    expect(bytes.length).toBe(sizeInBytes)
    if (end !== undefined) expect(base).toBe(end)
    end = base
    const index: string[] = []
    const times: string[] = []
    let since = 0
    let largest = { timestamp: -1, offset: -1 }
    let lastTime = -1
    const addTime = () => {
      if (largest.timestamp <= lastTime) return
      times.push(`${largest.timestamp}@${largest.offset}`)
      lastTime = largest.timestamp
    }
    for (const at of batchesIn(bytes)) {
      expect(isIntact(bytes, at)).toBe(true)
      end = lastOffset(bytes, at) + 1
      if (maxTimestamp(bytes, at) > largest.timestamp) largest = { timestamp: maxTimestamp(bytes, at), offset: lastOffset(bytes, at) }
      if (since > INDEX_INTERVAL_BYTES) {
        index.push(`${lastOffset(bytes, at)}@${at}`)
        addTime()
        since = 0
      }
      since += batchSize(bytes, at)
      epochs.assign(partitionLeaderEpoch(bytes, at), baseOffset(bytes, at))
    }
    const isActive = base === log.segments.at(-1)!.baseOffset
    const indexBytes = files.get(`${name}.index`)!
    expect(
      Array.from({ length: indexBytes.length / 8 }, (_, at) => readOffsetIndexEntry(indexBytes, at, base)).map(
        each => `${each.offset}@${each.position}`,
      ),
    ).toEqual(index)
    const timeBytes = files.get(`${name}.timeindex`)!
    const found = Array.from({ length: timeBytes.length / 12 }, (_, at) => readTimeIndexEntry(timeBytes, at, base)).map(
      each => `${each.timestamp}@${each.offset}`,
    )
    // A sealed or cleanly closed segment has one entry more, for its largest timestamp. A log cut back into such a segment keeps the entries below the cut.
    if (!isActive) addTime()
    for (const entry of times) expect(found).toContain(entry)
    for (const entry of found) expect([...times, `${largest.timestamp}@${largest.offset}`, ...found.slice(0, -1)]).toContain(entry)
  }
  for (const { epoch } of epochs.entries)
    expect(log.endOffsetFor(epoch)).toEqual(clamped(epochs.endOffsetFor(epoch, log.logEndOffset), log))
  const file = files.get(`${FOLDER}/leader-epoch-checkpoint`)
  const persisted = file === undefined ? [] : decodeLeaderEpochCheckpoint(file)
  expect(persisted.filter(entry => entry.startOffset < log.logEndOffset)).toEqual(epochs.entries)
  const orphans = [...files.keys()].filter(path => /\.(deleted|cleaned|tmp)$/.test(path))
  expect(orphans).toEqual([])
  for (const path of files.keys()) {
    const parsed = path.startsWith(`${FOLDER}/`) ? parseLogFileName(path.slice(FOLDER.length + 1)) : undefined
    if (parsed?.kind === 'snapshot') expect(parsed.offset).toBeLessThanOrEqual(log.logEndOffset)
  }
}

const clamped = (end: { epoch: number; endOffset: number }, log: PartitionLog) => ({
  ...end,
  endOffset: Math.max(end.endOffset, log.logStartOffset),
})

/** Producers whose last batch is there are known as if the log had been read from its beginning. */
function checkProducers(log: PartitionLog, batches: readonly Buffer[]): void {
  const replayed = new ProducerState()
  for (const batch of batches) replayInto(replayed, batch)
  const known = new Map(log.activeProducers().map(each => [each.producerId, each]))
  for (const each of replayed.describe()) {
    const found = known.get(each.producerId)
    if (each.lastSequence === -1) continue // its batches are gone, its marker is not
    expect(found).toMatchObject({ producerEpoch: each.producerEpoch, lastSequence: each.lastSequence, lastTimestamp: each.lastTimestamp })
    if (each.currentTxnStartOffset !== -1) expect(found!.currentTxnStartOffset).toBeLessThanOrEqual(each.currentTxnStartOffset)
  }
}

const seeds = (count: number, from = 1) => Array.from({ length: count }, (_, index) => from + index)

describe.each([
  { death: 'killed', loseUnsynced: false },
  { death: 'cut from power', loseUnsynced: true },
])('a log whose process is $death', ({ loseUnsynced }) => {
  it.each(seeds(40))('is a beginning of itself that holds all that was synced (seed %i)', async seed => {
    const world = simulatedWorld(seed)
    const random = seededRandom(`crash ${seed}`)
    const workload = new Workload(random)
    await world.settle(workload.open(world.env(NODE)))
    for (let life = 0; life < 6; life++) {
      const end = random.below(120)
      let events = 0
      const running = workload.run(1000)
      await world.run(() => events++ >= end)
      void running
      // A killed process loses nothing that the system has.
      if (!loseUnsynced && !workload.expected.isCutting) workload.expected.surelyUpTo = workload.log.logEndOffset
      world.crash(NODE, { loseUnsynced })
      // Now and then it dies again while it recovers.
      while (random.chance(0.4)) {
        let recovered = 0
        const dies = random.below(40)
        let isOpen = false
        void workload.open(world.env(NODE)).then(() => (isOpen = true))
        await world.run(() => isOpen || recovered++ >= dies)
        world.crash(NODE, { loseUnsynced })
      }
      await world.settle(workload.open(world.env(NODE)))
      await check(world, workload)
    }
    await world.settle(workload.close())
    const { logStartOffset, logEndOffset } = workload.log
    await world.settle(workload.open(world.env(NODE)))
    expect(workload.log).toMatchObject({ logStartOffset, logEndOffset })
    await check(world, workload)
    world.close()
  })
})
