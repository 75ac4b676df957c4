import { describe, expect, it } from 'vitest'
import { buildBatch } from '../../src-main/protocol/records/batchBuilder.ts'
import { ReaderBook, WriterBook } from './books.ts'
import { verdictOnLog } from './verdict.ts'

const faultsOf = (...given: Parameters<typeof verdictOnLog>) => verdictOnLog(...given).faults

/** A log of one batch, from offset 0. */
const logOf = (...values: readonly string[]) =>
  buildBatch({ records: values.map(value => ({ key: null, value: Buffer.from(value), timestamp: 1 })) })

function told({ isIdempotent = true, offsets = [] as readonly number[], read = [] as readonly string[] }) {
  const book = new WriterBook({ writer: 'a', partition: 0, isIdempotent })
  for (const offset of offsets) book.acknowledge(book.next(), offset)
  const reader = new ReaderBook()
  for (const [offset, value] of read.entries()) reader.read(offset, value)
  return { writers: [book], reader }
}

describe('a log', () => {
  it('that has what was acknowledged and read is well, and may have what was not', () => {
    expect(faultsOf(logOf('a 0 .', 'a 1 .', 'a 2 .'), 't-0', told({ offsets: [0, 1], read: ['a 0 .', 'a 1 .'] }))).toEqual([])
  })

  it.each([
    { given: 'without a record that was acknowledged', log: ['a 0 .'], offsets: [0, 1], fault: 'a 1 was acknowledged at 1 and is nowhere' },
    { given: 'with a record at another place', log: ['a 1 .', 'a 0 .'], offsets: [0], fault: 'a 0 was acknowledged at 0 and is at 1' },
    { given: 'with a record twice', log: ['a 0 .', 'a 0 .'], offsets: [0], fault: 'a 0 is stored at 0 and 1' },
    { given: 'with records out of order', log: ['a 1 .', 'a 0 .'], offsets: [], fault: 'a 0 at 1 is behind 1' },
    { given: 'with a record that nobody wrote', log: ['b 0 .'], offsets: [], fault: 'offset 0 has a record that nobody wrote: b 0 .' },
    { given: 'without what was read', log: ['a 0 .'], offsets: [], read: ['a 0 .', 'a 1 .'], fault: 'a 1 was read at 1, where nothing is' },
  ])('$given is told', ({ log, offsets, read = [], fault }) => {
    expect(faultsOf(logOf(...log), 't-0', told({ offsets, read }))).toContain(`t-0: ${fault}`)
  })

  it('may have a record twice that a plain producer sent twice, but not lose it', () => {
    const plain = { isIdempotent: false, offsets: [1] }
    expect(faultsOf(logOf('a 0 .', 'a 0 .'), 't-0', told(plain))).toEqual([])
    expect(faultsOf(logOf('a 0 .'), 't-0', told(plain))).toHaveLength(1)
  })

  it('may have a record again that its producer sent again under another epoch, not knowing whether it was stored', () => {
    const batch = (producerEpoch: number, baseOffset: number) =>
      buildBatch({
        records: [{ key: null, value: Buffer.from('a 0 .'), timestamp: 1 }],
        producerId: 7,
        producerEpoch,
        baseSequence: 0,
        baseOffset,
      })
    const log = (epochs: readonly number[]) => Buffer.concat(epochs.map((epoch, offset) => batch(epoch, offset)))
    expect(verdictOnLog(log([0, 1]), 't-0', told({ offsets: [1] }))).toEqual({ faults: [], sentAgain: 1 })
    expect(verdictOnLog(log([0, 0]), 't-0', told({ offsets: [1] })).faults).toEqual(['t-0: a 0 is stored at 0 and 1'])
  })
})
