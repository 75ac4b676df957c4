import type { ErrorName } from '../protocol/errors.ts'
import type { AbortedTransactionEntry } from '../protocol/files/indexEntries.ts'
import type { ProducerSnapshotEntry } from '../protocol/files/producerSnapshot.ts'
import { sequenceAfter } from '../protocol/records/batch.ts'

/** How many batches of a producer are remembered, so that a retry of any request still in flight is recognised (KIP-98: at most five are). */
export const REMEMBERED_BATCHES = 5
const MAX_SEQUENCE = 0x7fff_ffff

/** A data batch of an idempotent producer, as far as its history matters. Sequences are -1 for batches that carry none. */
export interface ProducerBatch {
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly baseOffset: number
  readonly lastOffset: number
  readonly maxTimestamp: number
  readonly isTransactional: boolean
}

/** A control batch that ends a transaction. */
export interface TransactionMarker {
  readonly producerId: number
  readonly producerEpoch: number
  readonly coordinatorEpoch: number
  readonly offset: number
  readonly timestamp: number
  readonly type: 'commit' | 'abort'
}

interface RememberedBatch {
  readonly firstSequence: number
  readonly lastSequence: number
  readonly firstOffset: number
  readonly lastOffset: number
  readonly timestamp: number
}

interface Producer {
  producerEpoch: number
  coordinatorEpoch: number
  lastTimestamp: number
  currentTxnFirstOffset: number | undefined
  /** Oldest first, all of `producerEpoch`. */
  batches: RememberedBatch[]
}

export interface ActiveProducer {
  readonly producerId: number
  readonly producerEpoch: number
  /** -1 when it never wrote data here. */
  readonly lastSequence: number
  readonly lastTimestamp: number
  readonly coordinatorEpoch: number
  /** -1 without an open transaction. */
  readonly currentTxnStartOffset: number
}

export type ProducerVerdict =
  | { readonly type: 'accept' }
  | { readonly type: 'duplicate'; readonly baseOffset: number; readonly lastOffset: number; readonly timestamp: number }
  | { readonly type: 'refuse'; readonly error: Exclude<ErrorName, 'NONE'>; readonly message: string }

const accept: ProducerVerdict = { type: 'accept' }

/**
 * What one log knows of its idempotent and transactional producers: enough to store each record once and in order, and to tell where the
 * earliest undecided transaction begins. Pure: it judges and remembers, and is rebuilt from a snapshot and the batches after it.
 */
export class ProducerState {
  readonly #producers = new Map<number, Producer>()
  /** First offset → producer id of open transactions. Offsets only rise, so that insertion order is offset order. */
  readonly #open = new Map<number, number>()
  /** Ended transactions whose marker may still be truncated away: they hold the last stable offset back like open ones. */
  #unreplicated: { readonly firstOffset: number; readonly lastOffset: number }[] = []

  get size(): number {
    return this.#producers.size
  }

  /** The order of checks is Kafka's: a duplicate is a success even when its epoch would be refused later. Changes nothing. */
  judge(batch: ProducerBatch, origin: 'client' | 'coordinator'): ProducerVerdict {
    const producer = this.#producers.get(batch.producerId)
    if (producer === undefined) return accept
    if (origin === 'client') {
      const duplicate = findDuplicate(producer, batch)
      if (duplicate !== undefined) {
        return { type: 'duplicate', baseOffset: duplicate.firstOffset, lastOffset: duplicate.lastOffset, timestamp: duplicate.timestamp }
      }
    }
    if (batch.producerEpoch < producer.producerEpoch) {
      return refuse(
        'INVALID_PRODUCER_EPOCH',
        `producer ${batch.producerId} has epoch ${producer.producerEpoch} here, the batch has ${batch.producerEpoch}`,
      )
    }
    if (origin === 'client') {
      const isNewEpoch = batch.producerEpoch !== producer.producerEpoch
      const lastSequence = isNewEpoch ? -1 : (producer.batches.at(-1)?.lastSequence ?? -1)
      const expected = lastSequence === -1 ? 0 : sequenceAfter(lastSequence, 1)
      if (batch.baseSequence !== expected) {
        return refuse(
          'OUT_OF_ORDER_SEQUENCE_NUMBER',
          `producer ${batch.producerId} epoch ${batch.producerEpoch} sent sequence ${batch.baseSequence}, expected ${expected}`,
        )
      }
    }
    if (producer.currentTxnFirstOffset !== undefined && !batch.isTransactional) {
      return refuse('INVALID_TXN_STATE', `producer ${batch.producerId} has an open transaction here but sent a batch outside of it`)
    }
    return accept
  }

