import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { baseOffset, batchSize, batchesIn, isIntact, lastOffset, lastSequence, producerId, recordCount } from '../protocol/records/batch.ts'
import { buildBatch } from '../protocol/records/batchBuilder.ts'
import { decodeRecords } from '../protocol/records/record.ts'
import { type World, simulatedWorld } from '../simulation/world.ts'
import { SOME_TIME, openLog } from './builders.ts'
import { OFFSET_MAP_SLOT_BYTES } from './compaction/offsetMap.ts'
import { Throttle } from './compaction/throttle.ts'
import type { LogConfig } from './logConfig.ts'
import type { PartitionLog } from './partitionLog.ts'

/** What a log is, with nothing but arrays. */
interface Model {
  batches: Buffer[]
  logStartOffset: number
  logEndOffset: number
  /** Below the high watermark at a compaction: nothing is cut there any more. */
  replicatedBelow: number
  /** The last batch of each idempotent producer, as it was sent; `undefined` once it is no longer in the log. */
  readonly producers: Map<number, { nextSequence: number; last: Sent | undefined }>
}

interface Real {
  readonly world: World
  readonly config: Partial<LogConfig>
  log: PartitionLog
}

type Command = fc.AsyncCommand<Model, Real>

interface DrawnRecord {
  readonly key: number
  readonly valueBytes: number
  readonly timestamp: number
}

/** A batch as it was sent, and where it came to lie. */
interface Sent {
  readonly producerId: number
  readonly baseSequence: number
  readonly records: readonly DrawnRecord[]
  readonly baseOffset: number
}

const NODE = 'broker-1'
const MAX_BYTES = 1024 * 1024
const SHARED_CONFIG = {
  producerIdExpirationMs: Number.MAX_SAFE_INTEGER,
  segmentBytes: 700,
  indexIntervalBytes: 150,
  retentionMs: -1,
  fileDeleteDelayMs: 3,
}
const NO_PRODUCER = -1

const expectedFrom = (model: Model, from: number, upTo: number) =>
  model.batches.filter(batch => lastOffset(batch) >= from && lastOffset(batch) < upTo)

function holds(model: Model, { log }: Real): void {
  expect({ logStartOffset: log.logStartOffset, logEndOffset: log.logEndOffset }).toEqual({
    logStartOffset: model.logStartOffset,
    logEndOffset: model.logEndOffset,
  })
}

/** Producers go on where the log knows them to be, which must be behind all that is left of them. */
function takeOverProducers(model: Model, { log }: Real): void {
  const known = new Map(log.activeProducers().map(each => [each.producerId, each.lastSequence + 1]))
  for (const batch of model.batches) {
    if (producerId(batch) >= 0 && lastOffset(batch) >= model.logStartOffset)
      expect(known.get(producerId(batch))).toBeGreaterThan(lastSequence(batch))
  }
  for (const [id, producer] of model.producers) {
    const nextSequence = known.get(id)
    if (nextSequence === undefined) model.producers.delete(id)
    else if (nextSequence !== producer.nextSequence) Object.assign(producer, { nextSequence, last: undefined })
  }
}

function drawnBatch({ producerId, baseSequence, records }: Pick<Sent, 'producerId' | 'baseSequence' | 'records'>): Buffer {
  return buildBatch({
    ...(producerId === NO_PRODUCER ? {} : { producerId, producerEpoch: 0, baseSequence }),
    records: records.map(({ key, valueBytes, timestamp }) => ({
      timestamp: SOME_TIME + timestamp,
      key: Buffer.from(`key ${key}`),
      value: valueBytes === 0 ? null : Buffer.alloc(valueBytes, 'v'),
    })),
  })
}

