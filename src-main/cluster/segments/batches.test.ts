import { describe, expect, it } from 'vitest'
import { BATCH_FIELDS, type BatchField } from '../../contract/segments.ts'
import { batchesIn } from '../../protocol/records/batch.ts'
import { compressionNames } from '../../protocol/records/batch.ts'
import { aLog, aMarker, aRecord, positionOf, SOME_TIME } from '../dump/builders.ts'
import { damaged, folderOn, inLog, logName, manyBatches, replicaContent, serviceOver } from './builders.ts'

const log = manyBatches(40)
/** Damage came after the indexes were written. */
const serving = (bytes: Buffer, rest = {}) =>
  serviceOver(replicaContent(1, { logs: { 0: bytes }, indexOf: { 0: bytes.length === log.length ? log : bytes }, ...rest }))
const page = (
  bytes: Buffer,
  place: Parameters<ReturnType<typeof serving>['batches']>[0]['place'],
  { before = 2, after = 2, ...rest }: { before?: number; after?: number; hasIndexes?: boolean } = {},
) => serving(bytes, rest).batches({ ...inLog(), place, before, after })
const detailAt = (bytes: Buffer, position: number) => serving(bytes).batch({ ...inLog(), position })

describe('the batches of a log', () => {
  it.each([true, false])('are found by offset, by byte and from the end (an index is there: %s)', async hasIndexes => {
    const rest = { hasIndexes }
    for (const offset of [0, 1, 2, 39, 40, 78, 79]) {
      const found = await page(log, { offset }, rest)
      expect(found.rows[found.at!]).toMatchObject({ baseOffset: offset - (offset % 2), isCrcValid: true, findings: [] })
    }
    const position = positionOf(log, 30)
    for (const at of [position, position + 1, positionOf(log, 32) - 1]) {
      expect((await page(log, { position: at }, rest)).rows.map(row => row.kind === 'batch' && row.baseOffset)).toEqual([
        26, 28, 30, 32, 34,
      ])
    }
    expect((await page(log, { end: true }, rest)).rows.map(row => row.kind === 'batch' && row.baseOffset)).toEqual([74, 76, 78])
  })

  it('follow one another from page to page, whole and without a gap', async () => {
    const seen: number[] = []
    for (let position = 0; position < log.length;) {
      const found = await page(log, { position }, { before: 0, after: 6 })
      seen.push(...found.rows.map(row => row.position))
      position = found.to
    }
    expect(seen).toEqual([...batchesIn(log)])
  })

  it('are none where the file is empty, and none at an offset behind its end', async () => {
    expect(await page(Buffer.alloc(0), { offset: 7 })).toMatchObject({ rows: [], at: null, fileBytes: 0 })
    expect(await page(log, { offset: 500 })).toMatchObject({ at: null })
  })

  it('go on where the index knows the next one behind bytes that are none', async () => {
    // The fifth batch has an entry: the first broken one is the second.
    const bytes = damaged(log, positionOf(log, 2) + 8, 0x7f)
    const found = await page(bytes, { position: 0 }, { before: 0, after: 3 })
    expect(found.rows).toMatchObject([
      { kind: 'batch', baseOffset: 0 },
      {
        kind: 'broken',
        position: positionOf(log, 2),
        sizeBytes: positionOf(log, 8) - positionOf(log, 2),
        finding: { field: 'batchLength' },
      },
      { kind: 'batch', baseOffset: 8, findings: [] },
      { kind: 'batch', baseOffset: 10 },
    ])
  })

  it('end with what was torn off', async () => {
    const found = await page(log.subarray(0, -5), { end: true })
    expect(found.rows.at(-1)).toMatchObject({ kind: 'broken', position: positionOf(log, 78), finding: { code: 'torn' } })
    const [replica] = await serving(log.subarray(0, -5)).replicas({ clusterId: 'local', topic: 'orders', partition: 0 })
    expect(replica).toMatchObject({ logEndOffset: 78, tornBytes: log.length - 5 - positionOf(log, 78) })
  })

  it('do not cost more the larger the file is', async () => {
    const large = manyBatches(20_000)
    const content = replicaContent(1, { logs: { 0: large } })
    let read = 0
    const service = serviceOver(content)
    const files = { ...content }
    const counted = new Proxy(files[`${folderOn(1)}/${logName()}`]!, {
      get(target, name) {
        const found = Reflect.get(target, name) as unknown
        if (name === 'subarray') return (from: number, to: number) => ((read += to - from), target.subarray(from, to))
        return typeof found === 'function' ? (found.bind(target) as unknown) : found
      },
    })
    content[`${folderOn(1)}/${logName()}`] = counted
    const found = await service.batches({ ...inLog(), place: { offset: 30_001 }, before: 10, after: 10 })
    expect(found.rows[found.at!]).toMatchObject({ baseOffset: 30_000 })
    expect(read).toBeLessThan(1_000_000)
    expect(large.length).toBeGreaterThan(2_000_000)
  })
})