  /** Remembers a batch that is in the log or on its way there. Trusts it: followers and recovery skip `judge`. */
  add(batch: ProducerBatch): void {
    const producer = this.#producerOf(batch.producerId)
    if (producer.producerEpoch !== batch.producerEpoch) {
      producer.producerEpoch = batch.producerEpoch
      producer.batches = []
    }
    if (producer.batches.length === REMEMBERED_BATCHES) producer.batches.shift()
    producer.batches.push(rememberedBatch(batch))
    producer.lastTimestamp = batch.maxTimestamp
    if (batch.isTransactional && producer.currentTxnFirstOffset === undefined) {
      producer.currentTxnFirstOffset = batch.baseOffset
      this.#open.set(batch.baseOffset, batch.producerId)
    }
  }

  /** Whether a marker may be appended by a leader. Changes nothing. */
  judgeMarker(marker: TransactionMarker): ProducerVerdict {
    const producer = this.#producers.get(marker.producerId)
    if (producer === undefined) return accept
    if (marker.producerEpoch < producer.producerEpoch) {
      return refuse(
        'INVALID_PRODUCER_EPOCH',
        `producer ${marker.producerId} has epoch ${producer.producerEpoch} here, the marker has ${marker.producerEpoch}`,
      )
    }
    if (marker.coordinatorEpoch < producer.coordinatorEpoch) {
      return refuse(
        'TRANSACTION_COORDINATOR_FENCED',
        `a marker of coordinator epoch ${producer.coordinatorEpoch} is already here, this one has ${marker.coordinatorEpoch}`,
      )
    }
    return accept
  }

  /** Ends the producer's transaction. Answers what the transaction index must hold: nothing for a commit, nor for a transaction without data. */
  end(marker: TransactionMarker): AbortedTransactionEntry | undefined {
    const producer = this.#producerOf(marker.producerId)
    const firstOffset = producer.currentTxnFirstOffset
    if (producer.producerEpoch !== marker.producerEpoch) {
      producer.producerEpoch = marker.producerEpoch
      producer.batches = []
    }
    producer.coordinatorEpoch = marker.coordinatorEpoch
    producer.lastTimestamp = marker.timestamp
    producer.currentTxnFirstOffset = undefined
    if (firstOffset === undefined) return undefined
    this.#open.delete(firstOffset)
    this.#unreplicated.push({ firstOffset, lastOffset: marker.offset })
    if (marker.type === 'commit') return undefined
    const [nextOpen] = this.#open.keys()
    return { producerId: marker.producerId, firstOffset, lastOffset: marker.offset, lastStableOffset: nextOpen ?? marker.offset + 1 }
  }

  /**
   * Learns from a marker that compaction has emptied, and kept for this alone: all that it ended is gone. Differs from Kafka, which keeps it too but
   * does not read it again, and so lets an older epoch in after it has rebuilt its producers.
   */
  sawEpoch({ producerId, producerEpoch, timestamp }: Pick<TransactionMarker, 'producerId' | 'producerEpoch' | 'timestamp'>): void {
    const producer = this.#producerOf(producerId)
    if (producerEpoch <= producer.producerEpoch) return
    producer.producerEpoch = producerEpoch
    producer.batches = []
    producer.lastTimestamp = timestamp
  }

  /** The high watermark passed these markers: their transactions are decided for good. */
  forgetDecidedBelow(highWatermark: number): void {
    if (this.#unreplicated.length === 0) return
    this.#unreplicated = this.#unreplicated.filter(ended => ended.lastOffset >= highWatermark)
  }

  /** First offset of the earliest transaction that is open, or ended by a marker not yet below the high watermark. */
  get firstUnstableOffset(): number | undefined {
    let first: number | undefined
    for (const offset of this.#open.keys()) {
      first = offset
      break
    }
    for (const ended of this.#unreplicated) if (first === undefined || ended.firstOffset < first) first = ended.firstOffset
    return first
  }

  hasOpenTransaction(producerId: number): boolean {
    return this.#producers.get(producerId)?.currentTxnFirstOffset !== undefined
  }

  /** Forgets producers that were silent for `expirationMs` and have no open transaction. */
  expire(nowMs: number, expirationMs: number): void {
    for (const [producerId, producer] of this.#producers) {
      if (producer.currentTxnFirstOffset === undefined && nowMs - producer.lastTimestamp >= expirationMs) this.#producers.delete(producerId)
    }
  }

  describe(): ActiveProducer[] {
    return [...this.#producers].map(([producerId, producer]) => ({
      producerId,
      producerEpoch: producer.producerEpoch,
      lastSequence: producer.batches.at(-1)?.lastSequence ?? -1,
      lastTimestamp: producer.lastTimestamp,
      coordinatorEpoch: producer.coordinatorEpoch,
      currentTxnStartOffset: producer.currentTxnFirstOffset ?? -1,
    }))
  }

