import { describe, expect, it } from 'vitest'
import type { Comparison, Verification } from '../../contract/segments.ts'
import { encodeOffsetIndexEntry, encodeTimeIndexEntry } from '../../protocol/files/indexEntries.ts'
import { encodeProducerSnapshot } from '../../protocol/files/producerSnapshot.ts'
import { abortedEntry, aLog, aMarker, aRecord, positionOf, SOME_TIME } from '../dump/builders.ts'
import { damaged, folderOn, itemsFrom, manyBatches, orders, replicaContent, serviceOver, sparseIndexOf } from './builders.ts'

const { signal } = new AbortController()
const log = manyBatches(40)
/** Offsets 40 to 59 as the old leader of epoch 0 had them, and as the new one of epoch 1 wrote them. */
const shared = manyBatches(20)
const old = Buffer.concat([shared, manyBatches(6, { from: 40, producerId: 9 })])
const young = Buffer.concat([shared, manyBatches(10, { from: 40, leaderEpoch: 1 })])
const epochs = [
  { epoch: 0, startOffset: 0 },
  { epoch: 1, startOffset: 40 },
]

const compared = async (
  content: Record<string, Buffer>,
  { from = null, leader = 1 }: { from?: number | null; leader?: number | null } = {},
) => (await itemsFrom(serviceOver(content, { leader }).compare({ ...orders, from }, signal))).at(-1) as Comparison

describe('the replicas of a partition', () => {
  it('are listed with their files and ends, those of brokers that are down too', async () => {
    const content = {
      ...replicaContent(1, { logs: { 0: log, 80: Buffer.alloc(0) }, highWatermark: 80 }),
      ...replicaContent(2, { logs: { 0: shared } }),
    }
    const found = await serviceOver(content, { running: [1] }).replicas(orders)
    expect(found).toMatchObject([
      { brokerId: 1, isLeader: true, isRunning: true, logStartOffset: 0, logEndOffset: 80, highWatermark: 80, epochs: [{ epoch: 0 }] },
      { brokerId: 2, isLeader: false, isRunning: false, logEndOffset: 40, folder: folderOn(2) },
      { brokerId: 3, folder: null, files: [] },
    ])
    expect(found[0]!.files).toContainEqual({
      name: '00000000000000000000.log',
      kind: 'log',
      offset: 0,
      suffix: '',
      sizeBytes: log.length,
    })
  })

  it('are those of one topic: what is left of an older one of the same name is said to be that', async () => {
    const content = {
      ...replicaContent(1, { logs: { 0: log } }),
      ...replicaContent(2, { logs: { 0: old }, topicId: 'AQIDBAUGBwgJCgsMDQ4PEQ' }),
    }
    expect((await serviceOver(content).replicas(orders)).map(each => each.isOfOtherTopic)).toEqual([false, true, false])
    expect((await compared(content)).replicas.map(each => each.brokerId)).toEqual([1])
  })

  it('tell the offsets and times of their segments', async () => {
    const service = serviceOver(replicaContent(1, { logs: { 0: log } }))
    expect(await service.spans({ ...orders, brokerId: 1, baseOffsets: [0, 99] })).toEqual([
      { baseOffset: 0, endOffset: 80, firstTimestampMs: SOME_TIME, lastTimestampMs: SOME_TIME + 39 },
      { baseOffset: 99, endOffset: null, firstTimestampMs: null, lastTimestampMs: null },
    ])
  })
})

