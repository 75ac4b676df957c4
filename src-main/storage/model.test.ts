import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { baseOffset, batchSize, batchesIn, lastOffset } from '../protocol/records/batch.ts'
import { type World, simulatedWorld } from '../simulation/world.ts'
import { SOME_TIME, aBatch, openLog } from './builders.ts'
import type { PartitionLog } from './partitionLog.ts'

/** What a log is, with nothing but arrays. */
interface Model {
  batches: Buffer[]
  logStartOffset: number
  logEndOffset: number
}

interface Real {
  readonly world: World
  log: PartitionLog
}

type Command = fc.AsyncCommand<Model, Real>

const NODE = 'broker-1'
const config = { segmentBytes: 700, indexIntervalBytes: 150, retentionMs: -1, fileDeleteDelayMs: 3 }

const expectedFrom = (model: Model, from: number, upTo: number) =>
  model.batches.filter(batch => lastOffset(batch) >= from && lastOffset(batch) < upTo)

function holds(model: Model, { log }: Real): void {
  expect({ logStartOffset: log.logStartOffset, logEndOffset: log.logEndOffset }).toEqual({
    logStartOffset: model.logStartOffset,
    logEndOffset: model.logEndOffset,
  })
}

/** Several batches decided in one turn. */
class Append implements Command {
  readonly sizes: readonly (readonly [records: number, valueBytes: number])[]
  constructor(sizes: readonly (readonly [number, number])[]) {
    this.sizes = sizes
  }
  check(): boolean {
    return true
  }
  async run(model: Model, real: Real): Promise<void> {
    const written: Promise<void>[] = []
    for (const [records, valueBytes] of this.sizes) {
      const batch = aBatch({ records, valueBytes, timestamp: SOME_TIME + model.logEndOffset })
      const result = real.log.append(batch, { leaderEpoch: 1, origin: 'client' })
      if (result.error !== 'NONE') throw new Error(result.error)
      expect(result.baseOffset).toBe(model.logEndOffset)
      model.batches.push(batch)
      model.logEndOffset += records
      written.push(result.written)
    }
    await real.world.settle(Promise.all(written))
    holds(model, real)
  }
  toString(): string {
    return `append(${JSON.stringify(this.sizes)})`
  }
}

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
    const offset = Math.round(this.at * (model.logEndOffset + 1))
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
    Object.assign(model, { batches: [], logStartOffset: this.offset, logEndOffset: this.offset })
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
  constructor(isClean: boolean) {
    this.isClean = isClean
  }
  check(): boolean {
    return true
  }
  async run(model: Model, real: Real): Promise<void> {
    const { world, log } = real
    const { recoveryPoint, logStartOffset, highWatermark } = log
    if (this.isClean) await world.settle(log.close())
    else world.crash(NODE)
    const cleanShutdown = this.isClean
    real.log = await world.settle(openLog(world.env(NODE), { config, cleanShutdown, recoveryPoint, logStartOffset, highWatermark }))
    holds(model, real)
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

const commands = fc.commands(
  [
    fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.nat(120)), { minLength: 1, maxLength: 6 }).map(sizes => new Append(sizes)),
    fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.nat(120)), { minLength: 1, maxLength: 6 }).map(sizes => new Append(sizes)),
    fc
      .tuple(fraction, fc.nat(900), fc.boolean(), fc.boolean())
      .map(([at, maxBytes, isBounded, atLeastOneBatch]) => new Read(at, maxBytes, isBounded, atLeastOneBatch)),
    fraction.map(at => new Truncate(at)),
    fc.nat(100).map(offset => new StartOver(offset)),
    fraction.map(at => new DeleteRecords(at)),
    fc.integer({ min: 1, max: 900 }).map(maxBytes => new ReadAll(maxBytes)),
    fc.constant(new Flush()),
    fc.boolean().map(isClean => new Restart(isClean)),
  ],
  { maxCommands: 60, size: 'max' },
)

describe('a log on disk', () => {
  it('behaves like an array of batches', async () => {
    await fc.assert(
      fc.asyncProperty(commands, fc.integer(), async (drawn, seed) => {
        const world = simulatedWorld(seed)
        try {
          const log = await world.settle(openLog(world.env(NODE), { config }))
          await fc.asyncModelRun(() => ({ model: { batches: [], logStartOffset: 0, logEndOffset: 0 }, real: { world, log } }), drawn)
        } finally {
          world.close()
        }
      }),
      { numRuns: 300 },
    )
  })
})
