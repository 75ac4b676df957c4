import type { Uuid } from '../../../base/uuid.ts'
import type { ErrorName } from '../../../protocol/errors.ts'
import { checkMember, type Group, type Moment } from './group.ts'
import type { GroupEntry } from './groupTables.ts'
import { Turn } from './turn.ts'

/** An OffsetCommit, as far as the group cares: its topics exist and the client may read them. */
export interface CommitRequest {
  /** Empty, with generation -1, from whoever is no member: a consumer with partitions of its own choice, or a person. */
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly generationId: number
  /** From clients that choose one (before version 5); -1 otherwise. */
  readonly retentionTimeMs: number
  readonly topics: readonly CommitTopic[]
}

export interface CommitTopic {
  readonly topic: string
  readonly topicId: Uuid | undefined
  readonly partitions: readonly {
    readonly partition: number
    readonly offset: number
    readonly leaderEpoch: number
    readonly metadata: string | null
  }[]
}

export interface CommitDecision {
  readonly group: Group | undefined
  readonly entries: readonly GroupEntry[]
  /** For all partitions alike; `NONE` when each has its own in `topics`. */
  readonly error: ErrorName
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly { readonly partition: number; readonly error: ErrorName }[]
  }[]
}

/** `group` is undefined when there is none of that name. */
export function commitOffsets(
  groupId: string,
  group: Group | undefined,
  request: CommitRequest,
  at: Moment,
  { offsetMetadataMaxBytes }: { readonly offsetMetadataMaxBytes: number },
): CommitDecision {
  const error = refusal(group, request)
  if (error !== 'NONE') return { group, entries: [], error, topics: [] }
  const entries: GroupEntry[] = []
  const expireTimestampMs = request.retentionTimeMs < 0 ? -1 : at.timestampMs + request.retentionTimeMs
  // The record version that carries an expiry carries nothing newer, and what is kept must be what can be read again.
  const origin = (leaderEpoch: number, topicId: Uuid | undefined) =>
    expireTimestampMs < 0 ? { leaderEpoch, topicId } : { leaderEpoch: -1, topicId: undefined }
  const topics = request.topics.map(({ topic, topicId, partitions }) => ({
    topic,
    partitions: partitions.map(({ partition, offset, leaderEpoch, metadata }) => {
      if (metadata !== null && isLongerThan(metadata, offsetMetadataMaxBytes)) {
        return { partition, error: 'OFFSET_METADATA_TOO_LARGE' as const }
      }
      const committed = {
        offset,
        metadata: metadata ?? '',
        commitTimestampMs: at.timestampMs,
        expireTimestampMs,
        ...origin(leaderEpoch, topicId),
      }
      entries.push({ type: 'offsetCommitted', groupId, topic, partition, committed })
      return { partition, error: 'NONE' as const }
    }),
  }))
  return { group: group && renewedBy(group, request.memberId, at), entries, error: 'NONE', topics }
}

function refusal(group: Group | undefined, { memberId, groupInstanceId, generationId }: CommitRequest): ErrorName {
  if (group === undefined) return generationId < 0 ? 'NONE' : 'GROUP_ID_NOT_FOUND'
  const { state } = group.phase
  if (generationId < 0 && state === 'Empty') return 'NONE'
  // Who chooses its partitions itself must not move the offsets of a group that lives.
  if (generationId < 0 && memberId === '' && groupInstanceId === null) return 'UNKNOWN_MEMBER_ID'
  const error = checkMember(group, memberId, groupInstanceId)
  if (error !== 'NONE') return error
  if (generationId !== group.generationId) return 'ILLEGAL_GENERATION'
  // The new generation has begun and the member knows it, so that its partitions may already be another's.
  return state === 'CompletingRebalance' ? 'REBALANCE_IN_PROGRESS' : 'NONE'
}

/** A member that commits is alive. */
function renewedBy(group: Group, memberId: string, at: Moment): Group {
  if (!group.members.has(memberId)) return group
  const turn = new Turn(group, at)
  turn.renewSession(memberId)
  return turn.group
}

function isLongerThan(text: string, bytes: number): boolean {
  // UTF-8 takes one to three bytes for each UTF-16 unit, so that most texts need not be measured.
  return text.length * 3 > bytes && Buffer.byteLength(text) > bytes
}
