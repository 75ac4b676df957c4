import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MalformedMessage } from '../byteReader.ts'
import { crc32c } from '../records/crc32c.ts'
import vectors from '../fixtures/vectors.json' with { type: 'json' }
import { decodeLeaderEpochCheckpoint, decodeOffsetCheckpoint, encodeLeaderEpochCheckpoint, encodeOffsetCheckpoint } from './checkpoints.ts'
import { decodeCleanShutdown, encodeCleanShutdown } from './cleanShutdown.ts'
import { logFileName, parseLogFileName, parseSnapshotFileName, snapshotFileName } from './fileNames.ts'
import {
  encodeAbortedTransaction,
  encodeOffsetIndexEntry,
  encodeTimeIndexEntry,
  readAbortedTransaction,
  readOffsetIndexEntry,
  readTimeIndexEntry,
} from './indexEntries.ts'
import { decodeMetaProperties, encodeMetaProperties } from './metaProperties.ts'
import { parsePartitionDirectory, partitionDirectoryName, retiredDirectoryName } from './partitionDirectory.ts'
import { decodePartitionMetadata, encodePartitionMetadata } from './partitionMetadata.ts'
import { decodeProducerSnapshot, encodeProducerSnapshot } from './producerSnapshot.ts'
import { decodeQuorumState, encodeQuorumState } from './quorumState.ts'

const golden = vectors.index_files
const UUID = 'AQIDBAUGBwgJCgsMDQ4PEA'

describe('an index entry', () => {
  it('of offsets is relative to the base offset of its segment', () => {
    const { base_offset, offset, position, hex } = golden.offset_index_entry
    expect(encodeOffsetIndexEntry({ offset, position }, base_offset).toString('hex')).toBe(hex)
    expect(readOffsetIndexEntry(Buffer.from('00'.repeat(8) + hex, 'hex'), 1, base_offset)).toEqual({ offset, position })
  })

  it('of times is the last offset of the batch with the largest timestamp so far', () => {
    const { base_offset, timestamp, offset, hex } = golden.time_index_entry
    expect(encodeTimeIndexEntry({ timestamp, offset }, base_offset).toString('hex')).toBe(hex)
    expect(readTimeIndexEntry(Buffer.from('00'.repeat(12) + hex, 'hex'), 1, base_offset)).toEqual({ timestamp, offset })
  })

  it('of aborted transactions has the offsets as they are', () => {
    const { producer_id, first_offset, last_offset, last_stable_offset, hex } = golden.txn_index_entry
    const aborted = { producerId: producer_id, firstOffset: first_offset, lastOffset: last_offset, lastStableOffset: last_stable_offset }
    expect(encodeAbortedTransaction(aborted).toString('hex')).toBe(hex)
    expect(readAbortedTransaction(Buffer.from(hex + hex, 'hex'), 1)).toEqual(aborted)
    expect(() => readAbortedTransaction(Buffer.from(hex, 'hex'), 1)).toThrow(MalformedMessage)
    expect(() => readAbortedTransaction(Buffer.from(hex.replace('0000', '0009'), 'hex'), 0)).toThrow('version 9')
  })

  it('reaches 2^31 offsets and no further', () => {
    expect(() => encodeOffsetIndexEntry({ offset: 2 ** 31 + 10, position: 0 }, 10)).toThrow(RangeError)
    expect(() => encodeOffsetIndexEntry({ offset: 9, position: 0 }, 10)).toThrow(RangeError)
  })
})

describe('a producer snapshot', () => {
  const producer = {
    producerId: 4000,
    producerEpoch: 1,
    lastSequence: 7,
    lastOffset: 10,
    offsetDelta: 0,
    timestamp: 1_700_000_000_000,
    coordinatorEpoch: 5,
    currentTxnFirstOffset: 10,
  }
  const file = Buffer.from(golden.producer_snapshot.hex, 'hex')

  it('is what Kafka writes', () => {
    expect(encodeProducerSnapshot([producer])).toEqual(file)
    expect(decodeProducerSnapshot(file)).toEqual([producer])
    expect(decodeProducerSnapshot(encodeProducerSnapshot([]))).toEqual([])
  })

  it('holds many producers', () => {
    const many = Array.from({ length: 300 }, (_, producerId) => ({ ...producer, producerId }))
    expect(decodeProducerSnapshot(encodeProducerSnapshot(many))).toEqual(many)
  })

  it('is refused when a bit is wrong or bytes are missing', () => {
    for (let at = 0; at < file.length; at++) {
      const wrong = Buffer.from(file)
      wrong[at]! ^= 4
      expect(() => decodeProducerSnapshot(wrong)).toThrow(MalformedMessage)
      expect(() => decodeProducerSnapshot(file.subarray(0, at))).toThrow(MalformedMessage)
    }
  })
})

