import { METADATA_TOPIC_ID, type Uuid, ZERO_UUID } from '../base/uuid.ts'
import type { Address } from '../env/env.ts'
import type { BeginQuorumEpoch } from '../protocol/messages/beginQuorumEpoch.ts'
import { type BeginQuorumEpochRequest } from '../protocol/messages/beginQuorumEpoch.ts'
import type { EndQuorumEpoch } from '../protocol/messages/endQuorumEpoch.ts'
import { type EndQuorumEpochRequest } from '../protocol/messages/endQuorumEpoch.ts'
import type { Fetch } from '../protocol/messages/fetch.ts'
import { type FetchRequest, type FetchResponse } from '../protocol/messages/fetch.ts'
import type { Vote } from '../protocol/messages/vote.ts'
import { type VoteRequest } from '../protocol/messages/vote.ts'
import type { SnapshotId } from '../protocol/files/fileNames.ts'
import { errorCode, type ErrorName, errorName } from '../protocol/errors.ts'
import type { RequestInput, ResponseInput } from '../protocol/schema.ts'
import type { Epoch, LeaderAndEpoch, NodeId, QuorumAnswer, QuorumRequest } from './state.ts'

export const METADATA_TOPIC = '__cluster_metadata'
export const METADATA_PARTITION = 0
/** The listener by which peers reach each other. */
export const PEER_LISTENER = 'CONTROLLER'

/** What a request has to name to be meant for us. */
export interface Addressee {
  readonly nodeId: NodeId
  readonly clusterId: string
  readonly directoryId: Uuid
}

type One = QuorumRequest['type']
type Kind<Type extends One> = Extract<QuorumRequest, { type: Type }>

function inTopic<P>(partition: P): [{ topicName: string; partitions: [P & { partitionIndex: number }] }] {
  return [{ topicName: METADATA_TOPIC, partitions: [{ partitionIndex: METADATA_PARTITION, ...partition }] }]
}

export function voteRequest(request: Kind<'vote'>, to: NodeId, clusterId: string): RequestInput<typeof Vote> {
  const { epoch, candidate, lastEpoch, endOffset, preVote } = request
  return {
    clusterId,
    voterId: to,
    topics: inTopic({
      replicaEpoch: epoch,
      replicaId: candidate.id,
      replicaDirectoryId: candidate.directoryId,
      voterDirectoryId: ZERO_UUID, // static voters do not know each other's directories
      lastOffsetEpoch: lastEpoch,
      lastOffset: endOffset,
      preVote,
    }),
  }
}

export function beginEpochRequest(
  request: Kind<'beginEpoch'>,
  to: NodeId,
  from: { readonly clusterId: string; readonly address: Address | undefined },
): RequestInput<typeof BeginQuorumEpoch> {
  return {
    clusterId: from.clusterId,
    voterId: to,
    topics: inTopic({ voterDirectoryId: ZERO_UUID, leaderId: request.leaderId, leaderEpoch: request.epoch }),
    leaderEndpoints: from.address === undefined ? [] : [{ name: PEER_LISTENER, ...from.address }],
  }
}

export function endEpochRequest(
  request: Kind<'endEpoch'>,
  from: { readonly clusterId: string; readonly address: Address | undefined },
): RequestInput<typeof EndQuorumEpoch> {
  return {
    clusterId: from.clusterId,
    topics: inTopic({
      leaderId: request.leaderId,
      leaderEpoch: request.epoch,
      preferredCandidates: request.preferredSuccessors.map(candidateId => ({ candidateId, candidateDirectoryId: ZERO_UUID })),
    }),
    leaderEndpoints: from.address === undefined ? [] : [{ name: PEER_LISTENER, ...from.address }],
  }
}

/** What each of the three requests is answered with, as far as it has one form. */
interface ElectionResponse {
  readonly errorCode: number
  readonly topics: readonly {
    readonly topicName: string
    readonly partitions: readonly {
      readonly partitionIndex: number
      readonly errorCode: number
      readonly leaderId: number
      readonly leaderEpoch: number
      readonly voteGranted?: boolean
    }[]
  }[]
}

/** What an answer means; `undefined` when it is none to what was asked. */
export function answerFrom(response: ElectionResponse): QuorumAnswer | undefined {
  if (response.errorCode !== 0) return { error: errorName(response.errorCode), leaderId: undefined, epoch: -1, voteGranted: false }
  const partition = response.topics[0]?.partitions[0]
  if (partition === undefined) return undefined
  return {
    error: errorName(partition.errorCode),
    leaderId: known(partition.leaderId),
    epoch: partition.leaderEpoch,
    voteGranted: partition.voteGranted === true,
  }
}

