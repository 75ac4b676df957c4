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
import { batchesIn, compressionNames } from '../../protocol/records/batch.ts'
import {
  abortedEntry,
  aLog,
  aMarker,
  aRecord,
  filesOf,
  itemsOf,
  objectsOf,
  linesOf,
  offsetIndexOf,
  SOME_TIME,
  timeIndexOf,
} from './builders.ts'
import type { DumpItem } from './items.ts'

const BASE = '00000000000000000000'
const UUID = 'AQIDBAUGBwgJCgsMDQ4PEA'
const producer = { producerId: 7, producerEpoch: 0, baseSequence: 0, isTransactional: true }

const log = aLog(
  ...compressionNames.map((codec, index) => ({
    codec,
    records: [aRecord(`${codec} `.repeat(9)), aRecord(null, { timestamp: SOME_TIME + index })],
  })),
  producer,
  aMarker('abort', 7),
)
const control = (record: Parameters<typeof encodeControlRecord>[0]) => ({
  records: [{ timestamp: SOME_TIME, ...encodeControlRecord(record) }],
  isControl: true,
})
const snapshot = aLog(
  control({ type: 'snapshotHeader', version: 0, lastContainedLogTimestamp: SOME_TIME }),
  {
    records: [
      encodeMetadataRecord({ type: 'TopicRecord', name: 'orders', topicId: UUID }),
      encodeMetadataRecord({ type: 'FeatureLevelRecord', name: 'metadata.version', featureLevel: 25 }),
    ].map(value => aRecord(value, { key: null })),
  },
  control({ type: 'snapshotFooter', version: 0 }),
)
const commit = encodeGroupRecord({
  type: 'offsetCommit',
  group: 'g',
  topic: 'orders',
  partition: 1,
  value: { offset: 42, metadata: '', commitTimestamp: SOME_TIME },
})

/** One of each, under the path that tells what it is. */
const fixtures: Readonly<Record<string, Buffer>> = {
  [`/data/orders-0/${BASE}.log`]: log,
  [`/data/orders-0/${BASE}.index`]: offsetIndexOf(log),
  [`/data/orders-0/${BASE}.timeindex`]: timeIndexOf(log),
  [`/data/orders-0/${BASE}.txnindex`]: abortedEntry({ producerId: 7, firstOffset: 10, lastOffset: 11, lastStableOffset: 10 }),
  '/data/orders-0/00000000000000000012.snapshot': encodeProducerSnapshot([
    {
      producerId: 7,
      producerEpoch: 0,
      lastSequence: 0,
      lastOffset: 11,
      offsetDelta: 0,
      timestamp: SOME_TIME,
      coordinatorEpoch: 3,
      currentTxnFirstOffset: -1,
    },
  ]),
  '/data/orders-0/leader-epoch-checkpoint': encodeLeaderEpochCheckpoint([
    { epoch: 0, startOffset: 0 },
    { epoch: 4, startOffset: 120 },
  ]),
  '/data/orders-0/partition.metadata': encodePartitionMetadata({ topicId: UUID }),
  '/data/recovery-point-offset-checkpoint': encodeOffsetCheckpoint([{ topic: 'orders', partition: 0, offset: 123 }]),
  '/data/meta.properties': encodeMetaProperties({ version: 1, clusterId: 'cluster', nodeId: 3, directoryId: UUID }),
  '/data/.kafka_cleanshutdown': encodeCleanShutdown({ brokerEpoch: 12 }),
  '/data/__cluster_metadata-0/quorum-state': encodeQuorumState({ leaderId: 1, leaderEpoch: 5, votedId: -1, votedDirectoryId: UUID }),
  '/data/__cluster_metadata-0/00000000000000000042-0000000007.checkpoint': snapshot,
  [`/data/__consumer_offsets-3/${BASE}.log`]: aLog({ records: [aRecord(commit.value, { key: commit.key })] }),
}
const paths = Object.keys(fixtures)
const isLog = (path: string) => path.endsWith('.log') || path.endsWith('.checkpoint')

/** What is shown of a file that is not what it was, everything else being so. Every item can be shown in both ways. */
async function shown(path: string, bytes: Buffer): Promise<DumpItem[]> {
  const items = await itemsOf(filesOf({ ...fixtures, [path]: bytes }), [path])
  expect(linesOf(items)).toHaveLength(items.length)
  expect(objectsOf(items)).toHaveLength(items.length)
  return items
}

const problems = (items: readonly DumpItem[]) => items.filter(item => item.type === 'problem')
const contentOf = (items: readonly DumpItem[]) => objectsOf(items.filter(item => item.type !== 'problem')).slice(1)

describe.each(paths)('%s', path => {
  const whole = fixtures[path] ?? Buffer.alloc(0)

  it('is right as it is', async () => {
    expect(problems(await shown(path, whole))).toEqual([])
  })

  it('cut at any length is shown up to there, and told to be cut', async () => {
    const all = contentOf(await shown(path, whole))
    const clean = cleanCuts(path, whole)
    for (let length = 0; length < whole.length; length++) {
      const items = await shown(path, whole.subarray(0, length))
      const content = contentOf(items)
      if (!path.endsWith('meta.properties')) expect(content).toEqual(all.slice(0, content.length))
      expect({ length, isTold: problems(items).length > 0 }).toEqual({ length, isTold: !clean.has(length) })
    }
  })

  it('with any byte changed is shown or told, and does nothing worse', async () => {
    const starts = isLog(path) ? [...batchesIn(whole)] : []
    for (let at = 0; at < whole.length; at++) {
      for (const bits of [0x01, 0x80, 0xff]) {
        const changed = Buffer.from(whole)
        changed[at]! ^= bits
        const items = await shown(path, changed)
        const isChecked =
          path.endsWith('.snapshot') || path.endsWith('index')
            ? !path.endsWith('.txnindex')
            : starts.some(start => at - start >= 16 && !starts.some(next => next > start && next <= at))
        if (isChecked) expect({ at, bits, isTold: problems(items).length > 0 }).toEqual({ at, bits, isTold: true })
      }
    }
  })
})

/** Lengths at which nothing is torn: between two batches or entries, of which nothing tells that there were more; before a last newline; Kafka's empty checkpoints. */
function cleanCuts(path: string, whole: Buffer): ReadonlySet<number> {
  if (path.endsWith('.log')) return new Set(batchesIn(whole))
  if (path.endsWith('meta.properties')) return new Set([whole.length - 1])
  if (path.endsWith('-checkpoint')) return new Set([0])
  const entryBytes = path.endsWith('.index') ? 8 : path.endsWith('.timeindex') ? 12 : undefined
  return new Set(entryBytes === undefined ? [] : Array.from({ length: whole.length / entryBytes }, (_, index) => index * entryBytes))
}

it('nothing of a stranger acts on a terminal', async () => {
  const evil = '\u001b]0;title\u0007 \u202e \u009b31m'
  const path = `/data/orders-0/${BASE}.log`
  const records = [aRecord(evil, { key: null }), aRecord('fine', { headers: [{ key: evil, value: Buffer.from(evil) }] })]
  const text = linesOf(await itemsOf(filesOf({ [path]: aLog({ records }) }), [path])).join('\n')
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
  expect(text).toContain('null: 0x1b5d')
  expect(text).toContain('\\u{1b}]0;title')
})
