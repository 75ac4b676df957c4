import { describe, expect, it } from 'vitest'
import { encodeLeaderEpochCheckpoint, encodeOffsetCheckpoint } from '../../protocol/files/checkpoints.ts'
import { encodeCleanShutdown } from '../../protocol/files/cleanShutdown.ts'
import { encodeMetaProperties } from '../../protocol/files/metaProperties.ts'
import { encodePartitionMetadata } from '../../protocol/files/partitionMetadata.ts'
import { encodeProducerSnapshot } from '../../protocol/files/producerSnapshot.ts'
import { encodeQuorumState } from '../../protocol/files/quorumState.ts'
import { encodeControlRecord } from '../../protocol/messages/controlRecords.ts'
import { encodeGroupRecord } from '../../protocol/messages/groupRecords.ts'
import { encodeMetadataRecord } from '../../protocol/messages/metadataRecords.ts'
import { encodeTransactionRecord } from '../../protocol/messages/transactionRecords.ts'
import { compressionNames, setBaseOffset } from '../../protocol/records/batch.ts'
import { simulatedWorld } from '../../simulation/world.ts'
import {
  abortedEntry,
  aLog,
  aMarker,
  aRecord,
  filesOf,
  itemsOf,
  linesOf,
  objectsOf,
  offsetIndexOf,
  positionOf,
  problemsOf,
  SOME_TIME,
  timeIndexOf,
} from './builders.ts'

const BASE = '00000000000000000000'
const FOLDER = '/data/orders-0'
const LOG = `${FOLDER}/${BASE}.log`
const UUID = 'AQIDBAUGBwgJCgsMDQ4PEA'

const dumped = (content: Readonly<Record<string, Buffer>>, path: string, options?: { verify: boolean }) =>
  itemsOf(filesOf(content), [path], options)