/** What a request means, or why it is not for us. */
export function voteRequestFrom(request: VoteRequest, to: Addressee): Kind<'vote'> | ErrorName {
  const asked = onlyPartition(request, to)
  if (typeof asked === 'string') return asked
  const stranger = strangerTo(to, request.voterId, asked.voterDirectoryId)
  if (stranger !== undefined) return stranger
  return {
    type: 'vote',
    preVote: asked.preVote,
    epoch: asked.replicaEpoch,
    candidate: { id: asked.replicaId, directoryId: asked.replicaDirectoryId },
    lastEpoch: asked.lastOffsetEpoch,
    endOffset: asked.lastOffset,
  }
}

export function beginEpochRequestFrom(request: BeginQuorumEpochRequest, to: Addressee): Kind<'beginEpoch'> | ErrorName {
  const asked = onlyPartition(request, to)
  if (typeof asked === 'string') return asked
  return (
    strangerTo(to, request.voterId, asked.voterDirectoryId) ?? { type: 'beginEpoch', leaderId: asked.leaderId, epoch: asked.leaderEpoch }
  )
}

export function endEpochRequestFrom(request: EndQuorumEpochRequest, to: Addressee): Kind<'endEpoch'> | ErrorName {
  const asked = onlyPartition(request, to)
  if (typeof asked === 'string') return asked
  const named = asked.preferredCandidates.map(each => each.candidateId)
  return {
    type: 'endEpoch',
    leaderId: asked.leaderId,
    epoch: asked.leaderEpoch,
    preferredSuccessors: named.length > 0 ? named : asked.preferredSuccessors,
  }
}

function onlyPartition<P extends { readonly partitionIndex: number }>(
  request: {
    readonly clusterId: string | null
    readonly topics: readonly { readonly topicName: string; readonly partitions: readonly P[] }[]
  },
  to: Addressee,
): P | ErrorName {
  if (request.clusterId !== null && request.clusterId !== to.clusterId) return 'INCONSISTENT_CLUSTER_ID'
  const [topic, ...otherTopics] = request.topics
  const [partition, ...otherPartitions] = topic?.partitions ?? []
  const isOurs = topic?.topicName === METADATA_TOPIC && partition?.partitionIndex === METADATA_PARTITION
  if (!isOurs || partition === undefined || otherTopics.length > 0 || otherPartitions.length > 0) return 'INVALID_REQUEST'
  return partition
}

function strangerTo(to: Addressee, voterId: number, voterDirectoryId: Uuid): ErrorName | undefined {
  const isMeant = (voterId === -1 || voterId === to.nodeId) && (voterDirectoryId === ZERO_UUID || voterDirectoryId === to.directoryId)
  return isMeant ? undefined : 'INVALID_VOTER_KEY'
}

export function voteResponse(answer: QuorumAnswer | ErrorName): ResponseInput<typeof Vote> {
  if (typeof answer === 'string') return { errorCode: errorCode(answer), topics: [] }
  return { errorCode: 0, topics: inTopic({ ...leaderFields(answer), errorCode: errorCode(answer.error), voteGranted: answer.voteGranted }) }
}

/** The answers to BeginQuorumEpoch and EndQuorumEpoch have one form. */
export function epochResponse(answer: QuorumAnswer | ErrorName): ResponseInput<typeof BeginQuorumEpoch> {
  if (typeof answer === 'string') return { errorCode: errorCode(answer), topics: [] }
  return { errorCode: 0, topics: inTopic({ ...leaderFields(answer), errorCode: errorCode(answer.error) }) }
}

export function leaderFields({ leaderId, epoch }: LeaderAndEpoch): { leaderId: number; leaderEpoch: number } {
  return { leaderId: leaderId ?? -1, leaderEpoch: epoch }
}

/** What a follower asks its leader for. */
export interface FetchAsked {
  readonly replicaId: NodeId
  readonly directoryId: Uuid
  readonly clusterId: string
  readonly epoch: Epoch
  readonly fetchOffset: number
  readonly lastFetchedEpoch: Epoch
  readonly logStartOffset: number
  readonly highWatermark: number
  readonly maxWaitMs: number
  readonly maxBytes: number
}

