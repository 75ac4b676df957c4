import { expect } from 'vitest'
import { silentLogger } from '../base/logger.ts'
import type { Env } from '../env/env.ts'
import { decodeLeaderEpochCheckpoint } from '../protocol/files/checkpoints.ts'
import { parseLogFileName } from '../protocol/files/fileNames.ts'
import { readOffsetIndexEntry, readTimeIndexEntry } from '../protocol/files/indexEntries.ts'
import {
  baseOffset,
  batchSize,
  batchesIn,
  isControl,
  isIntact,
  isTransactional,
  lastOffset,
  maxTimestamp,
  partitionLeaderEpoch,
  producerId,
} from '../protocol/records/batch.ts'
import { type LogRecord, decodeRecords } from '../protocol/records/record.ts'
import type { SeededRandom } from '../simulation/seededRandom.ts'
import type { World } from '../simulation/world.ts'
import { SOME_TIME, aLogConfig, aMarker, aProducerBatch } from './builders.ts'
import { CleaningAborted } from './compaction/cleanSegments.ts'
import { OFFSET_MAP_SLOT_BYTES } from './compaction/offsetMap.ts'
import { Throttle } from './compaction/throttle.ts'
import { EpochCache } from './epochCache.ts'
import { LogDirectory } from './logDirectory.ts'
import type { PartitionLog } from './partitionLog.ts'
import { replayInto, transactionMarkerOf } from './producerBatches.ts'
import { ProducerState } from './producerState.ts'

export const NODE = 'broker-1'
const FOLDER = '/data/topic-0'
const INDEX_INTERVAL_BYTES = 300
const config = aLogConfig({
  segmentBytes: 1500,
  indexIntervalBytes: INDEX_INTERVAL_BYTES,
  retentionMs: -1,
  fileDeleteDelayMs: 5,
  producerIdExpirationMs: Number.MAX_SAFE_INTEGER,
  cleanupPolicy: ['compact', 'delete'],
})

/** What the log may hold after a crash, kept beside the log itself. */
interface Expected {
  /** Everything that was decided, oldest first, deleted segments included, as it was before any compaction. */
  batches: Buffer[]
  /** Below this, records may be gone that a later one replaces. */
  compactedBelow: number
  /** What is below the high watermark is never cut; compaction relies on it. */
  replicatedBelow: number
  /** The log must reach this offset: it was synced, and nobody cut it off since. */
  surelyUpTo: number
  /** Nothing below this has to be there. */
  logStartOffset: number
  /** Whether a truncation is under way. */
  isCutting: boolean
  /** Whether all of it is being taken away: any beginning may be left, in which records are gone that what is behind had replaced. */
  isEmptying: boolean
  /** Where the log begins if it was just emptied, or is being. */
  emptyAt: number | undefined
}

const MAX_BYTES = 1024 * 1024
const endOf = (batches: readonly Buffer[], empty: number) => (batches.length === 0 ? empty : lastOffset(batches.at(-1)!) + 1)

/** Things that a broker does to a log, drawn by chance, with what each promises written down as it is promised. */
export class Workload {
  readonly expected: Expected = {
    batches: [],
    compactedBelow: 0,
    replicatedBelow: 0,
    surelyUpTo: 0,
    logStartOffset: 0,
    isCutting: false,
    isEmptying: false,
    emptyAt: 0,
  }
  readonly #random: SeededRandom
  #env!: Env
  #directory!: LogDirectory
  log!: PartitionLog
  #epoch = 0
  #cuts = 0
  #value = 0
  #isCompacting = false
  /** What went on by itself and must not fail. */
  problem: unknown
  #producers = new Map<number, { sequence: number; isOpen: boolean }>()

  constructor(random: SeededRandom) {
    this.#random = random
  }

  async open(env: Env): Promise<void> {
    this.#env = env
    this.#isCompacting = false
    this.#directory = await LogDirectory.open(env, '/data', { clusterId: 'cluster', nodeId: 1, log: silentLogger })
    this.log = await this.#directory.openLog('topic', 0, undefined, config, { lazily: true })
    await this.log.ready() // as a leader does
    this.#forgetProducers()
  }

  async close(): Promise<void> {
    await this.#directory.close(7)
  }