/** Several batches decided in one turn. */
class Append implements Command {
  readonly drawn: readonly { readonly producerId: number; readonly records: readonly DrawnRecord[] }[]
  constructor(drawn: readonly { readonly producerId: number; readonly records: readonly DrawnRecord[] }[]) {
    this.drawn = drawn
  }
  check(): boolean {
    return true
  }
  async run(model: Model, real: Real): Promise<void> {
    const written: Promise<void>[] = []
    for (const { producerId, records } of this.drawn) {
      const baseSequence = producerId === NO_PRODUCER ? -1 : (model.producers.get(producerId)?.nextSequence ?? 0)
      const batch = drawnBatch({ producerId, baseSequence, records })
      const result = real.log.append(batch, { leaderEpoch: 1, origin: 'client' })
      if (result.error !== 'NONE') throw new Error(`${result.error} ${result.message}`)
      expect(result).toMatchObject({ baseOffset: model.logEndOffset, duplicate: false })
      const last = { producerId, baseSequence, records, baseOffset: model.logEndOffset }
      if (producerId !== NO_PRODUCER) model.producers.set(producerId, { nextSequence: baseSequence + records.length, last })
      model.batches.push(batch)
      model.logEndOffset += records.length
      written.push(result.written)
    }
    await real.world.settle(Promise.all(written))
    holds(model, real)
  }
  toString(): string {
    return `append(${JSON.stringify(this.drawn)})`
  }
}

