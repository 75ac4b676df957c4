import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeControlRecord } from '../../protocol/messages/controlRecords.ts'
import {
  baseOffset,
  type CompressionName,
  compressionName,
  compressionNames,
  deleteHorizonMs,
  isControl,
  isIntact,
  isTransactional,
  lastOffset,
  lastSequence,
  maxTimestamp,
  partitionLeaderEpoch,
  producerEpoch,
  producerId,
  recordCount,
} from '../../protocol/records/batch.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { decodeRecords, type RecordHeader } from '../../protocol/records/record.ts'
import { simulatedWorld } from '../../simulation/world.ts'
import { SOME_TIME } from '../builders.ts'
import { replayInto } from '../producerBatches.ts'
import { ProducerState } from '../producerState.ts'
import { SegmentsOnly } from './builders.ts'
import { OFFSET_MAP_SLOT_BYTES } from './offsetMap.ts'

const DELETE_RETENTION_MS = 1000
const MEGABYTE = 1024 * 1024

interface ModelRecord {
  readonly offset: number
  readonly timestamp: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly RecordHeader[]
}

/** A batch, and what it means: the model knows whose transaction it belongs to and how that ended, where the real thing must find out. */
interface ModelBatch {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly codec: CompressionName
  readonly producerId: number
  readonly producerEpoch: number
  readonly leaderEpoch: number
  readonly lastSequence: number
  readonly transaction: { end: 'open' | 'commit' | 'abort' } | undefined
  readonly isMarker: boolean
  records: ModelRecord[]
  horizonMs: number | undefined
}

/** One step of a producer, or of the log. */
type Action =
  | {
      readonly type: 'append'
      readonly who: 'nobody' | 'idempotent' | 'transactional'
      readonly producer: number
      readonly codec: CompressionName
      readonly isAppendTime: boolean
      readonly records: readonly (readonly [key: number, isTombstone: boolean, hasHeaders: boolean, timestamp: number])[]
    }
  | { readonly type: 'end'; readonly producer: number; readonly how: 'commit' | 'abort'; readonly bumps: boolean }
  | { readonly type: 'roll' }
  | { readonly type: 'clean'; readonly slots: number; readonly laterMs: number }

const producers = fc.integer({ min: 0, max: 1 })
const actions: fc.Arbitrary<Action[]> = fc.array(
  fc.oneof(
    {
      weight: 10,
      arbitrary: fc.record({
        type: fc.constant('append' as const),
        who: fc.constantFrom('nobody' as const, 'idempotent' as const, 'transactional' as const, 'transactional' as const),
        producer: producers,
        codec: fc.constantFrom(...compressionNames),
        isAppendTime: fc.boolean(),
        records: fc.array(
          fc.tuple(fc.integer({ min: 0, max: 6 }), fc.boolean(), fc.boolean(), fc.integer({ min: -50, max: 5_000_000_000 })),
          { minLength: 1, maxLength: 5 },
        ),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        type: fc.constant('end' as const),
        producer: producers,
        how: fc.constantFrom('commit' as const, 'abort' as const),
        bumps: fc.boolean(),
      }),
    },
    { weight: 3, arbitrary: fc.constant({ type: 'roll' as const }) },
    {
      weight: 3,
      arbitrary: fc.record({
        type: fc.constant('clean' as const),
        slots: fc.oneof(fc.constant(1000), fc.integer({ min: 1, max: 6 })),
        laterMs: fc.constantFrom(0, 1, DELETE_RETENTION_MS - 1, DELETE_RETENTION_MS, 3 * DELETE_RETENTION_MS),
      }),
    },
  ),
  { minLength: 5, maxLength: 80, size: 'max' },
)

/** A log as Kafka's documentation describes compaction, with nothing but arrays and maps. */
class Model {
  batches: ModelBatch[] = []
  firstDirtyOffset = 0
  readonly #last = new Map<number, { epoch: number; lastDataOffset: number }>()

  add(batch: ModelBatch): void {
    this.batches.push(batch)
    if (batch.producerId < 0) return
    const known = this.#last.get(batch.producerId)
    const isNewEpoch = known?.epoch !== batch.producerEpoch
    const lastDataOffset = batch.isMarker ? (isNewEpoch ? -1 : (known?.lastDataOffset ?? -1)) : batch.lastOffset
    this.#last.set(batch.producerId, { epoch: batch.producerEpoch, lastDataOffset })
  }

