import { describe, expect, it } from 'vitest'
import { type MetadataRecordInput, metadataRecord } from '../../protocol/messages/metadataRecords.ts'
import * as batches from '../../protocol/records/batch.ts'
import { DamagedSnapshot, recordsOfSnapshot, snapshotContent } from './snapshotContent.ts'

const aConfig = (value: string): MetadataRecordInput => ({ type: 'ConfigRecord', resourceType: 2, resourceName: 'topic', name: 'n', value })
const chunksOf = (records: readonly MetadataRecordInput[]): Buffer[] => [...snapshotContent(records, { epoch: 7, timestamp: 1234 })]
const contentOf = (records: readonly MetadataRecordInput[]): Buffer => Buffer.concat(chunksOf(records))

describe('the content of a snapshot', () => {
  it('is batches numbered from 0, of the epoch of what it covers, between a header and a footer', () => {
    const many = Array.from({ length: 30 }, (_, index) => aConfig(`${index}`.repeat(5_000)))
    const content = contentOf(many)
    const found = [...batches.batchesIn(content)].map(at => ({
      base: batches.baseOffset(content, at),
      next: batches.nextOffset(content, at),
      epoch: batches.partitionLeaderEpoch(content, at),
      isControl: batches.isControl(content, at),
      timestamp: batches.maxTimestamp(content, at),
    }))
    expect(found.map(each => each.base)).toEqual([0, ...found.slice(0, -1).map(each => each.next)])
    expect(found.map(each => each.isControl)).toEqual(found.map((_, index) => index === 0 || index === found.length - 1))
    expect(found.length).toBeGreaterThan(4) // large states are many batches
    expect(new Set(found.map(each => `${each.epoch} ${each.timestamp}`))).toEqual(new Set(['7 1234']))
    expect(recordsOfSnapshot(content)).toEqual(many.map(each => metadataRecord(each)))
  })

  it('may be of nothing', () => expect(recordsOfSnapshot(contentOf([]))).toEqual([]))

  it('is made as it is asked for', () => {
    let asked = 0
    const records = (function* () {
      for (;;) {
        asked += 1
        yield aConfig('x'.repeat(10_000))
      }
    })()
    const content = snapshotContent(records, { epoch: 7, timestamp: 1234 })
    content.next()
    content.next()
    expect(asked).toBeLessThan(10)
  })

  const [header, records, footer] = chunksOf([aConfig('a'), aConfig('b')]) as [Buffer, Buffer, Buffer]
  const changed = Buffer.concat([header, records, footer])
  changed[header.length + records.length - 1]! ^= 1
  it.each([
    { what: 'nothing at all', content: Buffer.alloc(0), says: 'begin with a header' },
    { what: 'no header', content: Buffer.concat([records, footer]), says: 'a batch is missing before byte 0' },
    { what: 'no footer', content: Buffer.concat([header, records]), says: 'end with a footer' },
    { what: 'a batch less', content: Buffer.concat([header, footer]), says: 'a batch is missing' },
    { what: 'a torn end', content: Buffer.concat([header, records, footer]).subarray(0, -1), says: 'is no batch' },
    { what: 'something behind the end', content: Buffer.concat([header, records, footer, Buffer.from('more')]), says: 'is no batch' },
    { what: 'a changed byte', content: changed, says: 'is not what was written' },
    { what: 'zeros for an end', content: Buffer.concat([header, records, Buffer.alloc(footer.length)]), says: '' },
  ])('is refused with $what', ({ content, says }) => {
    expect(() => recordsOfSnapshot(content)).toThrow(DamagedSnapshot)
    expect(() => recordsOfSnapshot(content)).toThrow(says)
  })
})