export function fetchRequest(asked: FetchAsked): RequestInput<typeof Fetch> {
  return {
    clusterId: asked.clusterId,
    replicaState: { replicaId: asked.replicaId },
    maxWaitMs: asked.maxWaitMs,
    minBytes: 1,
    maxBytes: asked.maxBytes,
    topics: [
      {
        topicId: METADATA_TOPIC_ID,
        partitions: [
          {
            partition: METADATA_PARTITION,
            currentLeaderEpoch: asked.epoch,
            fetchOffset: asked.fetchOffset,
            lastFetchedEpoch: asked.lastFetchedEpoch,
            logStartOffset: asked.logStartOffset,
            partitionMaxBytes: asked.maxBytes,
            replicaDirectoryId: asked.directoryId,
            highWatermark: asked.highWatermark,
          },
        ],
      },
    ],
  }
}

export interface FetchAnswer {
  readonly error: ErrorName
  readonly leader: LeaderAndEpoch
  readonly diverging: { readonly epoch: Epoch; readonly endOffset: number } | undefined
  /** To be fetched before anything else (KIP-630). */
  readonly snapshot: SnapshotId | undefined
  readonly highWatermark: number
  readonly records: Buffer
  /** Only told: nobody acts on it. */
  readonly logStartOffset?: number
}

const NO_RECORDS = Buffer.alloc(0)

export function fetchAnswerFrom(response: FetchResponse): FetchAnswer | undefined {
  const nobody = { leaderId: undefined, epoch: -1 }
  if (response.errorCode !== 0) {
    const nothing = { diverging: undefined, snapshot: undefined, highWatermark: -1, records: NO_RECORDS }
    return { error: errorName(response.errorCode), leader: nobody, ...nothing }
  }
  const partition = response.responses[0]?.partitions[0]
  if (partition === undefined) return undefined
  const { currentLeader, divergingEpoch, snapshotId } = partition
  return {
    error: errorName(partition.errorCode),
    leader: { leaderId: known(currentLeader.leaderId), epoch: currentLeader.leaderEpoch },
    diverging: divergingEpoch.epoch === -1 ? undefined : divergingEpoch,
    snapshot: snapshotId.epoch === -1 ? undefined : snapshotId,
    highWatermark: partition.highWatermark,
    records: partition.records ?? NO_RECORDS,
  }
}

/** What is asked of the metadata partition, or why there is no answer to it. A request may name other partitions as well; they are not ours. */
export function fetchAskedFrom(request: FetchRequest, clusterId: string): (FetchAsked & { readonly isById: boolean }) | ErrorName {
  if (request.clusterId !== null && request.clusterId !== clusterId) return 'INCONSISTENT_CLUSTER_ID'
  const topic = request.topics.find(each => each.topicId === METADATA_TOPIC_ID || each.topic === METADATA_TOPIC)
  const partition = topic?.partitions.find(each => each.partition === METADATA_PARTITION)
  if (topic === undefined || partition === undefined) return 'INVALID_REQUEST'
  return {
    isById: topic.topicId === METADATA_TOPIC_ID,
    replicaId: request.replicaState.replicaId === -1 ? request.replicaId : request.replicaState.replicaId,
    directoryId: partition.replicaDirectoryId,
    clusterId,
    epoch: partition.currentLeaderEpoch,
    fetchOffset: partition.fetchOffset,
    lastFetchedEpoch: partition.lastFetchedEpoch,
    logStartOffset: partition.logStartOffset,
    highWatermark: partition.highWatermark,
    maxWaitMs: request.minBytes <= 0 ? 0 : request.maxWaitMs,
    maxBytes: Math.min(request.maxBytes, partition.partitionMaxBytes),
  }
}

export function fetchResponse(answer: FetchAnswer | ErrorName, isById = true): ResponseInput<typeof Fetch> {
  if (typeof answer === 'string') return { throttleTimeMs: 0, errorCode: errorCode(answer), responses: [] }
  const { leader, diverging, snapshot, highWatermark, records } = answer
  return {
    throttleTimeMs: 0,
    responses: [
      {
        ...(isById ? { topicId: METADATA_TOPIC_ID } : { topic: METADATA_TOPIC }),
        partitions: [
          {
            partitionIndex: METADATA_PARTITION,
            errorCode: errorCode(answer.error),
            highWatermark,
            lastStableOffset: highWatermark,
            logStartOffset: answer.logStartOffset ?? 0,
            ...(snapshot === undefined ? {} : { snapshotId: { endOffset: snapshot.endOffset, epoch: snapshot.epoch } }),
            ...(diverging === undefined ? {} : { divergingEpoch: diverging }),
            currentLeader: leaderFields(leader),
            abortedTransactions: null,
            records,
          },
        ],
      },
    ],
  }
}

export function known(nodeId: number): NodeId | undefined {
  return nodeId < 0 ? undefined : nodeId
}