describe('one batch', () => {
  it('has each field of its header beside its bytes, with nothing left over', async () => {
    const bytes = aLog({ records: [aRecord('one'), aRecord('two')], leaderEpoch: 5, producerId: 4012, producerEpoch: 1, baseSequence: 88 })
    const { fields, crc, findings, unfoldedBytes } = await detailAt(bytes, 0)
    expect(fields.map(({ name }) => name)).toEqual([...BATCH_FIELDS])
    let at = 0
    for (const field of fields) {
      expect(field.at).toBe(at)
      at += field.size
    }
    expect(at).toBe(bytes.length)
    expect(Object.fromEntries(fields.map(({ name, value }) => [name, value]))).toMatchObject({
      leaderEpoch: '5',
      magic: '2',
      producerId: '4012',
      baseSequence: '88',
      lastOffsetDelta: '1',
      maxTimestamp: `${SOME_TIME}`,
      recordCount: '2',
    })
    expect(crc?.stored).toBe(crc?.computed)
    expect(unfoldedBytes).toBe(bytes.length - 61)
    // Its epoch is none that the checkpoint knows, and nothing follows it: it may have begun just now.
    expect(findings).toEqual([])
  })

  /** A byte of each field, and how it is changed. */
  const flips: readonly [field: BatchField, byte: number, by: number][] = [
    ['baseOffset', 7, 0x04],
    ['baseOffset', 4, 0x10],
    ['batchLength', 11, 0x15],
    ['batchLength', 8, 0x7f],
    ['leaderEpoch', 15, 0x03],
    ['magic', 16, 0x01],
    ['crc', 18, 0x40],
    ['attributes', 22, 0x02],
    ['attributes', 21, 0x40],
    ['lastOffsetDelta', 26, 0x08],
    ['baseTimestamp', 30, 0x21],
    ['maxTimestamp', 36, 0x01],
    ['producerId', 45, 0x80],
    ['producerEpoch', 52, 0x09],
    ['baseSequence', 54, 0x33],
    ['recordCount', 60, 0x01],
    ['records', 70, 0x20],
  ]
  it.each(flips)('names the field of which a byte was changed: %s, byte %i', async (field, byte, by) => {
    const at = positionOf(log, 40)
    const bytes = damaged(log, at + byte, by)
    const { findings } = await detailAt(bytes, at)
    const named = findings.filter(each => each.code !== 'crcWrong' && each.code !== 'recordsUnreadable').map(each => each.field)
    expect(named[0] === field || named.includes(field)).toBe(true)
    if (byte > 20) expect(findings).toContainEqual(expect.objectContaining({ code: 'oneByteWrong', byte, field }))
    const neighbours = await page(bytes, { offset: 36 }, { before: 2, after: 0 })
    expect(neighbours.rows.flatMap(row => (row.kind === 'batch' ? row.findings : []))).toEqual([])
  })

  it('says which length would be right', async () => {
    const at = positionOf(log, 40)
    const { findings } = await detailAt(damaged(log, at + 11, 0x15), at)
    expect(findings).toContainEqual(
      expect.objectContaining({ code: 'lengthWrong', expected: `${positionOf(log, 42) - positionOf(log, 40) - 12}` }),
    )
  })

  it('is gone where its file, or the broker’s folder, is', async () => {
    const service = serving(log)
    await expect(service.batch({ ...inLog(), position: log.length + 5 })).rejects.toMatchObject({ code: 'NO_BATCH_THERE' })
    await expect(service.batch({ ...inLog(2), position: 0 })).rejects.toMatchObject({ code: 'FILE_GONE' })
    await expect(service.bytes({ ...inLog(), file: '../secret', position: 0, count: 1 })).rejects.toMatchObject({ code: 'FILE_GONE' })
    await expect(service.replicas({ clusterId: 'far', topic: 'orders', partition: 0 })).rejects.toMatchObject({ code: 'FILES_NOT_HERE' })
  })
})

describe('the records of a batch', () => {
  const records = [
    aRecord('first', { headers: [{ key: 'h', value: Buffer.from('v') }] }),
    aRecord(null, { key: null }),
    aRecord('x'.repeat(1000)),
  ]

  it.each(compressionNames)('are shown with their parts (%s)', async codec => {
    const found = await serving(aLog({ records, codec })).records({ ...inLog(), position: 0, from: 0, count: 10 })
    expect(found).toMatchObject({ total: 3, isCompressed: codec !== 'none', problem: null })
    expect(found.records).toMatchObject([
      { offset: 0, key: { text: 'key' }, value: { text: 'first' }, headerCount: 1 },
      { offset: 1, key: null, value: null },
      { offset: 2, value: { sizeBytes: 1000, text: 'x'.repeat(256) } },
    ])
    let at = codec === 'none' ? 61 : 0
    for (const record of found.records) {
      expect(record.at).toBe(at)
      expect(record.parts.reduce((sum, { size }) => sum + size, 0)).toBe(record.sizeBytes)
      at += record.sizeBytes
    }
  })

  it('tell where the bytes of each part lie in the file', async () => {
    const bytes = aLog({ records })
    const { records: rows } = await serving(bytes).records({ ...inLog(), position: 0, from: 0, count: 1 })
    const value = rows[0]!.parts.find(({ name }) => name === 'value')!
    expect(bytes.subarray(value.at, value.at + value.size).toString()).toBe('first')
  })

  it('are given in pages, and as far as they can be read', async () => {
    const bytes = aLog({ records })
    const service = serving(bytes)
    expect((await service.records({ ...inLog(), position: 0, from: 2, count: 5 })).records.map(({ index }) => index)).toEqual([2])
    const torn = damaged(
      bytes,
      61 + 1 + (await service.records({ ...inLog(), position: 0, from: 0, count: 1 })).records[0]!.sizeBytes - 1,
      0xff,
    )
    const found = await serving(torn).records({ ...inLog(), position: 0, from: 0, count: 9 })
    expect(found.records.length).toBeLessThan(3)
    expect(found.problem).not.toBeNull()
  })

  it('say what a marker means', async () => {
    const found = await serving(aLog(aMarker('abort', 7))).records({ ...inLog(), position: 0, from: 0, count: 1 })
    expect(found.records[0]?.meaning).toContain('abort')
  })
})
