import type { Uuid } from '../../base/uuid.ts'
import { errorCode, type ErrorName, errorName } from '../../protocol/errors.ts'
import type { SnapshotId } from '../../protocol/files/fileNames.ts'
import type { FetchSnapshot, FetchSnapshotRequest, FetchSnapshotResponse } from '../../protocol/messages/fetchSnapshot.ts'
import type { RequestInput, ResponseInput } from '../../protocol/schema.ts'
import { known, leaderFields, METADATA_PARTITION, METADATA_TOPIC } from '../messages.ts'
import type { Epoch, LeaderAndEpoch, NodeId } from '../state.ts'

/** What a follower asks its leader for: the bytes of a snapshot from `position` on. */
export interface SnapshotPieceAsked {
  readonly replicaId: NodeId
  readonly directoryId: Uuid
  readonly clusterId: string
  readonly epoch: Epoch
  readonly id: SnapshotId
  readonly position: number
  readonly maxBytes: number
}

export interface SnapshotPieceAnswer {
  readonly error: ErrorName
  readonly leader: LeaderAndEpoch
  /** Of the whole snapshot. */
  readonly size: number
  readonly bytes: Buffer
}

const NOBODY: LeaderAndEpoch = { leaderId: undefined, epoch: -1 }
const NOTHING = Buffer.alloc(0)

export function snapshotPieceRequest(asked: SnapshotPieceAsked): RequestInput<typeof FetchSnapshot> {
  const { endOffset, epoch } = asked.id
  return {
    clusterId: asked.clusterId,
    replicaId: asked.replicaId,
    maxBytes: asked.maxBytes,
    topics: [
      {
        name: METADATA_TOPIC,
        partitions: [
          {
            partition: METADATA_PARTITION,
            currentLeaderEpoch: asked.epoch,
            snapshotId: { endOffset, epoch },
            position: asked.position,
            replicaDirectoryId: asked.directoryId,
          },
        ],
      },
    ],
  }
}

/** What an answer means; `undefined` when it is none to what was asked. */
export function snapshotPieceAnswerFrom(
  response: FetchSnapshotResponse,
  { id, position }: Pick<SnapshotPieceAsked, 'id' | 'position'>,
): SnapshotPieceAnswer | undefined {
  if (response.errorCode !== 0) return { error: errorName(response.errorCode), leader: NOBODY, size: 0, bytes: NOTHING }
  const partition = response.topics[0]?.partitions[0]
  if (partition === undefined) return undefined
  const { snapshotId, currentLeader } = partition
  const error = errorName(partition.errorCode)
  const isWhatWasAsked = snapshotId.endOffset === id.endOffset && snapshotId.epoch === id.epoch && partition.position === position
  if (error === 'NONE' && !isWhatWasAsked) return undefined
  // Kafka leaves the leader out of an answer without an error; then the field is all zero, and there never is an epoch 0.
  const leader = currentLeader.leaderEpoch === 0 ? NOBODY : { leaderId: known(currentLeader.leaderId), epoch: currentLeader.leaderEpoch }
  return { error, leader, size: partition.size, bytes: partition.unalignedRecords ?? NOTHING }
}

/** What is asked of the metadata partition, or why there is no answer to it. */
export function snapshotPieceAskedFrom(request: FetchSnapshotRequest, clusterId: string): SnapshotPieceAsked | ErrorName {
  if (request.clusterId !== null && request.clusterId !== clusterId) return 'INCONSISTENT_CLUSTER_ID'
  const topic = request.topics.find(each => each.name === METADATA_TOPIC)
  const partition = topic?.partitions.find(each => each.partition === METADATA_PARTITION)
  if (partition === undefined) return 'UNKNOWN_TOPIC_OR_PARTITION'
  return {
    clusterId,
    replicaId: request.replicaId,
    directoryId: partition.replicaDirectoryId,
    epoch: partition.currentLeaderEpoch,
    id: partition.snapshotId,
    position: partition.position,
    maxBytes: request.maxBytes,
  }
}

export function snapshotPieceResponse(
  answer: SnapshotPieceAnswer | ErrorName,
  asked?: Pick<SnapshotPieceAsked, 'id' | 'position'>,
): ResponseInput<typeof FetchSnapshot> {
  if (typeof answer === 'string' || asked === undefined) {
    return { throttleTimeMs: 0, errorCode: errorCode(typeof answer === 'string' ? answer : answer.error), topics: [] }
  }
  const { endOffset, epoch } = asked.id
  return {
    throttleTimeMs: 0,
    errorCode: 0,
    topics: [
      {
        name: METADATA_TOPIC,
        partitions: [
          {
            index: METADATA_PARTITION,
            errorCode: errorCode(answer.error),
            snapshotId: { endOffset, epoch },
            currentLeader: leaderFields(answer.leader),
            size: answer.size,
            position: asked.position,
            unalignedRecords: answer.bytes,
          },
        ],
      },
    ],
  }
}