/** A producer sends its last batch once more, and one that is not its turn. */
class Retry implements Command {
  readonly producerId: number
  constructor(producerId: number) {
    this.producerId = producerId
  }
  check(model: Readonly<Model>): boolean {
    return model.producers.get(this.producerId)?.last !== undefined
  }
  async run(model: Model, real: Real): Promise<void> {
    const { nextSequence, last } = model.producers.get(this.producerId)!
    const options = { leaderEpoch: 1, origin: 'client' } as const
    expect(real.log.append(drawnBatch(last!), options)).toMatchObject({ error: 'NONE', duplicate: true, baseOffset: last!.baseOffset })
    const early = { ...last!, baseSequence: nextSequence + 1 }
    expect(real.log.append(drawnBatch(early), options)).toMatchObject({ error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' })
    await real.world.settle(real.log.flush())
    holds(model, real)
  }
  toString(): string {
    return `retry(${this.producerId})`
  }
}

/** By time, wherever the indexes lead. */
class LookUp implements Command {
  readonly timestamp: number
  constructor(timestamp: number) {
    this.timestamp = timestamp
  }
  check(): boolean {
    return true
  }
  async run(model: Model, { world, log }: Real): Promise<void> {
    const records = expectedFrom(model, model.logStartOffset, model.logEndOffset)
      .flatMap(batch => decodeRecords(batch, 0, MAX_BYTES).map(({ offset, timestamp }) => ({ offset, timestamp, leaderEpoch: 1 })))
      .filter(record => record.offset >= model.logStartOffset)
    const largest = Math.max(...records.map(record => record.timestamp))
    // Records of a topic that stamps them are later than any of ours.
    const wanted = records[this.timestamp % 7]?.timestamp ?? SOME_TIME + this.timestamp
    for (const timestamp of [SOME_TIME + this.timestamp, wanted]) {
      expect(await world.settle(log.offsetForTimestamp(timestamp))).toEqual(records.find(record => record.timestamp >= timestamp))
    }
    // Batches that were emptied keep their timestamps.
    const isPlain = model.batches.every(batch => recordCount(batch) > 0)
    if (isPlain) expect(await world.settle(log.maxTimestamp())).toEqual(records.find(record => record.timestamp === largest))
  }
  toString(): string {
    return `lookUp(${this.timestamp})`
  }
}

/** All segments but the last lose the records that a later one among them replaces; the rest is as it was. */
class Compact implements Command {
  check(): boolean {
    return true
  }
  async run(model: Model, real: Real): Promise<void> {
    const { world, log, config } = real
    if (config.cleanupPolicy?.includes('compact') !== true) return
    log.advanceHighWatermark(model.logEndOffset)
    model.replicatedBelow = model.logEndOffset
    const limits = {
      offsetMapBytes: 1000 * OFFSET_MAP_SLOT_BYTES,
      throttle: new Throttle(world.env(NODE).clock),
      signal: new AbortController().signal,
    }
    await world.settle(log.compact(limits))
    holds(model, real)
    const end = log.segments.at(-1)!.baseOffset
    const lastOffsets = new Map<string, number>()
    const all = model.batches.flatMap(batch => recordsOf(batch))
    for (const { key, offset } of all) if (offset < end) lastOffsets.set(key, offset)
    const isKept = ({ key, offset }: { key: string; offset: number }) => offset >= end || lastOffsets.get(key) === offset

    const found: Buffer[] = []
    for (let from = model.logStartOffset; from < model.logEndOffset;) {
      const result = await world.settle(log.read(from, { maxBytes: 500, upTo: model.logEndOffset, atLeastOneBatch: true }))
      if (result.error !== 'NONE') throw new Error(result.error)
      expect(result.records.length).toBeGreaterThan(0)
      for (const at of batchesIn(result.records)) found.push(result.records.subarray(at, at + batchSize(result.records, at)))
      from = lastOffset(found.at(-1)!) + 1
    }
    const isThere = ({ offset }: { offset: number }) => offset >= model.logStartOffset
    expect(found.flatMap(batch => recordsOf(batch)).filter(isThere)).toEqual(all.filter(record => isKept(record) && isThere(record)))
    for (const batch of found) expect(isIntact(batch)).toBe(true)
    const untouched = (batches: readonly Buffer[]) => batches.filter(batch => baseOffset(batch) >= end).map(batch => batch.toString('hex'))
    expect(untouched(found)).toEqual(untouched(expectedFrom(model, model.logStartOffset, model.logEndOffset)))
    model.batches = found
  }
  toString(): string {
    return 'compact'
  }
}

const recordsOf = (batch: Buffer) =>
  decodeRecords(batch, 0, MAX_BYTES).map(({ offset, timestamp, key, value }) => ({
    offset,
    timestamp,
    key: key!.toString(),
    value: value?.toString(),
  }))

class Read implements Command {
  readonly at: number
  readonly maxBytes: number
  readonly isBounded: boolean
  readonly atLeastOneBatch: boolean
  constructor(at: number, maxBytes: number, isBounded: boolean, atLeastOneBatch: boolean) {
    this.at = at
    this.maxBytes = maxBytes
    this.isBounded = isBounded
    this.atLeastOneBatch = atLeastOneBatch
  }
  check(): boolean {
    return true
  }
  async run(model: Model, { world, log }: Real): Promise<void> {
    const from = Math.round(this.at * (model.logEndOffset + 2))
    const last = model.batches.at(-1)
    const upTo = this.isBounded && last !== undefined ? Math.max(baseOffset(last), model.logStartOffset) : model.logEndOffset
    const result = await world.settle(log.read(from, { maxBytes: this.maxBytes, upTo, atLeastOneBatch: this.atLeastOneBatch }))
    if (from < model.logStartOffset || from > model.logEndOffset) return expect(result.error).toBe('OFFSET_OUT_OF_RANGE')
    if (result.error !== 'NONE') throw new Error(result.error)
    const found = [...batchesIn(result.records)].map(at => result.records.subarray(at, at + batchSize(result.records, at)))
    const expected = expectedFrom(model, from, upTo)
    expect(
      found.reduce((sum, batch) => sum + batch.length, 0),
      'only whole batches',
    ).toBe(result.records.length)
    expect(found.map(batch => batch.toString('hex'))).toEqual(expected.slice(0, found.length).map(batch => batch.toString('hex')))
    const first = expected[0]
    if (first === undefined) return
    if (found.length === 0) expect(first.length > this.maxBytes && !this.atLeastOneBatch, 'nothing, though the first batch fits').toBe(true)
    if (found.length > 1) expect(result.records.length).toBeLessThanOrEqual(this.maxBytes)
    if (found.length === 1 && first.length > this.maxBytes) expect(this.atLeastOneBatch).toBe(true)
  }
  toString(): string {
    return `read(${this.at}, ${this.maxBytes}, ${this.isBounded}, ${this.atLeastOneBatch})`
  }
}

class Truncate implements Command {
  readonly at: number
  constructor(at: number) {
    this.at = at
  }
  check(): boolean {
    return true
  }
  async run(model: Model, real: Real): Promise<void> {
    const offset = Math.max(Math.round(this.at * (model.logEndOffset + 1)), model.replicatedBelow)
    await real.world.settle(real.log.truncateTo(offset))
    if (offset < model.logStartOffset) Object.assign(model, { batches: [], logStartOffset: offset, logEndOffset: offset })
    else if (offset < model.logEndOffset) {
      // A cut inside of a batch takes the batch.
      const kept = model.batches.filter(batch => lastOffset(batch) < offset)
      const cut = model.batches[kept.length]
      model.logEndOffset = Math.max(cut === undefined ? offset : Math.min(offset, baseOffset(cut)), model.logStartOffset)
      model.batches = kept
    }
    holds(model, real)
    takeOverProducers(model, real)
  }
  toString(): string {
    return `truncate(${this.at})`
  }
}

class StartOver implements Command {
  readonly offset: number
  constructor(offset: number) {
    this.offset = offset
  }
  check(): boolean {
    return true
  }
  async run(model: Model, real: Real): Promise<void> {
    await real.world.settle(real.log.truncateFullyAndStartAt(this.offset))
    Object.assign(model, { batches: [], logStartOffset: this.offset, logEndOffset: this.offset, replicatedBelow: 0 })
    model.producers.clear()
    holds(model, real)
  }
  toString(): string {
    return `startOver(${this.offset})`
  }
}

class DeleteRecords implements Command {
  readonly at: number
  constructor(at: number) {
    this.at = at
  }
  check(): boolean {
    return true
  }
  async run(model: Model, real: Real): Promise<void> {
    const offset = model.logStartOffset + Math.round(this.at * (model.logEndOffset - model.logStartOffset))
    real.log.advanceHighWatermark(model.logEndOffset)
    real.log.raiseLogStartOffset(offset)
    model.logStartOffset = offset
    await real.world.settle(real.log.deleteOldSegments())
    const [first] = real.log.segments
    const second = real.log.segments[1]
    expect(first!.baseOffset).toBeLessThanOrEqual(offset)
    if (second !== undefined) expect(second.baseOffset, 'a segment that is wholly gone stays').toBeGreaterThan(offset)
    holds(model, real)
  }
  toString(): string {
    return `deleteRecords(${this.at})`
  }
}

class Flush implements Command {
  check(): boolean {
    return true
  }
  async run(model: Model, real: Real): Promise<void> {
    await real.world.settle(real.log.flush())
    expect(real.log.recoveryPoint).toBe(model.logEndOffset)
  }
  toString(): string {
    return 'flush'
  }
}

class Restart implements Command {
  readonly isClean: boolean
  readonly isLazy: boolean
  constructor(isClean: boolean, isLazy: boolean) {
    this.isClean = isClean
    this.isLazy = isLazy
  }
  check(): boolean {
    return true
  }
  async run(model: Model, real: Real): Promise<void> {
    const { world, log } = real
    if (this.isClean) await world.settle(log.close())
    else world.crash(NODE)
    const { recoveryPoint, logStartOffset, highWatermark } = log // as the checkpoints have it
    const cleanShutdown = this.isClean
    const options = { config: real.config, cleanShutdown, recoveryPoint, logStartOffset, highWatermark }
    const firstDirtyOffset = log.firstDirtyOffset === undefined ? {} : { firstDirtyOffset: log.firstDirtyOffset }
    real.log = await world.settle(openLog(world.env(NODE), { ...options, ...firstDirtyOffset, lazily: this.isLazy }))
    await world.settle(real.log.ready())
    holds(model, real)
    takeOverProducers(model, real)
    expect(real.log.highWatermark).toBe(highWatermark)
  }
  toString(): string {
    return this.isClean ? 'restart' : 'kill'
  }
}

/** Read on from where the last read ended, to the end. */
class ReadAll implements Command {
  readonly maxBytes: number
  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }
  check(): boolean {
    return true
  }
  async run(model: Model, { world, log }: Real): Promise<void> {
    const found: string[] = []
    for (let from = log.logStartOffset; from < log.logEndOffset;) {
      const result = await world.settle(log.read(from, { maxBytes: this.maxBytes, upTo: log.logEndOffset, atLeastOneBatch: true }))
      if (result.error !== 'NONE') throw new Error(result.error)
      expect(result.records.length).toBeGreaterThan(0)
      for (const at of batchesIn(result.records)) {
        found.push(result.records.subarray(at, at + batchSize(result.records, at)).toString('hex'))
        from = lastOffset(result.records, at) + 1
      }
    }
    expect(found).toEqual(expectedFrom(model, model.logStartOffset, model.logEndOffset).map(batch => batch.toString('hex')))
  }
  toString(): string {
    return `readAll(${this.maxBytes})`
  }
}

const fraction = fc.integer({ min: 0, max: 1000 }).map(thousandths => thousandths / 1000)

const record = fc.record({ key: fc.nat(5), valueBytes: fc.nat(120), timestamp: fc.nat(300) })
const batch = fc.record({
  producerId: fc.constantFrom(NO_PRODUCER, NO_PRODUCER, 1000, 1001),
  records: fc.array(record, { minLength: 1, maxLength: 4 }),
})
const append = fc.array(batch, { minLength: 1, maxLength: 6 }).map(drawn => new Append(drawn))

const commands = fc.commands(
  [
    append,
    append,
    append,
    fc
      .tuple(fraction, fc.nat(900), fc.boolean(), fc.boolean())
      .map(([at, maxBytes, isBounded, atLeastOneBatch]) => new Read(at, maxBytes, isBounded, atLeastOneBatch)),
    fraction.map(at => new Truncate(at)),
    fc.nat(100).map(offset => new StartOver(offset)),
    fraction.map(at => new DeleteRecords(at)),
    fc.integer({ min: 1, max: 900 }).map(maxBytes => new ReadAll(maxBytes)),
    fc.constant(new Flush()),
    fc.tuple(fc.boolean(), fc.boolean()).map(([isClean, isLazy]) => new Restart(isClean, isLazy)),
    fc.constantFrom(1000, 1001).map(producerId => new Retry(producerId)),
    fc.nat(320).map(timestamp => new LookUp(timestamp)),
    fc.constant(new Compact()),
  ],
  { maxCommands: 60, size: 'max' },
)

const configs = fc.record({
  messageTimestampType: fc.constantFrom('CreateTime', 'LogAppendTime'),
  cleanupPolicy: fc.constantFrom<LogConfig['cleanupPolicy'][]>(['delete'], ['compact', 'delete'], ['compact']),
}) as fc.Arbitrary<Pick<LogConfig, 'messageTimestampType' | 'cleanupPolicy'>>

/** As many as anybody wants; a few hundred every time. */
const RUNS = Number(process.env['TRILOG_SEEDS'] ?? 300)
const TIMEOUT_MS = 600_000

describe('a log on disk', () => {
  it(
    'behaves like an array of batches',
    async () => {
      await fc.assert(
        fc.asyncProperty(commands, configs, fc.integer(), async (drawn, drawnConfig, seed) => {
          const world = simulatedWorld(seed)
          const config = { ...SHARED_CONFIG, ...drawnConfig }
          try {
            const log = await world.settle(openLog(world.env(NODE), { config }))
            const model = { batches: [], logStartOffset: 0, logEndOffset: 0, replicatedBelow: 0, producers: new Map() }
            await fc.asyncModelRun(() => ({ model, real: { world, config, log } }), drawn)
          } finally {
            world.close()
          }
        }),
        { numRuns: RUNS },
      )
    },
    TIMEOUT_MS,
  )
})