it('a producer snapshot takes no memory for producers that are not there', () => {
  const file = Buffer.from('000100000000' + '7fffffff', 'hex')
  file.writeUInt32BE(crc32c(file, 6), 2)
  expect(() => decodeProducerSnapshot(file)).toThrow('2147483647 producers are declared in 0 bytes')
})

describe('a checkpoint', () => {
  it('of offsets has a line per partition', () => {
    const entries = [
      { topic: 'orders', partition: 0, offset: 42 },
      { topic: 'my-topic', partition: 11, offset: 0 },
    ]
    const file = encodeOffsetCheckpoint(entries)
    expect(file.toString()).toBe('0\n2\norders 0 42\nmy-topic 11 0\n')
    expect(decodeOffsetCheckpoint(file)).toEqual(entries)
  })

  it('of leader epochs has a line per epoch', () => {
    const entries = [
      { epoch: 0, startOffset: 0 },
      { epoch: 7, startOffset: 120 },
    ]
    const file = encodeLeaderEpochCheckpoint(entries)
    expect(file.toString()).toBe('0\n2\n0 0\n7 120\n')
    expect(decodeLeaderEpochCheckpoint(file)).toEqual(entries)
    expect(decodeLeaderEpochCheckpoint(Buffer.from('0\n0\n'))).toEqual([])
  })

  it.each(['', '1\n0\n', '0\n2\na 0 1\n', '0\n1\na 0\n', '0\n1\na 0 x\n', '0\n1\na 0 1 2\n', '0\n1\na 0 -1\n', '0\n1\n 0 1\n'])(
    'is refused: %j',
    text => {
      expect(() => decodeOffsetCheckpoint(Buffer.from(text))).toThrow(MalformedMessage)
    },
  )
})

it.each([
  { text: '0\n1\na 0 1', at: 9, because: 'its last line has no end, and might be the beginning of another number' },
  { text: '0\n2\na 0 1\nb 0 \n', at: 10, because: 'a number is missing' },
])('a checkpoint is refused with the place: $because', ({ text, at }) => {
  expect(() => decodeOffsetCheckpoint(Buffer.from(text))).toThrow(expect.objectContaining({ position: at }) as Error)
})