  async run(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) await this.#step()
  }

  async #step(): Promise<void> {
    const drawn = this.#random.below(100)
    if (drawn < 58) await this.append()
    else if (drawn < 70) await this.flush()
    else if (drawn < 76) await this.startEpoch()
    else if (drawn < 82) await this.checkpoint()
    else if (drawn < 87) await this.compact()
    else if (drawn < 92) await this.truncate()
    else if (drawn < 95) await this.deleteRecords()
    else if (drawn < 97) await this.startOver()
    else await this.restart()
  }

  checkpoint(): Promise<void> {
    return this.#directory.checkpoint()
  }

  async append(): Promise<void> {
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
    const bytes = this.#random.below(120)
    return aProducerBatch({
      producerId,
      baseSequence,
      records: Array.from({ length: records }, () => `${this.#value++}`.padEnd(bytes, '.')),
      key: `key ${this.#random.below(6)}`,
      timestamp,
      isTransactional: producer.isOpen,
    })
  }

  /** Half of the time the workload does not wait for it. */
  async flush(): Promise<void> {
    const upTo = this.log.logEndOffset
    const cuts = this.#cuts
    const flushing = this.log.flush().then(() => {
      if (cuts === this.#cuts) this.expected.surelyUpTo = Math.max(this.expected.surelyUpTo, upTo)
    })
    if (this.#random.chance(0.5)) await flushing
  }

  async startEpoch(): Promise<void> {
    this.#epoch += 1 + this.#random.below(2)
    await this.log.startEpoch(this.#epoch)
  }

  async truncate(): Promise<void> {
    const { batches } = this.expected
    const first = batches.findIndex(batch => baseOffset(batch) >= this.expected.replicatedBelow)
    const at = Math.max(0, first === -1 ? batches.length : first, batches.length - this.#random.below(12))
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

  async deleteRecords(): Promise<void> {
    const { logStartOffset, highWatermark } = this.log
    const offset = logStartOffset + this.#random.below(Math.max(1, highWatermark - logStartOffset))
    this.expected.logStartOffset = Math.max(this.expected.logStartOffset, offset)
    this.log.raiseLogStartOffset(offset)
    await this.log.deleteOldSegments()
  }

  async startOver(): Promise<void> {
    const offset = this.log.logEndOffset + this.#random.below(20) - 5
    if (offset < 0) return
    this.#cuts += 1
    Object.assign(this.expected, {
      surelyUpTo: 0,
      isCutting: true,
      isEmptying: true,
      emptyAt: offset,
      logStartOffset: Math.max(offset, this.expected.logStartOffset),
    })
    await this.log.truncateFullyAndStartAt(offset)
    Object.assign(this.expected, {
      batches: [],
      compactedBelow: 0,
      replicatedBelow: 0,
      surelyUpTo: offset,
      isCutting: false,
      isEmptying: false,
      logStartOffset: offset,
    })
    this.#forgetProducers()
  }

  /** Half of the time the workload does not wait for it. */
  async compact(): Promise<void> {
    if (this.#isCompacting) return
    this.#isCompacting = true
    const { lastStableOffset, highWatermark } = this.log
    this.expected.compactedBelow = Math.max(this.expected.compactedBelow, lastStableOffset)
    this.expected.replicatedBelow = Math.max(this.expected.replicatedBelow, highWatermark)
    const limits = {
      offsetMapBytes: 1000 * OFFSET_MAP_SLOT_BYTES,
      throttle: new Throttle(this.#env.clock),
      signal: new AbortController().signal,
    }
    const compacting = this.log
      .compact(limits)
      .then(() => undefined)
      .catch((problem: unknown) => {
        if (!(problem instanceof CleaningAborted)) this.problem ??= problem
      })
      .finally(() => (this.#isCompacting = false))
    if (this.#random.chance(0.5)) await compacting
  }

  async restart(): Promise<void> {
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
export async function check(world: World, workload: Workload): Promise<void> {
  const { log, expected } = workload
  if (workload.problem !== undefined) throw workload.problem as Error
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
  checkBatches(found, inLog, { ...expected, logStartOffset: log.logStartOffset })
  const isLess = expected.isEmptying
  if (isLess) {
    const below = kept.filter(batch => lastOffset(batch) < logStartOffset) // they may come back: nobody says any more that they were deleted
    Object.assign(expected, { batches: [...below, ...found], isEmptying: false })
  }
  checkFiles(world, log, expected.compactedBelow > 0)
  checkProducers(log, isLess ? found : inLog)
  if (expected.emptyAt !== undefined && (isEmptied || logEndOffset === logStartOffset)) expected.emptyAt = logEndOffset
  expected.surelyUpTo = Math.min(expected.surelyUpTo, logEndOffset)
  expected.isCutting = false
  expected.logStartOffset = logStartOffset
}

/** Holds what was read against what was decided. */
function checkBatches(
  found: readonly Buffer[],
  decided: readonly Buffer[],
  { logStartOffset, compactedBelow, isEmptying }: Pick<Expected, 'logStartOffset' | 'compactedBelow' | 'isEmptying'>,
): void {
  const untouched = (batches: readonly Buffer[]) => batches.filter(batch => baseOffset(batch) >= compactedBelow)
  const hex = (batches: readonly Buffer[]) => batches.map(batch => `${baseOffset(batch)} ${batch.toString('hex')}`)
  expect(hex(untouched(found))).toEqual(hex(untouched(decided)))

  const aborted = new Set<number>()
  const open = new Map<number, number[]>()
  const lastOffsets = new Map<string, number>()
  for (const batch of decided) {
    const marker = transactionMarkerOf(batch)
    if (marker !== undefined) {
      for (const base of open.get(marker.producerId) ?? []) if (marker.type === 'abort') aborted.add(base)
      open.delete(marker.producerId)
    } else if (isTransactional(batch)) open.set(producerId(batch), [...(open.get(producerId(batch)) ?? []), baseOffset(batch)])
  }
  for (const batch of decided) {
    if (isControl(batch) || aborted.has(baseOffset(batch)) || baseOffset(batch) >= compactedBelow) continue
    for (const { key, offset } of decodeRecords(batch, 0, MAX_BYTES)) lastOffsets.set(key!.toString(), offset)
  }
  const records = new Map(found.flatMap(batch => decodeRecords(batch, 0, MAX_BYTES).map(record => [record.offset, textOf(record)])))
  for (const batch of decided.filter(each => baseOffset(each) < compactedBelow)) {
    for (const record of decodeRecords(batch, 0, MAX_BYTES)) {
      const { offset, key } = record
      if (offset < logStartOffset) continue
      const isReplaced = !isControl(batch) && (aborted.has(baseOffset(batch)) || lastOffsets.get(key!.toString())! > offset)
      if (records.has(offset)) expect(records.get(offset)).toBe(textOf(record))
      else if (!isEmptying) expect(isReplaced, `the record at ${offset} is gone, which nothing replaces`).toBe(true)
    }
  }
  const known = new Set(decided.flatMap(batch => decodeRecords(batch, 0, MAX_BYTES).map(record => record.offset)))
  for (const offset of records.keys()) expect(known).toContain(offset)
}

const textOf = ({ key, value, timestamp }: LogRecord) => `${key?.toString('hex')} ${value?.toString('hex')} ${timestamp}`

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
function checkFiles(world: World, log: PartitionLog, isCompacted: boolean): void {
  const files = world.disk(NODE).files()
  const epochs = new EpochCache()
  let end: number | undefined
  for (const { baseOffset: base, sizeInBytes } of log.segments) {
    const name = `${FOLDER}/${String(base).padStart(20, '0')}`
    const bytes = files.get(`${name}.log`)
    if (bytes === undefined) {
      expect({ base, sizeInBytes }, 'only a log without a first batch has no files').toEqual({ base: 0, sizeInBytes: 0 })
      break
    }
    expect(bytes.length).toBe(sizeInBytes)
    if (end !== undefined && !isCompacted) expect(base).toBe(end)
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
  for (const { epoch } of isCompacted ? [] : epochs.entries)
    expect(log.endOffsetFor(epoch)).toEqual(clamped(epochs.endOffsetFor(epoch, log.logEndOffset), log))
  const file = files.get(`${FOLDER}/leader-epoch-checkpoint`)
  const persisted = file === undefined ? [] : decodeLeaderEpochCheckpoint(file)
  // Compaction takes the first batches of an epoch, or all of them.
  if (!isCompacted) expect(persisted.filter(entry => entry.startOffset < log.logEndOffset)).toEqual(epochs.entries)
  for (const { epoch, startOffset } of epochs.entries) {
    expect(persisted.find(each => each.epoch === epoch)?.startOffset).toBeLessThanOrEqual(startOffset)
  }
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