  /** Of the segments below `upTo`, in a round that could have gone up to `round`. */
  clean({
    upTo,
    endOffset,
    nowMs,
    round,
  }: {
    readonly upTo: number
    readonly endOffset: number
    readonly nowMs: number
    readonly round: number
  }): void {
    const touched = this.batches.filter(batch => batch.lastOffset < upTo)
    const lastOffsets = new Map<string, number>()
    for (const { records, transaction, isMarker } of touched) {
      if (isMarker || transaction?.end === 'abort') continue
      for (const { key, offset } of records) {
        if (key !== null && offset >= this.firstDirtyOffset && offset < endOffset) lastOffsets.set(key, offset)
      }
    }
    this.firstDirtyOffset = endOffset
    const withData = new Set(touched.filter(batch => !batch.isMarker).map(batch => batch.transaction))
    const kept = touched.filter(batch => {
      const isPast = batch.horizonMs !== undefined && batch.horizonMs <= nowMs
      const isNeedlessMarker = batch.isMarker && !withData.has(batch.transaction)
      if (batch.isMarker) {
        if (isNeedlessMarker && isPast) batch.records = []
      } else if (batch.transaction?.end === 'abort') batch.records = []
      else {
        batch.records = batch.records.filter(({ key, value, offset }) => {
          if (offset >= endOffset) return true
          return key !== null && offset >= (lastOffsets.get(key) ?? 0) && !(value === null && isPast)
        })
      }
      if (batch.records.length === 0) {
        batch.horizonMs = undefined
        return this.#mustStay(batch) || batch.lastOffset === round - 1
      }
      const hasTombstones = !batch.isMarker && batch.records.some(({ value }) => value === null)
      if (hasTombstones || isNeedlessMarker) batch.horizonMs ??= nowMs + DELETE_RETENTION_MS
      return true
    })
    this.batches = [...kept, ...this.batches.filter(batch => batch.lastOffset >= upTo)]
  }

  #mustStay(batch: ModelBatch): boolean {
    const last = this.#last.get(batch.producerId)
    if (last === undefined) return false
    return last.lastDataOffset >= 0 ? batch.lastOffset === last.lastDataOffset : batch.isMarker && batch.producerEpoch === last.epoch
  }
}

const decoded = (batch: Buffer) => ({
  baseOffset: baseOffset(batch),
  lastOffset: lastOffset(batch),
  codec: compressionName(batch),
  producerId: producerId(batch),
  producerEpoch: producerEpoch(batch),
  leaderEpoch: partitionLeaderEpoch(batch),
  lastSequence: lastSequence(batch),
  isTransactional: isTransactional(batch),
  isMarker: isControl(batch),
  horizonMs: deleteHorizonMs(batch),
  records: decodeRecords(batch, 0, MEGABYTE).map(({ offset, timestamp, key, value, headers }) => ({
    offset,
    timestamp,
    key: isControl(batch) ? '' : (key?.toString() ?? null),
    value: isControl(batch) ? '' : (value?.toString() ?? null),
    headers,
  })),
})

const expected = ({ transaction, codec, ...batch }: ModelBatch) => ({
  ...batch,
  codec: batch.records.length === 0 ? 'none' : codec,
  isTransactional: transaction !== undefined,
})

const knownOf = (producers: ProducerState) =>
  producers
    .describe()
    .map(({ producerId, producerEpoch, lastSequence, currentTxnStartOffset }) => ({
      producerId,
      producerEpoch,
      lastSequence,
      hasOpenTransaction: currentTxnStartOffset !== -1,
    }))
    .toSorted((one, other) => one.producerId - other.producerId)