describe('the files that say whose folder this is', () => {
  it('partition.metadata has no newline at its end', () => {
    const file = encodePartitionMetadata({ topicId: UUID })
    expect(file.toString()).toBe(`version: 0\ntopic_id: ${UUID}`)
    expect(decodePartitionMetadata(file)).toEqual({ topicId: UUID })
    expect(() => decodePartitionMetadata(Buffer.from('version: 0\n'))).toThrow(MalformedMessage)
  })

  it('meta.properties is Java properties', () => {
    const meta = { version: 1, clusterId: 'a:strange=#one', nodeId: 3, directoryId: UUID } as const
    expect(decodeMetaProperties(encodeMetaProperties(meta))).toEqual(meta)
    const javas = `#\n#Sat Aug 01 00:00:00 UTC 2026\ncluster.id=MkU3OEVBNTcwNTJENDM2Qg\ndirectory.id: ${UUID}\r\n  node.id = 1\nversion=1\n`
    expect(decodeMetaProperties(Buffer.from(javas))).toMatchObject({ clusterId: 'MkU3OEVBNTcwNTJENDM2Qg', nodeId: 1 })
  })

  it.each(['', 'version=0\nbroker.id=1\n', 'version=1\nnode.id=1\n', `version=1\ncluster.id=c\nnode.id=x\ndirectory.id=${UUID}`])(
    'meta.properties cannot be %j',
    text => {
      expect(() => decodeMetaProperties(Buffer.from(text))).toThrow(MalformedMessage)
    },
  )

  it('quorum-state is one line of JSON', () => {
    const state = { leaderId: -1, leaderEpoch: 7, votedId: 2, votedDirectoryId: UUID }
    expect(encodeQuorumState(state).toString()).toBe(
      `{"leaderId":-1,"leaderEpoch":7,"votedId":2,"votedDirectoryId":"${UUID}","data_version":1}`,
    )
    expect(decodeQuorumState(encodeQuorumState(state))).toEqual(state)
    const old =
      '{"clusterId":"","leaderId":1,"leaderEpoch":3,"votedId":-1,"appliedOffset":0,"currentVoters":[{"voterId":1}],"data_version":0}'
    expect(decodeQuorumState(Buffer.from(old))).toEqual({
      leaderId: 1,
      leaderEpoch: 3,
      votedId: -1,
      votedDirectoryId: 'AAAAAAAAAAAAAAAAAAAAAA',
    })
  })

  it.each(['', 'null', '{}', '{"data_version":2}', '{"data_version":0,"leaderId":"1"}'])('quorum-state cannot be %j', text => {
    expect(() => decodeQuorumState(Buffer.from(text))).toThrow(MalformedMessage)
  })

  it('.kafka_cleanshutdown remembers the broker epoch', () => {
    expect(encodeCleanShutdown({ brokerEpoch: 12 }).toString()).toBe('{"version":0,"brokerEpoch":12}')
    expect(decodeCleanShutdown(encodeCleanShutdown({ brokerEpoch: 12 }))).toEqual({ brokerEpoch: 12 })
    for (const text of ['', '[]', 'null', '{"brokerEpoch":"x"}'])
      expect(() => decodeCleanShutdown(Buffer.from(text))).toThrow(MalformedMessage)
  })
})

describe('the names of files', () => {
  it('of a log begin with twenty digits', () => {
    expect(logFileName(42, 'timeindex')).toBe('00000000000000000042.timeindex')
    expect(parseLogFileName('00000000000000000042.log')).toEqual({ offset: 42, kind: 'log', suffix: '' })
    expect(parseLogFileName('00000000000000000042.index.deleted')).toEqual({ offset: 42, kind: 'index', suffix: 'deleted' })
  })

  it.each(['leader-epoch-checkpoint', '42.log', '00000000000000000042.log.bak', '99999999999999999999.log', 'x00000000000000000042.log'])(
    'of a log are not %s',
    name => expect(parseLogFileName(name)).toBeUndefined(),
  )

  it('of a metadata snapshot have the epoch too', () => {
    expect(snapshotFileName({ endOffset: 42, epoch: 7 })).toBe('00000000000000000042-0000000007.checkpoint')
    expect(parseSnapshotFileName('00000000000000000042-0000000007.checkpoint.part')).toEqual({ endOffset: 42, epoch: 7, suffix: 'part' })
    expect(parseSnapshotFileName('bootstrap.checkpoint')).toBeUndefined()
  })
})

describe('the folder of a partition', () => {
  it('is named after topic and partition, whatever hyphens the topic has', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-zA-Z0-9_-]{1,40}$/), fc.nat(), (topic, partition) => {
        expect(parsePartitionDirectory(partitionDirectoryName(topic, partition))).toEqual({ topic, partition, state: 'current' })
      }),
    )
  })

  it('leaves under a name of its own, which no file system finds too long', () => {
    const unique = '0123456789abcdef0123456789abcdef'
    const name = retiredDirectoryName('orders', 3, { unique, state: 'delete' })
    expect(name).toBe('orders-3.0123456789abcdef0123456789abcdef-delete')
    expect(parsePartitionDirectory(name)).toEqual({ topic: 'orders', partition: 3, state: 'delete' })
    expect(retiredDirectoryName('t'.repeat(249), 3, { unique, state: 'stray' })).toHaveLength(255)
  })

  it.each(['orders', '-3', 'orders-', 'orders-03', 'orders-x', 'or ders-1', 'a-99999999999', '.lock'])('is not called %s', name => {
    expect(parsePartitionDirectory(name)).toBeUndefined()
  })
})
