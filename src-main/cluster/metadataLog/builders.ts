import type { MetadataRecordInput } from '../../protocol/messages/metadataRecords.ts'
import { encodeMetadataRecord } from '../../protocol/messages/metadataRecords.ts'
import { encodeControlRecord } from '../../protocol/messages/controlRecords.ts'
import { encodeLeaderEpochCheckpoint } from '../../protocol/files/checkpoints.ts'
import { logFileName, snapshotFileName, type SnapshotId } from '../../protocol/files/fileNames.ts'
import { lastOffset } from '../../protocol/records/batch.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { uuidOf } from '../../metadata/builders.ts'

/** For tests: metadata logs as brokers leave them. */

export const SOME_TIME = 1_700_000_000_000
export const ORDERS = uuidOf('orders')

/** A batch of each of these, one behind the other from `baseOffset` on, a second apart. */
export function batchesOf(batches: readonly (readonly MetadataRecordInput[])[], { baseOffset = 0, leaderEpoch = 1 } = {}): Buffer {
  let next = baseOffset
  return Buffer.concat(
    batches.map((records, index) => {
      const timestamp = SOME_TIME + index * 1_000
      const batch = buildBatch({
        records: records.map(record => ({ timestamp, key: null, value: encodeMetadataRecord(record) })),
        baseOffset: next,
        leaderEpoch,
      })
      next = lastOffset(batch) + 1
      return batch
    }),
  )
}

/** What a new leader of the quorum writes first. */
export function leaderChange(leaderId: number, baseOffset: number, leaderEpoch: number): Buffer {
  const voters = [1, 2, 3].map(voterId => ({ voterId }))
  const record = encodeControlRecord({ type: 'leaderChange', version: 0, leaderId, voters, grantingVoters: voters.slice(0, 2) })
  return buildBatch({ records: [{ timestamp: SOME_TIME, ...record }], baseOffset, leaderEpoch, isControl: true })
}

export const registered = (brokerId: number): MetadataRecordInput => ({
  type: 'RegisterBrokerRecord',
  brokerId,
  incarnationId: uuidOf(`incarnation-${brokerId}`),
  brokerEpoch: 100 + brokerId,
  endPoints: [{ name: 'PLAINTEXT', host: '127.0.0.1', port: 9091 + brokerId, securityProtocol: 0 }],
  features: [],
  rack: null,
  logDirs: [uuidOf(`directory-${brokerId}`)],
})

/** The topic `orders` with one partition on three brokers, led by the first. */
export const created: readonly MetadataRecordInput[] = [
  { type: 'TopicRecord', topicId: ORDERS, name: 'orders' },
  {
    type: 'PartitionRecord',
    topicId: ORDERS,
    partitionId: 0,
    replicas: [1, 2, 3],
    isr: [1, 2, 3],
    removingReplicas: [],
    addingReplicas: [],
    leader: 1,
    leaderEpoch: 0,
    partitionEpoch: 0,
  },
]

export const changed = (given: Partial<MetadataRecordInput<'PartitionChangeRecord'>>): MetadataRecordInput => ({
  type: 'PartitionChangeRecord',
  topicId: ORDERS,
  partitionId: 0,
  ...given,
})

/** The files of one broker's copy. */
export function aCopy(
  directory: string,
  segments: Readonly<Record<number, Buffer>>,
  { epoch = 1, snapshot }: { epoch?: number; snapshot?: SnapshotId & { readonly records: readonly MetadataRecordInput[] } } = {},
): Record<string, Buffer> {
  const files: Record<string, Buffer> = {
    [`${directory}/leader-epoch-checkpoint`]: encodeLeaderEpochCheckpoint([{ epoch, startOffset: 0 }]),
  }
  for (const [base, bytes] of Object.entries(segments)) files[`${directory}/${logFileName(Number(base), 'log')}`] = bytes
  if (snapshot !== undefined) files[`${directory}/${snapshotFileName(snapshot)}`] = batchesOf([snapshot.records])
  return files
}