  snapshot(): ProducerSnapshotEntry[] {
    return [...this.#producers].map(([producerId, producer]) => {
      const last = producer.batches.at(-1)
      return {
        producerId,
        producerEpoch: producer.producerEpoch,
        lastSequence: last?.lastSequence ?? -1,
        lastOffset: last?.lastOffset ?? -1,
        offsetDelta: last === undefined ? 0 : last.lastOffset - last.firstOffset,
        timestamp: producer.lastTimestamp,
        coordinatorEpoch: producer.coordinatorEpoch,
        currentTxnFirstOffset: producer.currentTxnFirstOffset ?? -1,
      }
    })
  }

  /** Starts over from a snapshot, or from nothing. */
  load(entries: readonly ProducerSnapshotEntry[]): void {
    this.#producers.clear()
    this.#open.clear()
    this.#unreplicated = []
    for (const entry of entries) {
      const { lastSequence, lastOffset, offsetDelta, timestamp } = entry
      const firstSequence = lastSequence === -1 ? -1 : sequenceBefore(lastSequence, offsetDelta)
      this.#producers.set(entry.producerId, {
        producerEpoch: entry.producerEpoch,
        coordinatorEpoch: entry.coordinatorEpoch,
        lastTimestamp: timestamp,
        currentTxnFirstOffset: entry.currentTxnFirstOffset === -1 ? undefined : entry.currentTxnFirstOffset,
        batches: lastOffset === -1 ? [] : [{ firstSequence, lastSequence, firstOffset: lastOffset - offsetDelta, lastOffset, timestamp }],
      })
    }
    const open = entries.filter(entry => entry.currentTxnFirstOffset !== -1)
    open.sort((one, other) => one.currentTxnFirstOffset - other.currentTxnFirstOffset)
    for (const entry of open) this.#open.set(entry.currentTxnFirstOffset, entry.producerId)
  }

  /**
   * Learns what a snapshot leaves out: it has only the newest batch of each producer, but a retry may be of any of the last five. `batches` are those
   * before the snapshot, in the order of the log.
   */
  recall(batches: readonly ProducerBatch[]): void {
    for (const batch of batches.toReversed()) {
      const producer = this.#producers.get(batch.producerId)
      const oldest = producer?.batches[0]
      if (producer === undefined || oldest === undefined || producer.producerEpoch !== batch.producerEpoch) continue
      if (batch.baseSequence === -1 || batch.lastOffset >= oldest.firstOffset || producer.batches.length >= REMEMBERED_BATCHES) continue
      producer.batches.unshift(rememberedBatch(batch))
    }
  }

  #producerOf(producerId: number): Producer {
    let producer = this.#producers.get(producerId)
    if (producer === undefined) {
      producer = { producerEpoch: -1, coordinatorEpoch: -1, lastTimestamp: -1, currentTxnFirstOffset: undefined, batches: [] }
      this.#producers.set(producerId, producer)
    }
    return producer
  }
}

function refuse(error: Exclude<ErrorName, 'NONE'>, message: string): ProducerVerdict {
  return { type: 'refuse', error, message }
}

function findDuplicate(producer: Producer, batch: ProducerBatch): RememberedBatch | undefined {
  if (batch.producerEpoch !== producer.producerEpoch || batch.baseSequence === -1) return undefined
  const lastSequence = sequenceAfter(batch.baseSequence, batch.lastOffset - batch.baseOffset)
  return producer.batches.find(known => known.firstSequence === batch.baseSequence && known.lastSequence === lastSequence)
}

/** Undoes `sequenceAfter`. */
function sequenceBefore(sequence: number, count: number): number {
  return sequence >= count ? sequence - count : MAX_SEQUENCE - (count - sequence) + 1
}

function rememberedBatch({ baseSequence, baseOffset, lastOffset, maxTimestamp }: ProducerBatch): RememberedBatch {
  return {
    firstSequence: baseSequence,
    lastSequence: baseSequence === -1 ? -1 : sequenceAfter(baseSequence, lastOffset - baseOffset),
    firstOffset: baseOffset,
    lastOffset,
    timestamp: maxTimestamp,
  }
}