describe('compaction, against a plain model of it', () => {
  it('leaves the same records in the same batches, whatever was written and however often it runs', async () => {
    await fc.assert(
      fc.asyncProperty(actions, fc.integer({ min: 1, max: 1e9 }), async (steps, seed) => {
        const world = simulatedWorld(seed)
        const { clock, disk } = world.env('broker-1')
        const log = new SegmentsOnly(
          { clock, disk },
          { deleteRetentionMs: DELETE_RETENTION_MS, segmentBytes: 700, indexIntervalBytes: 100 },
        )
        const model = new Model()
        const epochs = new Map<number, number>()
        const sequences = new Map<number, number>()
        const open = new Map<number, { end: 'open' | 'commit' | 'abort' }>()
        let waiting: Buffer[] = []
        let next = 0
        let count = 0

        const append = (batch: Buffer, what: Pick<ModelBatch, 'transaction' | 'isMarker' | 'codec'>, records: number) => {
          const from = next
          next += records
          waiting.push(batch)
          model.add({
            ...what,
            baseOffset: from,
            lastOffset: next - 1,
            producerId: producerId(batch),
            producerEpoch: producerEpoch(batch),
            leaderEpoch: partitionLeaderEpoch(batch),
            lastSequence: lastSequence(batch),
            horizonMs: undefined,
            records: decoded(batch).records.map(record => ({ ...record, offset: record.offset + from })),
          })
        }

        for (const step of steps) {
          if (step.type === 'append') {
            const id = { nobody: -1, idempotent: 10, transactional: 20 }[step.who] + (step.who === 'nobody' ? 0 : step.producer)
            const epoch = epochs.get(id) ?? 0
            const firstSequence = sequences.get(id) ?? 0
            sequences.set(id, firstSequence + step.records.length)
            if (step.who === 'transactional' && !open.has(id)) open.set(id, { end: 'open' })
            const transaction = open.get(id)
            const batch = buildBatch({
              codec: step.codec,
              leaderEpoch: count % 7,
              timestampType: step.isAppendTime ? 'LogAppendTime' : 'CreateTime',
              isTransactional: transaction !== undefined,
              ...(step.who === 'nobody' ? {} : { producerId: id, producerEpoch: epoch, baseSequence: firstSequence }),
              records: step.records.map(([key, isTombstone, hasHeaders, timestamp]) => ({
                timestamp: SOME_TIME + timestamp,
                key: key === 6 ? null : Buffer.from(key === 5 ? '' : `key ${key}`),
                value: isTombstone ? null : Buffer.from(`value ${count++}`),
                headers: hasHeaders ? [{ key: 'ü', value: Buffer.from('x') }] : [],
              })),
            })
            append(batch, { transaction, isMarker: false, codec: step.codec }, step.records.length)
          } else if (step.type === 'end') {
            const id = 20 + step.producer
            const transaction = open.get(id)
            if (transaction === undefined) continue
            transaction.end = step.how
            open.delete(id)
            if (step.bumps) {
              epochs.set(id, (epochs.get(id) ?? 0) + 1)
              sequences.set(id, 0)
            }
            const record = encodeControlRecord({ type: step.how, coordinatorEpoch: 3 })
            const batch = buildBatch({
              records: [{ timestamp: SOME_TIME, ...record }],
              leaderEpoch: 5,
              producerId: id,
              producerEpoch: epochs.get(id) ?? 0,
              isTransactional: true,
              isControl: true,
            })
            append(batch, { transaction, isMarker: true, codec: 'none' }, 1)
          } else {
            if (waiting.length > 0) await world.settle(log.add(waiting))
            waiting = []
            if (step.type === 'roll' || log.segments.length === 0) continue
            await world.run(step.laterMs)
            const stable = Math.min(
              ...[...open.values()].map(each => model.batches.find(batch => batch.transaction === each)!.baseOffset),
              next,
            )
            const upTo = log.segments.findLast(segment => segment.baseOffset <= stable)!.baseOffset
            const nowMs = clock.now()
            const bases = log.segments.map(segment => segment.baseOffset)
            const { endOffset } = await world.settle(
              log.clean({ firstUncleanableOffset: upTo, offsetMapBytes: step.slots * OFFSET_MAP_SLOT_BYTES }),
            )
            if (step.slots === 1000) expect(endOffset).toBe(Math.max(upTo, model.firstDirtyOffset))
            else if (model.firstDirtyOffset < upTo) expect(endOffset).toBeGreaterThan(model.firstDirtyOffset)
            if (endOffset <= model.firstDirtyOffset) continue
            // It goes on to the end of the segment in which its map ended.
            const touched = bases.findLast(base => base < endOffset)!
            model.clean({
              upTo: Math.min(
                upTo,
                bases.find(base => base > touched)!,
              ),
              endOffset,
              nowMs,
              round: upTo,
            })
          }
        }
        if (waiting.length > 0) await world.settle(log.add(waiting))

        const batches = await world.settle(log.batches())
        expect(batches.map(decoded)).toEqual(model.batches.map(expected))
        for (const batch of batches) {
          expect(isIntact(batch)).toBe(true)
          if (recordCount(batch) > 0) {
            expect(maxTimestamp(batch)).toBe(Math.max(...decodeRecords(batch, 0, MEGABYTE).map(({ timestamp }) => timestamp)))
          }
        }
        const rebuilt = new ProducerState()
        for (const batch of batches) replayInto(rebuilt, batch)
        rebuilt.forgetDecidedBelow(next)
        log.producers.forgetDecidedBelow(next)
        expect(knownOf(rebuilt)).toEqual(knownOf(log.producers))
        expect(rebuilt.firstUnstableOffset).toBe(log.producers.firstUnstableOffset)
      }),
      { numRuns: 300 },
    )
  })
})