describe('a comparison of replicas', () => {
  it('finds nothing where all are the same, however their logs are cut into segments', async () => {
    const at = positionOf(log, 30)
    const content = {
      ...replicaContent(1, { logs: { 0: log } }),
      ...replicaContent(2, { logs: { 0: log.subarray(0, at), 30: log.subarray(at) } }),
    }
    expect(await compared(content, { from: 0 })).toMatchObject({
      reference: 1,
      differences: [],
      isDone: true,
      from: 0,
      to: 80,
      replicas: [
        { stretches: [{ from: 0, to: 80, kind: 'same' }] },
        { stretches: [{ from: 0, to: 80, kind: 'same' }], differingBatches: 0 },
      ],
    })
  })

  it('finds what the old leader has and the new one never had, from the first offset of it on', async () => {
    const content = {
      ...replicaContent(1, { logs: { 0: young }, epochs, highWatermark: 50 }),
      ...replicaContent(2, { logs: { 0: old }, highWatermark: 40 }),
    }
    const found = await compared(content)
    expect(found.differences).toEqual([
      {
        brokerId: 2,
        offset: 40,
        isCommitted: false,
        reference: expect.objectContaining({ position: positionOf(young, 40) }),
        replica: expect.objectContaining({ position: positionOf(old, 40) }),
      },
    ])
    expect(found.replicas[1]).toMatchObject({
      differingBatches: 6,
      stretches: [
        { from: 0, to: 40, kind: 'same', leaderEpoch: 0 },
        { from: 40, to: 52, kind: 'other', leaderEpoch: 0 },
        { from: 52, to: 60, kind: 'missing', leaderEpoch: 1 },
      ],
    })
  })

  it('tells a damaged byte from all that is the same around it', async () => {
    const content = {
      ...replicaContent(1, { logs: { 0: log }, highWatermark: 80 }),
      ...replicaContent(3, { logs: { 0: damaged(log, positionOf(log, 20) + 70) }, indexOf: { 0: log }, highWatermark: 80 }),
    }
    const { differences, replicas } = await compared(content, { from: 0 })
    expect(differences).toMatchObject([{ brokerId: 3, offset: 20, isCommitted: true }])
    expect(replicas[1]?.stretches.map(({ from, to, kind }) => [from, to, kind])).toEqual([
      [0, 20, 'same'],
      [20, 22, 'other'],
      [22, 80, 'same'],
    ])
  })

  it('does not call it a difference to be behind, or to have deleted what is old', async () => {
    const start = positionOf(log, 16)
    const content = {
      ...replicaContent(1, { logs: { 0: log } }),
      ...replicaContent(2, { logs: { 0: log.subarray(0, positionOf(log, 60)) } }),
      ...replicaContent(3, { logs: { 16: log.subarray(start) } }),
    }
    const { differences, replicas } = await compared(content, { from: 0 })
    expect(differences).toEqual([])
    expect(replicas[1]?.stretches.at(-1)).toMatchObject({ from: 60, to: 80, kind: 'missing' })
    expect(replicas[2]?.stretches[0]).toMatchObject({ from: 0, to: 16, kind: 'missing' })
  })

  it('takes what is beyond the end of the leader for more than it has, and without a leader the best known for what counts', async () => {
    const content = { ...replicaContent(1, { logs: { 0: shared } }), ...replicaContent(2, { logs: { 0: log }, highWatermark: 70 }) }
    expect(await compared(content, { from: 0 })).toMatchObject({
      reference: 1,
      differences: [{ brokerId: 2, offset: 40, reference: null, isCommitted: true }],
    })
    expect(await compared(content, { from: 0, leader: null })).toMatchObject({ reference: 2, differences: [] })
  })

  it('stops when nobody wants it any more', async () => {
    const content = { ...replicaContent(1, { logs: { 0: log } }), ...replicaContent(2, { logs: { 0: log } }) }
    expect(await itemsFrom(serviceOver(content).compare({ ...orders, from: 0 }, AbortSignal.abort()))).toEqual([])
  })
})