describe('a log', () => {
  const log = aLog({ records: [aRecord('one'), aRecord(null, { headers: [{ key: 'h', value: Buffer.from('v') }] })] }, { codec: 'zstd' })

  it('is shown batch by batch, each with its records', async () => {
    expect(linesOf(await dumped({ [LOG]: log }, LOG))).toEqual([
      `${LOG}\n  log of orders-0, ${log.length} bytes, base offset 0`,
      '@0          0..1                 2 records       88 bytes  none    epoch 0   2023-11-14T22:13:20.000Z',
      '             0  2023-11-14T22:13:20.000Z  "key": "one"',
      '             1  2023-11-14T22:13:20.000Z  "key": null  {"h": "v"}',
      expect.stringMatching(/^@88 {9}2\.\.2 +1 record +\d+ bytes {2}zstd {4}epoch 0/),
      '             2  2023-11-14T22:13:20.000Z  "key": "value"',
    ])
  })

  it('has all there is to know in JSON', async () => {
    const [, batch, record, tombstone] = objectsOf(await dumped({ [LOG]: log }, LOG))
    expect(batch).toEqual({
      type: 'batch',
      file: LOG,
      position: 0,
      sizeInBytes: 88,
      baseOffset: 0,
      lastOffset: 1,
      recordCount: 2,
      partitionLeaderEpoch: 0,
      magic: 2,
      crc: expect.any(Number) as number,
      isCrcValid: true,
      compression: 'none',
      timestampType: 'CreateTime',
      baseTimestamp: SOME_TIME,
      maxTimestamp: SOME_TIME,
      producerId: -1,
      producerEpoch: -1,
      baseSequence: -1,
      lastSequence: -1,
      isTransactional: false,
      isControl: false,
      deleteHorizonMs: null,
    })
    const key = { encoding: 'utf8', data: 'key' }
    const place = { type: 'record', file: LOG, batchPosition: 0, timestamp: SOME_TIME }
    expect(record).toEqual({ ...place, offset: 0, key, value: { encoding: 'utf8', data: 'one' }, headers: [] })
    expect(tombstone).toEqual({ ...place, offset: 1, key, value: null, headers: [{ key: 'h', value: { encoding: 'utf8', data: 'v' } }] })
  })

  it.each(compressionNames)('is read whatever its codec: %s', async codec => {
    const records = Array.from({ length: 500 }, (_, index) => aRecord(`value ${index}`))
    const items = await dumped({ [LOG]: aLog({ records, codec }) }, LOG)
    expect(items.flatMap(item => (item.type === 'record' ? [String(item.value)] : []))).toEqual(records.map(each => String(each.value)))
    expect(problemsOf(items)).toEqual([])
  })

  it('cuts what is long in text, not in JSON, and says what is not text', async () => {
    const long = `${'ä'.repeat(5_000)}`
    const items = await dumped(
      { [LOG]: aLog({ records: [aRecord(long), aRecord(Buffer.alloc(40, 0xff), { key: Buffer.from('"\\\n') })] }) },
      LOG,
    )
    expect(linesOf(items)[2]).toMatch(/: "ä{96}"… \(10000 bytes\)$/)
    expect(linesOf(items)[3]).toMatch(/"\\"\\\\\\n": 0x(ff){32}… \(40 bytes\)$/)
    expect(objectsOf(items).slice(2)).toMatchObject([
      { value: { encoding: 'utf8', data: long } },
      { value: { encoding: 'base64', data: Buffer.alloc(40, 0xff).toString('base64') } },
    ])
  })

  it('is read in pieces, a batch that lies across two of them too', async () => {
    const batches = Array.from({ length: 40 }, () => ({ records: [aRecord('x'.repeat(100_000))] }))
    const items = await dumped({ [LOG]: aLog(...batches, { records: [aRecord('y'.repeat(3_000_000))] }, {}) }, LOG)
    expect(items.filter(item => item.type === 'record')).toHaveLength(42)
    expect(problemsOf(items)).toEqual([])
  })

  it('shows what compaction leaves: gaps, an emptied batch, a delete horizon', async () => {
    const compacted = aLog(
      { records: [aRecord('kept', { offsetDelta: 3 })], lastOffsetDelta: 9, deleteHorizonMs: SOME_TIME + 1000 },
      { records: [], lastOffsetDelta: 4, producerId: 7, producerEpoch: 0, baseSequence: 5 },
    )
    const items = await dumped({ [LOG]: compacted }, LOG)
    expect(problemsOf(items)).toEqual([])
    expect(linesOf(items)[1]).toContain('0..9                 1 record ')
    expect(linesOf(items)[1]).toContain('delete horizon 2023-11-14T22:13:21.000Z')
    expect(linesOf(items)[3]).toContain('producer 7 epoch 0 sequence 5..9')
  })

  it('goes on behind a batch with a wrong checksum', async () => {
    const corrupt = Buffer.from(aLog({}, {}, {}))
    const at = positionOf(corrupt, 1)
    corrupt[at + 70]! ^= 1
    const items = await dumped({ [LOG]: corrupt }, LOG, { verify: false })
    expect(problemsOf(items)).toContain(`${LOG}, byte ${at}, offset 1: the checksum of the batch is wrong`)
    expect(items.filter(item => item.type === 'batch').map(item => item.baseOffset)).toEqual([0, 1, 2])
  })

  it('tells of torn bytes at its end', async () => {
    const torn = aLog({}, {}).subarray(0, -5)
    const at = positionOf(aLog({}, {}), 1)
    expect(problemsOf(await dumped({ [LOG]: torn }, LOG, { verify: false }))).toEqual([
      `${LOG}, byte ${at}, offset 1: a batch of ${torn.length + 5 - at} bytes is declared, but only ${torn.length - at} are left: torn`,
    ])
  })

  it('tells of offsets that do not rise, or lie before the file', async () => {
    const again = Buffer.from(aLog({}, {}))
    setBaseOffset(again, positionOf(again, 1), 0)
    expect(problemsOf(await dumped({ [LOG]: again }, LOG))).toEqual([expect.stringContaining('offset 0 comes after offset 0')])
    const later = LOG.replace(BASE, '00000000000000000005')
    expect(problemsOf(await dumped({ [later]: aLog({}) }, later))).toEqual([
      expect.stringContaining('offset 0 is below 5, where the file begins'),
    ])
  })

  it('tells, when it is verified, of records that do not fit their batch', async () => {
    const wrong = aLog({
      records: [aRecord('a', { offsetDelta: 2 }), aRecord('b', { offsetDelta: 1, timestamp: SOME_TIME + 5 })],
      lastOffsetDelta: 1,
      maxTimestamp: SOME_TIME,
    })
    expect(problemsOf(await dumped({ [LOG]: wrong }, LOG, { verify: false }))).toEqual([])
    expect(problemsOf(await dumped({ [LOG]: wrong }, LOG))).toEqual([
      `${LOG}, byte 0, offset 2: offset 2 is outside of its batch, which has 0 to 1`,
      `${LOG}, byte 0, offset 1: offset 1 comes after offset 2 in the same batch`,
      `${LOG}, byte 0, offset 1: timestamp ${SOME_TIME + 5} is above ${SOME_TIME}, the largest of its batch`,
    ])
  })
})

describe("the records of Kafka's own logs", () => {
  const decodedIn = async (folder: string, log: Buffer) => {
    const path = `/data/${folder}/${BASE}.log`
    const items = await dumped({ [path]: log }, path)
    expect(problemsOf(items)).toEqual([])
    return items.flatMap(item => (item.type === 'record' ? [item.decoded] : []))
  }

  it('are decoded: the metadata log, its control records included', async () => {
    const leader = encodeControlRecord({ type: 'leaderChange', version: 0, leaderId: 2, voters: [{ voterId: 2 }], grantingVoters: [] })
    const topic = encodeMetadataRecord({ type: 'TopicRecord', name: 'orders', topicId: UUID })
    const log = aLog({ records: [{ timestamp: SOME_TIME, ...leader }], isControl: true }, { records: [aRecord(topic, { key: null })] })
    expect(await decodedIn('__cluster_metadata-0', log)).toEqual([
      expect.objectContaining({ type: 'leaderChange', leaderId: 2 }),
      { type: 'TopicRecord', name: 'orders', topicId: UUID },
    ])
  })

  it('tell that there is a credential or a password, and not what it is', async () => {
    const keys = { salt: Buffer.from('the salt'), storedKey: Buffer.from('the stored key'), serverKey: Buffer.from('the server key') }
    const value = 'the jaas config'
    const records = [
      encodeMetadataRecord({ type: 'UserScramCredentialRecord', name: 'alice', mechanism: 1, iterations: 4096, ...keys }),
      encodeMetadataRecord({ type: 'ConfigRecord', resourceType: 4, resourceName: '1', name: 'sasl.jaas.config', value }),
    ]
    const path = `/data/__cluster_metadata-0/${BASE}.log`
    const items = await dumped({ [path]: aLog({ records: records.map(each => aRecord(each, { key: null })) }) }, path)
    const told = [...linesOf(items), ...objectsOf(items).map(each => JSON.stringify(each))].join('\n')
    expect(told).toContain('alice')
    expect(told).toContain('4096')
    expect(told).toContain('sasl.jaas.config')
    for (const secret of [...Object.values(keys), Buffer.from(value)]) {
      for (const form of ['utf8', 'base64', 'hex'] as const)
        expect(told).not.toContain(secret.toString(form).replace(/=+$/, '').slice(0, -2))
    }
  })

  it('are decoded: offsets and groups, what is not known as it is', async () => {
    const value = { offset: 42, metadata: 'm', commitTimestamp: SOME_TIME }
    const records = [
      encodeGroupRecord({ type: 'offsetCommit', group: 'g', topic: 'orders', partition: 1, value }),
      encodeGroupRecord({ type: 'groupMetadata', group: 'g', value: null }),
      { key: Buffer.from('0003 0001 67'.replaceAll(' ', ''), 'hex'), value: Buffer.from('0000 00000005 00'.replaceAll(' ', ''), 'hex') },
      { key: Buffer.from([0, 99, 0, 0]), value: null },
    ]
    expect(await decodedIn('__consumer_offsets-7', aLog({ records: records.map(each => aRecord(each.value, { key: each.key })) }))).toEqual(
      [
        expect.objectContaining({ type: 'offsetCommit', group: 'g', value: expect.objectContaining({ offset: 42 }) as unknown }),
        { type: 'groupMetadata', group: 'g', value: null },
        { type: 'consumerGroupMetadata', group: 'g', value: { epoch: 5, metadataHash: 0n } },
        { type: 'unknown', recordType: 99 },
      ],
    )
  })

  it('are decoded: transactions', async () => {
    const { key } = encodeTransactionRecord('tx', null)
    expect(await decodedIn('__transaction_state-0', aLog({ records: [aRecord(null, { key })] }))).toEqual([
      { type: 'transactionState', transactionalId: 'tx', value: null },
    ])
  })

  it('are told to be wrong when they mean nothing', async () => {
    const path = `/data/__cluster_metadata-0/${BASE}.log`
    expect(problemsOf(await dumped({ [path]: aLog({ records: [aRecord('nonsense')] }) }, path, { verify: false }))).toEqual([
      expect.stringContaining('offset 0: the record means nothing: metadata frame version 110 is not known'),
    ])
  })

  it('are those of a snapshot too, which has to be complete', async () => {
    const control = (record: Parameters<typeof encodeControlRecord>[0]) => ({
      records: [{ timestamp: SOME_TIME, ...encodeControlRecord(record) }],
      isControl: true,
    })
    const header = control({ type: 'snapshotHeader', version: 0, lastContainedLogTimestamp: SOME_TIME })
    const topic = { records: [aRecord(encodeMetadataRecord({ type: 'TopicRecord', name: 'orders', topicId: UUID }), { key: null })] }
    const footer = control({ type: 'snapshotFooter', version: 0 })
    const path = '/data/__cluster_metadata-0/00000000000000000042-0000000007.checkpoint'
    const items = await dumped({ [path]: aLog(header, topic, footer) }, path)
    expect(problemsOf(items)).toEqual([])
    expect(items[0]).toMatchObject({ kind: 'metadata snapshot', fields: { endOffset: 42, epoch: 7 } })
    expect(problemsOf(await dumped({ [path]: aLog(header, topic) }, path))).toEqual([expect.stringContaining('it is not complete')])
    expect(problemsOf(await dumped({ [`${path}.part`]: aLog(header, topic) }, `${path}.part`))).toEqual([])
    expect(problemsOf(await dumped({ ['/data/bootstrap.checkpoint']: aLog(header, topic, footer) }, '/data/bootstrap.checkpoint'))).toEqual(
      [],
    )
  })
})

describe('an index', () => {
  const log = aLog(
    ...Array.from({ length: 10 }, (_, index) => ({
      records: [aRecord('a'), aRecord('b', { timestamp: SOME_TIME + (index % 3 === 0 ? index : 0) })],
    })),
  )
  const index = `${FOLDER}/${BASE}.index`
  const timeIndex = `${FOLDER}/${BASE}.timeindex`

  it('is true to its log', async () => {
    const content = { [LOG]: log, [index]: offsetIndexOf(log), [timeIndex]: timeIndexOf(log) }
    const items = await itemsOf(filesOf(content), [index, timeIndex])
    expect(problemsOf(items)).toEqual([])
    expect(linesOf(items)[1]).toBe(`  @0          offset          3  position ${`${positionOf(log, 3)}`.padStart(10)}`)
    expect(objectsOf(items)).toContainEqual({ type: 'timeIndexEntry', file: timeIndex, at: 12, timestamp: SOME_TIME + 3, offset: 7 })
  })

  it('may have room for more', async () => {
    const content = { [LOG]: log, [index]: Buffer.concat([offsetIndexOf(log), Buffer.alloc(80)]), [timeIndex]: Buffer.alloc(1200) }
    const items = await itemsOf(filesOf(content), [index, timeIndex])
    expect(problemsOf(items)).toEqual([])
    expect(objectsOf(items).filter(each => (each as { type: string }).type === 'unused')).toEqual([
      { type: 'unused', file: index, at: 72, sizeInBytes: 80 },
      { type: 'unused', file: timeIndex, at: 0, sizeInBytes: 1200 },
    ])
  })

  it.each([
    { wrong: 'position', at: 7, says: /byte 0: no batch of the log begins at \d+$/ },
    { wrong: 'offset', at: 3, says: /byte 0: the log's batch at \d+ ends with offset 3, not with 2$/ },
    { wrong: 'order', at: 0, says: /byte 0: offset -2147483645 comes after|byte 0: offset -2147483645 cannot be$/ },
  ])('with a wrong $wrong is told to be', async ({ at, says }) => {
    const entries = offsetIndexOf(log)
    entries[at]! ^= at === 0 ? 0x80 : 1
    expect(problemsOf(await dumped({ [LOG]: log, [index]: entries }, index))).toEqual([expect.stringMatching(says)])
  })

  it('with one entry that is far too high has that one wrong, and no other', async () => {
    const positions = offsetIndexOf(log)
    positions[8 + 4] = 0x51
    const timestamps = timeIndexOf(log)
    timestamps[12 + 3]! += 1
    const found = problemsOf(await dumped({ [LOG]: log, [index]: positions, [timeIndex]: timestamps }, FOLDER))
    expect(found).toEqual([
      expect.stringMatching(/index, byte 8: position \d+ comes before position \d+$/),
      expect.stringMatching(/timeindex, byte 12: timestamp \d+ comes before timestamp \d+$/),
    ])
  })

  it('of times has to have the largest up to each offset', async () => {
    const entries = timeIndexOf(log)
    entries[12 + 11] = 9 // the second entry's offset
    expect(problemsOf(await dumped({ [LOG]: log, [timeIndex]: entries }, timeIndex))).toEqual([
      `${timeIndex}, byte 12: the log's batch that ends with offset 9 has the timestamp ${SOME_TIME}, not ${SOME_TIME + 3}`,
    ])
    const late = timeIndexOf(log).subarray(12)
    expect(problemsOf(await dumped({ [LOG]: log, [timeIndex]: late }, timeIndex))).toEqual([])
  })

  it('without its log cannot be verified, and can be shown', async () => {
    expect(problemsOf(await dumped({ [index]: offsetIndexOf(log) }, index))).toEqual([expect.stringContaining('there is no log beside it')])
    expect(problemsOf(await dumped({ [index]: offsetIndexOf(log) }, index, { verify: false }))).toEqual([])
  })

  it('that is to be swapped in belongs to the log of the same name', async () => {
    const content = { [`${LOG}.swap`]: log, [LOG]: aLog({}), [`${index}.swap`]: offsetIndexOf(log) }
    expect(problemsOf(await dumped(content, `${index}.swap`))).toEqual([])
  })

  it('cut in the middle of an entry is torn', async () => {
    expect(problemsOf(await dumped({ [LOG]: log, [index]: offsetIndexOf(log).subarray(0, 12) }, index))).toEqual([
      `${index}, byte 8: the last 4 bytes are no whole entry: torn`,
    ])
  })
})

describe('an index of aborted transactions', () => {
  const data = { producerId: 7, producerEpoch: 0, baseSequence: 0, isTransactional: true }
  const log = aLog(data, {}, aMarker('abort', 7), { ...data, baseSequence: 1 }, aMarker('commit', 7), aMarker('abort', 8))
  const path = `${FOLDER}/${BASE}.txnindex`
  const entry = { producerId: 7, firstOffset: 0, lastOffset: 2, lastStableOffset: 0 }
  const verified = async (...entries: Parameters<typeof abortedEntry>[0][]) =>
    problemsOf(await dumped({ [LOG]: log, [path]: Buffer.concat(entries.map(abortedEntry)) }, path))

  it('has an entry for each abort of a transaction with data, and for no other', async () => {
    expect(await verified(entry)).toEqual([])
    expect(await verified()).toEqual([`${path}, offset 2: the abort of producer 7 at offset 2 has no entry`])
    expect(await verified(entry, { ...entry, firstOffset: 3, lastOffset: 4 })).toEqual([
      `${path}, byte 34: there is no abort of producer 7 at offset 4 of the log`,
    ])
  })

  it('has to know where each began', async () => {
    expect(await verified({ ...entry, firstOffset: 1 })).toEqual([
      `${path}, byte 0: the transaction has data at offset 0 of the log, before its first offset 1`,
    ])
    expect(await verified({ ...entry, firstOffset: 3 })).toContain(`${path}, byte 0: a transaction cannot go from offset 3 to 2`)
  })
})

describe('the small files', () => {
  const producer = {
    producerId: 4000,
    producerEpoch: 1,
    lastSequence: 7,
    lastOffset: 10,
    offsetDelta: 0,
    timestamp: SOME_TIME,
    coordinatorEpoch: 5,
    currentTxnFirstOffset: -1,
  }

  it.each([
    {
      name: `${FOLDER}/00000000000000000011.snapshot`,
      bytes: encodeProducerSnapshot([producer]),
      line: /^ {2}@10 +producer id +4000 .*last offset +10 .*timestamp 2023-11-14T22:13:20.000Z/,
    },
    {
      name: `${FOLDER}/leader-epoch-checkpoint`,
      bytes: encodeLeaderEpochCheckpoint([{ epoch: 3, startOffset: 42 }]),
      line: /^ {2}@4 +epoch +3 {2}start offset +42$/,
    },
    {
      name: '/data/replication-offset-checkpoint',
      bytes: encodeOffsetCheckpoint([{ topic: 'orders', partition: 1, offset: 42 }]),
      line: /^ {2}@4 +topic "orders" +partition +1 {2}offset +42$/,
    },
    {
      name: '/data/meta.properties',
      bytes: encodeMetaProperties({ version: 1, clusterId: 'c', nodeId: 3, directoryId: UUID }),
      line: /^ {2}cluster.id=c$/,
    },
    { name: `${FOLDER}/partition.metadata`, bytes: encodePartitionMetadata({ topicId: UUID }), line: /^ {2}topic id "AQID/ },
    { name: '/data/.kafka_cleanshutdown', bytes: encodeCleanShutdown({ brokerEpoch: 12 }), line: /^ {2}broker epoch +12$/ },
    {
      name: '/data/__cluster_metadata-0/quorum-state',
      bytes: encodeQuorumState({ leaderId: 1, leaderEpoch: 5, votedId: -1, votedDirectoryId: UUID }),
      line: /^ {2}leader id +1 {2}leader epoch +5 {2}voted id +-1/,
    },
  ])('are known by their names: $name', async ({ name, bytes, line }) => {
    const items = await dumped({ [name]: bytes }, name)
    expect(problemsOf(items)).toEqual([])
    expect(linesOf(items)[1]).toMatch(line)
  })

  it('may be empty where Kafka makes them so', async () => {
    for (const name of ['/data/cleaner-offset-checkpoint', `${FOLDER}/leader-epoch-checkpoint`]) {
      expect(problemsOf(await dumped({ [name]: Buffer.alloc(0) }, name))).toEqual([])
    }
  })

  it('are told to be wrong with the place', async () => {
    const snapshot = `${FOLDER}/00000000000000000010.snapshot`
    expect(problemsOf(await dumped({ [snapshot]: encodeProducerSnapshot([producer]) }, snapshot))).toEqual([
      `${snapshot}, byte 10, offset 10: offset 10 is not below 10, where the snapshot ends`,
    ])
    const epochs = `${FOLDER}/leader-epoch-checkpoint`
    expect(problemsOf(await dumped({ [epochs]: Buffer.from('0\n2\n3 42\n2 50\n') }, epochs))).toEqual([
      `${epochs}, byte 9: leader epoch 2 comes after 3`,
    ])
    const offsets = '/data/cleaner-offset-checkpoint'
    expect(problemsOf(await dumped({ [offsets]: Buffer.from('0\n3\na 0 1\n') }, offsets))).toEqual([
      `${offsets}, byte 2: a checkpoint file declares "3" entries and has 1`,
    ])
  })
})

describe('several files', () => {
  const content = {
    '/data/meta.properties': encodeMetaProperties({ version: 1, clusterId: 'c', nodeId: 3, directoryId: UUID }),
    '/data/.lock': Buffer.from('12'),
    [`${FOLDER}/${BASE}.log.deleted`]: aLog({}),
    [`${FOLDER}/partition.metadata`]: Buffer.from('nothing'),
    [`/data/audit-1/${BASE}.log`]: aLog({}),
  }

  it('are gone through when a folder is named, those of nobody left out', async () => {
    const items = await itemsOf(filesOf(content), ['/data'])
    expect(items.flatMap(item => (item.type === 'file' ? [item.file] : []))).toEqual([
      '/data/meta.properties',
      `/data/audit-1/${BASE}.log`,
      `${FOLDER}/${BASE}.log.deleted`,
      `${FOLDER}/partition.metadata`,
    ])
    expect(problemsOf(items)).toEqual([`${FOLDER}/partition.metadata, byte 0: a partition.metadata file cannot be read`])
  })

  it('that are missing or of nobody are told, and the rest is shown', async () => {
    const items = await itemsOf(filesOf(content), ['/data/.lock', '/nowhere', '/data/meta.properties'])
    expect(problemsOf(items)).toEqual(['/data/.lock: no broker writes files called .lock', '/nowhere: there is no such file'])
    expect(items.at(-1)).toMatchObject({ type: 'entry', entry: 'property' })
  })

  it('of a disk that fails are told, and the rest is shown', async () => {
    const world = simulatedWorld(1)
    const { disk } = world.env('broker-1')
    const write = async (path: string, bytes: Buffer) => {
      await disk.makeDirectory(path.slice(0, path.lastIndexOf('/')))
      await disk.replaceFile(path, bytes)
    }
    const audit = `/data/audit-1/${BASE}.log`
    await world.settle(write(LOG, aLog({}, {})))
    await world.settle(write(audit, aLog({})))
    world.disk('broker-1').faults.add({ operations: ['read'], path: path => path === audit, code: 'EIO' })
    const items = await world.settle(itemsOf(disk, ['/data']))
    expect(problemsOf(items)).toEqual([expect.stringMatching(/^\/data\/audit-1.*EIO/)])
    expect(items.filter(item => item.type === 'record')).toHaveLength(2)
    world.close()
  })
})
