import { describe, expect, it } from 'vitest'
import { type ProducerBatch, ProducerState, type TransactionMarker } from './producerState.ts'

const PRODUCER = 4000

function aProducerBatch(batch: Partial<ProducerBatch> & { readonly records?: number } = {}): ProducerBatch {
  const { records = 1, baseOffset = 0, ...rest } = batch
  return {
    producerId: PRODUCER,
    producerEpoch: 0,
    baseSequence: 0,
    baseOffset,
    lastOffset: baseOffset + records - 1,
    maxTimestamp: 1000,
    isTransactional: false,
    ...rest,
  }
}

function aMarker(marker: Partial<TransactionMarker> = {}): TransactionMarker {
  return { producerId: PRODUCER, producerEpoch: 0, coordinatorEpoch: 0, offset: 50, timestamp: 1000, type: 'abort', ...marker }
}

function stateAfter(...batches: ProducerBatch[]): ProducerState {
  const state = new ProducerState()
  for (const batch of batches) state.add(batch)
  return state
}

const errorOf = (state: ProducerState, batch: ProducerBatch, origin: 'client' | 'coordinator' = 'client') => {
  const verdict = state.judge(batch, origin)
  return verdict.type === 'refuse' ? verdict.error : verdict.type
}

describe('the producers of a log', () => {
  const known = () => stateAfter(aProducerBatch({ producerEpoch: 1, baseSequence: 0, records: 10 }))

  it.each([
    { given: 'the next sequence', batch: aProducerBatch({ producerEpoch: 1, baseSequence: 10 }), verdict: 'accept' },
    { given: 'a gap', batch: aProducerBatch({ producerEpoch: 1, baseSequence: 11 }), verdict: 'OUT_OF_ORDER_SEQUENCE_NUMBER' },
    {
      given: 'a part of an earlier batch',
      batch: aProducerBatch({ producerEpoch: 1, baseSequence: 5 }),
      verdict: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
    },
    { given: 'an earlier batch again', batch: aProducerBatch({ producerEpoch: 1, baseSequence: 0, records: 10 }), verdict: 'duplicate' },
    { given: 'an older epoch', batch: aProducerBatch({ producerEpoch: 0, baseSequence: 10 }), verdict: 'INVALID_PRODUCER_EPOCH' },
    { given: 'a new epoch from sequence 0', batch: aProducerBatch({ producerEpoch: 2, baseSequence: 0 }), verdict: 'accept' },
    {
      given: 'a new epoch from elsewhere',
      batch: aProducerBatch({ producerEpoch: 2, baseSequence: 10 }),
      verdict: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
    },
    { given: 'a producer nobody knows', batch: aProducerBatch({ producerId: 1, baseSequence: 77 }), verdict: 'accept' },
  ])('answer $given with $verdict', ({ batch, verdict }) => expect(errorOf(known(), batch)).toBe(verdict))

  it('take sequence 0 after 2147483647', () => {
    const state = stateAfter(aProducerBatch({ baseSequence: 2147483640, records: 8 }))
    expect(errorOf(state, aProducerBatch({ baseSequence: 0, records: 3 }))).toBe('accept')
  })

  it('recognise a batch whose sequences wrap', () => {
    const wrapping = aProducerBatch({ baseSequence: 2147483646, records: 5, baseOffset: 100 })
    const state = stateAfter(wrapping)
    expect(state.judge({ ...wrapping, baseOffset: 900, lastOffset: 904 }, 'client')).toMatchObject({
      type: 'duplicate',
      baseOffset: 100,
      lastOffset: 104,
    })
    expect(errorOf(state, aProducerBatch({ baseSequence: 3 }))).toBe('accept')
  })

  it('answer a duplicate of any of the last five batches with its own place, and no older one', () => {
    const state = stateAfter(
      ...Array.from({ length: 6 }, (_, index) => aProducerBatch({ baseSequence: index, baseOffset: 10 * index, maxTimestamp: index })),
    )
    expect(errorOf(state, aProducerBatch({ baseSequence: 0 }))).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(state.judge(aProducerBatch({ baseSequence: 1 }), 'client')).toEqual({
      type: 'duplicate',
      baseOffset: 10,
      lastOffset: 10,
      timestamp: 1,
    })
  })

  it('do not check the sequences of a coordinator, but its epoch', () => {
    expect(errorOf(known(), aProducerBatch({ producerEpoch: 1, baseSequence: -1 }), 'coordinator')).toBe('accept')
    expect(errorOf(known(), aProducerBatch({ producerEpoch: 0, baseSequence: -1 }), 'coordinator')).toBe('INVALID_PRODUCER_EPOCH')
  })

  it('expect sequence 0 from a producer of whom only a marker is known', () => {
    const state = new ProducerState()
    state.end(aMarker())
    expect(errorOf(state, aProducerBatch({ baseSequence: 3 }))).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(errorOf(state, aProducerBatch({ baseSequence: 0 }))).toBe('accept')
  })

  it('expire after silence, but not in the middle of a transaction', () => {
    const state = stateAfter(aProducerBatch({ producerId: 1 }), aProducerBatch({ producerId: 2, baseOffset: 1, isTransactional: true }))
    state.expire(1999, 1000)
    expect(state.size).toBe(2)
    state.expire(2000, 1000)
    expect(state.describe().map(each => each.producerId)).toEqual([2])
  })
})

