import type { PartitionReplicas } from '../../contract/cluster.ts'
import { LOCAL_CLUSTER } from '../../contract/common.ts'
import type { EpochStart } from '../../contract/segments.ts'
import { encodeLeaderEpochCheckpoint, encodeOffsetCheckpoint } from '../../protocol/files/checkpoints.ts'
import { encodeOffsetIndexEntry } from '../../protocol/files/indexEntries.ts'
import { logFileName } from '../../protocol/files/fileNames.ts'
import { encodePartitionMetadata, PARTITION_METADATA_FILE } from '../../protocol/files/partitionMetadata.ts'
import { batchesIn, lastOffset } from '../../protocol/records/batch.ts'
import { type NewBatch } from '../../protocol/records/batchBuilder.ts'
import type { Uuid } from '../../base/uuid.ts'
import { aLog, aRecord, filesOf, SOME_TIME, timeIndexOf } from '../dump/builders.ts'
import { segmentsService } from './segmentsService.ts'

/** For tests: replicas of `orders-0` on the disks of brokers 1 to 3, in memory. */

export const TOPIC_ID = 'AQIDBAUGBwgJCgsMDQ4PEA' as Uuid
export const orders = { clusterId: LOCAL_CLUSTER, topic: 'orders', partition: 0 } as const
export const folderOn = (brokerId: number) => `/broker-${brokerId}/orders-0`
export const logName = (offset = 0) => logFileName(offset, 'log')
export const inLog = (brokerId = 1, offset = 0) => ({ ...orders, brokerId, file: logName(offset) })

export interface NewReplica {
  /** By base offset. */
  readonly logs: Readonly<Record<number, Buffer>>
  readonly epochs?: readonly EpochStart[]
  readonly highWatermark?: number
  readonly topicId?: Uuid
  /** Whether its logs have indexes beside them. */
  readonly hasIndexes?: boolean
  /** What the indexes were made of, where that is not what the logs are now. */
  readonly indexOf?: Readonly<Record<number, Buffer>>
}

/** The files of one replica, by path. */
export function replicaContent(brokerId: number, replica: NewReplica): Record<string, Buffer> {
  const folder = folderOn(brokerId)
  const content: Record<string, Buffer> = {
    [`${folder}/${PARTITION_METADATA_FILE}`]: encodePartitionMetadata({ topicId: replica.topicId ?? TOPIC_ID }),
    [`${folder}/leader-epoch-checkpoint`]: encodeLeaderEpochCheckpoint([...(replica.epochs ?? [{ epoch: 0, startOffset: 0 }])]),
    [`/broker-${brokerId}/replication-offset-checkpoint`]: encodeOffsetCheckpoint([
      { topic: 'orders', partition: 0, offset: replica.highWatermark ?? 0 },
    ]),
  }
  for (const [base, log] of Object.entries(replica.logs)) {
    const offset = Number(base)
    content[`${folder}/${logFileName(offset, 'log')}`] = log
    if (replica.hasIndexes === false) continue
    const indexed = replica.indexOf?.[offset] ?? log
    content[`${folder}/${logFileName(offset, 'index')}`] = sparseIndexOf(indexed, offset)
    content[`${folder}/${logFileName(offset, 'timeindex')}`] = offset === 0 ? timeIndexOf(indexed) : Buffer.alloc(0)
  }
  return content
}

/** Every fourth batch, as an interval of some bytes would have it. */
export function sparseIndexOf(log: Buffer, baseOffset = 0): Buffer {
  const positions = [...batchesIn(log)].filter((_, index) => index > 0 && index % 4 === 0)
  return Buffer.concat(positions.map(position => encodeOffsetIndexEntry({ offset: lastOffset(log, position), position }, baseOffset)))
}

/** The app's service over what is on these disks. Broker 1 leads. */
export function serviceOver(
  content: Readonly<Record<string, Buffer>>,
  { leader = 1, running = [1, 2, 3] }: { readonly leader?: number | null; readonly running?: readonly number[] } = {},
) {
  return segmentsService({
    files: filesOf(content),
    brokers: () => [1, 2, 3].map(brokerId => ({ brokerId, directories: [`/broker-${brokerId}`], isRunning: running.includes(brokerId) })),
    partitionOf: () =>
      ({
        topic: 'orders',
        partition: 0,
        leader,
        leaderEpoch: 0,
        highWatermark: null,
        inSyncReplicas: [],
        isInternal: false,
        replicas: [1, 2, 3].map(brokerId => ({ brokerId })),
        moved: null,
      }) as unknown as PartitionReplicas,
  })
}

/** Batches of two records each, all alike but for their numbers. */
export function manyBatches(count: number, { from = 0, ...rest }: Partial<NewBatch> & { readonly from?: number } = {}): Buffer {
  return aLog(
    ...Array.from({ length: count }, (_, n) => ({
      baseOffset: from + 2 * n,
      leaderEpoch: 0,
      records: [
        aRecord(`value ${from + 2 * n}`, { timestamp: SOME_TIME + n }),
        aRecord(`value ${from + 2 * n + 1}`, { timestamp: SOME_TIME + n }),
      ],
      ...rest,
    })),
  )
}

/** A copy with one byte changed. */
export function damaged(bytes: Buffer, at: number, by = 0x15): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = copy[at]! ^ by
  return copy
}

export async function itemsFrom<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of stream) items.push(item)
  return items
}
