import { describe, expect, it } from 'vitest'
import { setBaseOffset } from '../../protocol/records/batch.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { aMarker } from '../builders.ts'
import { CleanedTransactions } from './cleanedTransactions.ts'

const data = (producerId: number, baseOffset: number, isTransactional = true) =>
  buildBatch({
    records: [{ timestamp: 1, key: Buffer.from('k'), value: null }],
    baseOffset,
    producerId,
    producerEpoch: 0,
    baseSequence: 0,
    isTransactional,
  })

const marker = (type: 'commit' | 'abort', producerId: number, offset: number) => {
  const batch = aMarker({ type, producerId })
  setBaseOffset(batch, 0, offset)
  return batch
}

const aborted = (producerId: number, firstOffset: number, lastOffset: number) => ({
  producerId,
  firstOffset,
  lastOffset,
  lastStableOffset: lastOffset + 1,
})
const needless = { isNeedless: true, aborted: undefined }
const needed = { isNeedless: false, aborted: undefined }

describe('transactions, while a log is cleaned', () => {
  it('tells aborted data from committed data and from data outside of transactions', () => {
    const transactions = new CleanedTransactions([aborted(1, 10, 20)])
    expect(transactions.isAborted(data(1, 5))).toBe(false)
    expect(transactions.isAborted(data(1, 10))).toBe(true)
    expect(transactions.isAborted(data(2, 11))).toBe(false)
    expect(transactions.isAborted(data(1, 12, false))).toBe(false)
    expect(transactions.isAborted(data(1, 13))).toBe(true)
    transactions.marker(marker('abort', 1, 20))
    expect(transactions.isAborted(data(1, 21))).toBe(false)
  })

  it('needs a marker while there is data that it decides, and the index entry of an aborted one with it', () => {
    const entry = aborted(1, 10, 20)
    const transactions = new CleanedTransactions([entry])
    transactions.isAborted(data(1, 10))
    transactions.isAborted(data(2, 11))
    expect(transactions.marker(marker('abort', 1, 20))).toEqual({ isNeedless: false, aborted: entry })
    expect(transactions.marker(marker('commit', 2, 21))).toEqual(needed)
  })

  it('needs no marker whose data is gone', () => {
    const transactions = new CleanedTransactions([aborted(1, 10, 20)])
    expect(transactions.marker(marker('abort', 1, 20))).toEqual(needless)
    expect(transactions.marker(marker('commit', 2, 21))).toEqual(needless)
  })

  it('does not take the data of one transaction for that of the next', () => {
    const transactions = new CleanedTransactions([aborted(1, 30, 40)])
    transactions.isAborted(data(1, 10))
    expect(transactions.marker(marker('commit', 1, 20))).toEqual(needed)
    expect(transactions.marker(marker('commit', 1, 22))).toEqual(needless)
    expect(transactions.marker(marker('abort', 1, 40))).toEqual(needless)
    expect(transactions.marker(marker('commit', 1, 50))).toEqual(needless)
  })

  it('follows transactions that overlap, in whatever order the indexes told of them', () => {
    const transactions = new CleanedTransactions([aborted(2, 11, 15), aborted(1, 30, 31), aborted(1, 10, 20)])
    expect([data(1, 10), data(2, 11), data(3, 12), data(1, 13)].map(batch => transactions.isAborted(batch))).toEqual([
      true,
      true,
      false,
      true,
    ])
    expect(transactions.marker(marker('abort', 2, 15)).aborted).toEqual(aborted(2, 11, 15))
    expect(transactions.marker(marker('abort', 1, 20)).aborted).toEqual(aborted(1, 10, 20))
    expect(transactions.isAborted(data(1, 25))).toBe(false)
    expect(transactions.isAborted(data(1, 30))).toBe(true)
  })

  it('knows a transaction whose first batches are gone already', () => {
    const transactions = new CleanedTransactions([aborted(1, 10, 20)])
    expect(transactions.isAborted(data(1, 17))).toBe(true)
  })

  it('needs no marker that was emptied before, and every control record it does not know', () => {
    const transactions = new CleanedTransactions([])
    const control = { producerId: 1, producerEpoch: 0, isTransactional: true, isControl: true }
    expect(transactions.marker(buildBatch({ records: [], ...control }))).toEqual(needless)
    const unknown = { timestamp: 1, key: Buffer.from('00000063', 'hex'), value: Buffer.from('0000', 'hex') }
    expect(transactions.marker(buildBatch({ records: [unknown], ...control }))).toEqual(needed)
  })
})