describe('the entries of an index', () => {
  const entriesOf = async (kind: string, bytes: Buffer, of = log, wish = { from: 0, count: 100 }) =>
    serviceOver({ ...replicaContent(1, { logs: { 0: of } }), [`${folderOn(1)}/00000000000000000000.${kind}`]: bytes }).entries({
      ...orders,
      brokerId: 1,
      file: `00000000000000000000.${kind}`,
      ...wish,
    })

  it('lead to their batches, and leave out the room behind them', async () => {
    const index = sparseIndexOf(log)
    const found = await entriesOf('index', Buffer.concat([index, Buffer.alloc(80)]))
    expect(found).toMatchObject({ total: index.length / 8, unusedBytes: 80, problem: null })
    expect(found.entries[0]).toMatchObject({
      values: { offset: 9, position: positionOf(log, 8) },
      problem: null,
      leadsTo: positionOf(log, 8),
    })
    expect((await entriesOf('index', index, log, { from: 3, count: 2 })).entries.map(each => each.index)).toEqual([3, 4])
  })

  it('are found wrong where the log has something else', async () => {
    const entry = (offset: number, position: number) => encodeOffsetIndexEntry({ offset, position }, 0)
    const wrong = Buffer.concat([
      entry(9, positionOf(log, 8)),
      entry(12, positionOf(log, 12)),
      entry(20, 3),
      entry(15, positionOf(log, 14)),
    ])
    const found = await entriesOf('index', wrong)
    expect(found.entries.map(({ problem }) => problem?.code ?? null)).toEqual([null, 'otherLastOffset', 'noBatchThere', 'outOfOrder'])
    const times = Buffer.concat([
      encodeTimeIndexEntry({ timestamp: SOME_TIME + 4, offset: 9 }, 0),
      encodeTimeIndexEntry({ timestamp: SOME_TIME + 9, offset: 13 }, 0),
      encodeTimeIndexEntry({ timestamp: SOME_TIME + 10, offset: 20 }, 0),
    ])
    expect((await entriesOf('timeindex', times)).entries.map(({ problem }) => problem?.code ?? null)).toEqual([
      null,
      'otherTimestamp',
      'noBatchOfOffset',
    ])
  })

  it('of aborted transactions lead to their markers', async () => {
    const of = aLog({ records: [aRecord('x')], producerId: 7, producerEpoch: 0, isTransactional: true }, aMarker('abort', 7))
    const entry = (producerId: number) => abortedEntry({ producerId, firstOffset: 0, lastOffset: 1, lastStableOffset: 2 })
    expect((await entriesOf('txnindex', entry(7), of)).entries).toMatchObject([{ problem: null, leadsTo: positionOf(of, 1) }])
    expect((await entriesOf('txnindex', entry(8), of)).entries).toMatchObject([{ problem: { code: 'noAbortThere' } }])
  })

  it('of the small files are there as well, and damage to them is told', async () => {
    const one = {
      producerId: 7,
      producerEpoch: 0,
      lastSequence: 3,
      lastOffset: 5,
      offsetDelta: 1,
      timestamp: SOME_TIME,
      coordinatorEpoch: -1,
      currentTxnFirstOffset: -1,
    }
    const snapshot = encodeProducerSnapshot([one])
    expect((await entriesOf('snapshot', snapshot)).entries[0]?.values).toMatchObject({ producerId: 7, lastSequence: 3 })
    expect((await entriesOf('snapshot', damaged(snapshot, 20))).problem?.message).toContain('checksum')
    const service = serviceOver(replicaContent(1, { logs: { 0: log }, epochs }))
    const found = await service.entries({ ...orders, brokerId: 1, file: 'leader-epoch-checkpoint', from: 0, count: 10 })
    expect(found.entries.map(each => each.values)).toEqual(epochs)
  })
})

describe('a look through a whole file', () => {
  const verified = async (bytes: Buffer) =>
    (
      await itemsFrom(
        serviceOver(replicaContent(1, { logs: { 0: bytes }, indexOf: { 0: log } })).verify(
          { ...orders, brokerId: 1, file: '00000000000000000000.log' },
          signal,
        ),
      )
    ).at(-1) as Verification

  it('counts what is there, and names what is wrong', async () => {
    expect(await verified(log)).toMatchObject({
      batches: 40,
      records: 80,
      problems: [],
      isDone: true,
      readBytes: log.length,
      totalBytes: log.length,
    })
    const found = await verified(damaged(log, positionOf(log, 20) + 70))
    expect(found.problems[0]).toEqual({
      position: positionOf(log, 20),
      offset: '20',
      problem: { code: 'fileProblems.wrongChecksum', details: {}, message: 'the checksum of the batch is wrong' },
    })
  })
})