describe('transactions in a log', () => {
  const open = (producerId: number, baseOffset: number) => aProducerBatch({ producerId, baseOffset, isTransactional: true })

  it('make the offset where the earliest of them began unstable', () => {
    const state = stateAfter(open(1, 10), open(2, 20), open(1, 30))
    expect(state.firstUnstableOffset).toBe(10)
    expect(state.hasOpenTransaction(1)).toBe(true)
  })

  it('stay unstable until the marker is below the high watermark', () => {
    const state = stateAfter(open(1, 10), open(2, 20))
    state.end(aMarker({ producerId: 1, offset: 25, type: 'commit' }))
    expect(state.firstUnstableOffset).toBe(10)
    state.forgetDecidedBelow(25)
    expect(state.firstUnstableOffset).toBe(10)
    state.forgetDecidedBelow(26)
    expect(state.firstUnstableOffset).toBe(20)
    state.end(aMarker({ producerId: 2, offset: 30, type: 'commit' }))
    state.forgetDecidedBelow(31)
    expect(state.firstUnstableOffset).toBeUndefined()
  })

  it('leave an entry for the transaction index when they are aborted, with what was stable then', () => {
    const state = stateAfter(open(1, 10), open(2, 20))
    expect(state.end(aMarker({ producerId: 1, offset: 25 }))).toEqual({
      producerId: 1,
      firstOffset: 10,
      lastOffset: 25,
      lastStableOffset: 20,
    })
    expect(state.end(aMarker({ producerId: 2, offset: 30 }))).toEqual({
      producerId: 2,
      firstOffset: 20,
      lastOffset: 30,
      lastStableOffset: 31,
    })
  })

  it('leave none when they are committed, or held nothing', () => {
    const state = stateAfter(open(1, 10))
    expect(state.end(aMarker({ producerId: 1, offset: 25, type: 'commit' }))).toBeUndefined()
    expect(state.end(aMarker({ producerId: 1, offset: 26 }))).toBeUndefined()
  })

  it('cannot be mixed with batches outside of them', () => {
    const state = stateAfter(open(1, 10))
    expect(errorOf(state, aProducerBatch({ producerId: 1, baseSequence: 1 }))).toBe('INVALID_TXN_STATE')
  })

  it('are ended by the newest coordinator and for the newest epoch only', () => {
    const state = stateAfter(aProducerBatch({ producerEpoch: 3, isTransactional: true }))
    state.end(aMarker({ producerEpoch: 3, coordinatorEpoch: 7 }))
    expect(state.judgeMarker(aMarker({ producerEpoch: 2, coordinatorEpoch: 7 }))).toMatchObject({ error: 'INVALID_PRODUCER_EPOCH' })
    expect(state.judgeMarker(aMarker({ producerEpoch: 3, coordinatorEpoch: 6 }))).toMatchObject({ error: 'TRANSACTION_COORDINATOR_FENCED' })
    expect(state.judgeMarker(aMarker({ producerEpoch: 4, coordinatorEpoch: 7 }))).toEqual({ type: 'accept' })
  })
})

describe('a snapshot of producers', () => {
  it('brings back the newest batch of each, and what is open', () => {
    const state = stateAfter(
      aProducerBatch({ producerId: 1, baseSequence: 0, records: 3 }),
      aProducerBatch({ producerId: 1, baseSequence: 3, records: 4, baseOffset: 3 }),
      aProducerBatch({ producerId: 2, baseOffset: 7, isTransactional: true }),
    )
    const restored = new ProducerState()
    restored.load(state.snapshot())
    expect(restored.describe()).toEqual(state.describe())
    expect(restored.snapshot()).toEqual(state.snapshot())
    expect(restored.firstUnstableOffset).toBe(7)
    expect(errorOf(restored, aProducerBatch({ producerId: 1, baseSequence: 3, records: 4 }))).toBe('duplicate')
    expect(errorOf(restored, aProducerBatch({ producerId: 1, baseSequence: 0, records: 3 }))).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
  })

  it('is completed by the batches before it: five of each producer, of its epoch', () => {
    const batches = [0, 1, 2, 3, 4, 5].map(at => aProducerBatch({ baseSequence: at, baseOffset: 10 + at }))
    const restored = new ProducerState()
    restored.load(stateAfter(...batches).snapshot())
    restored.recall([aProducerBatch({ producerId: 9 }), aProducerBatch({ producerEpoch: 7, baseOffset: 9 }), ...batches])
    expect(restored.judge(batches[1]!, 'client')).toMatchObject({ type: 'duplicate', baseOffset: 11 })
    expect(errorOf(restored, batches[0]!)).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(errorOf(restored, aProducerBatch({ baseSequence: 6 }))).toBe('accept')
    expect(restored.describe().map(each => each.producerId)).toEqual([PRODUCER])
  })

  it('holds what the format has for a producer of which only a marker is known', () => {
    const state = new ProducerState()
    state.end(aMarker({ producerEpoch: 2, coordinatorEpoch: 5, timestamp: 9 }))
    expect(state.snapshot()).toEqual([
      {
        producerId: PRODUCER,
        producerEpoch: 2,
        lastSequence: -1,
        lastOffset: -1,
        offsetDelta: 0,
        timestamp: 9,
        coordinatorEpoch: 5,
        currentTxnFirstOffset: -1,
      },
    ])
  })

  it('finds the first sequence of a batch whose sequences wrapped', () => {
    const wrapping = aProducerBatch({ baseSequence: 2147483646, records: 5 })
    const restored = new ProducerState()
    restored.load(stateAfter(wrapping).snapshot())
    expect(errorOf(restored, wrapping)).toBe('duplicate')
  })
})
