import { errorCode, type ErrorName } from '../../protocol/errors.ts'
import { ListOffsets, type ListOffsetsRequest } from '../../protocol/messages/listOffsets.ts'
import { LogClosed } from '../../storage/partitionLog.ts'
import type { Partition } from '../replication/partition.ts'
import { handle } from './handle.ts'

const LATEST = -1
const EARLIEST = -2
const MAX_TIMESTAMP = -3
const EARLIEST_LOCAL = -4
const LATEST_TIERED = -5
const CONSUMER = -1
/** Of Kafka's tools that compare replicas. */
const ANY_REPLICA = -2
const READ_COMMITTED = 1
/** With which version each special timestamp came; later ones are for tiered storage that is still being filled. */
const FIRST_VERSION_WITH: Readonly<Record<number, number>> = {
  [LATEST]: 1,
  [EARLIEST]: 1,
  [MAX_TIMESTAMP]: 7,
  [EARLIEST_LOCAL]: 8,
  [LATEST_TIERED]: 9,
}
const FIRST_VERSION_WITH_LEADER_EPOCH = 4
const FIRST_VERSION_WITH_OFFSET_NOT_AVAILABLE = 5

interface Found {
  readonly error: ErrorName
  readonly timestamp: number
  readonly offset: number
  readonly leaderEpoch: number
}

const nowhere: Found = { error: 'NONE', timestamp: -1, offset: -1, leaderEpoch: -1 }

export const listOffsets = handle(ListOffsets, async (request, { replicas, allowed }, call) => {
  const found = request.topics.map(({ name, partitions }) => partitions.map(({ partitionIndex }) => replicas.find(name, partitionIndex)))
  const settling = replicas.settled(found.flat())
  if (settling !== undefined) await settling
  const isUnavailable = call.apiVersion >= FIRST_VERSION_WITH_OFFSET_NOT_AVAILABLE ? 'OFFSET_NOT_AVAILABLE' : 'LEADER_NOT_AVAILABLE'
  const twice = request.topics.map(({ partitions }) => namedTwice(partitions))
  const topics = request.topics.map(async ({ name, partitions }, position) => ({
    name,
    partitions: await Promise.all(
      partitions.map(async (asked, index) => {
        const partition = found[position]![index]!
        const isAllowed = allowed(call, 'describe', { type: 'topic', name })
        const isTwice = twice[position]!.has(asked.partitionIndex)
        const { error, timestamp, offset, leaderEpoch } = !isAllowed
          ? refused('TOPIC_AUTHORIZATION_FAILED')
          : isTwice
            ? refused('INVALID_REQUEST')
            : !isKnown(asked.timestamp, call.apiVersion)
              ? refused('UNSUPPORTED_VERSION')
              : typeof partition === 'string'
                ? refused(partition)
                : await look(partition, asked, request, isUnavailable)
        const epoch = call.apiVersion >= FIRST_VERSION_WITH_LEADER_EPOCH ? { leaderEpoch } : {}
        return { partitionIndex: asked.partitionIndex, errorCode: errorCode(error), timestamp, offset, ...epoch }
      }),
    ),
  }))
  return { throttleTimeMs: 0, topics: await Promise.all(topics) }
})

function namedTwice(partitions: readonly { readonly partitionIndex: number }[]): ReadonlySet<number> {
  const named = new Set<number>()
  return new Set(partitions.flatMap(({ partitionIndex }) => (named.size === named.add(partitionIndex).size ? [partitionIndex] : [])))
}

/** The topic was deleted, or the broker is about to end. */
function whenClosed(problem: unknown): 'closed' {
  if (problem instanceof LogClosed) return 'closed'
  throw problem
}

function isKnown(timestamp: number, version: number): boolean {
  return timestamp >= 0 || version >= (FIRST_VERSION_WITH[timestamp] ?? Infinity)
}

function refused(error: ErrorName): Found {
  return { ...nowhere, error }
}

async function look(
  partition: Partition,
  asked: ListOffsetsRequest['topics'][number]['partitions'][number],
  request: ListOffsetsRequest,
  isUnavailable: ErrorName,
): Promise<Found> {
  const isForAnyReplica = request.replicaId === ANY_REPLICA
  const error = isForAnyReplica ? partition.checkReplica(asked.currentLeaderEpoch) : partition.checkLeader(asked.currentLeaderEpoch)
  const { log, leadership } = partition
  if (error !== 'NONE') return refused(error)
  if (log === undefined) return refused('NOT_LEADER_OR_FOLLOWER')
  const isConsumer = request.replicaId === CONSUMER
  const bound = !isConsumer ? log.logEndOffset : request.isolationLevel === READ_COMMITTED ? log.lastStableOffset : log.highWatermark
  // A new leader does not know yet how far its predecessor had told consumers to read; going back would break their trust.
  const isUncertain = isConsumer && log.highWatermark < (leadership?.epochStartOffset ?? 0)
  switch (asked.timestamp) {
    case LATEST:
      return isUncertain ? refused(isUnavailable) : { ...nowhere, offset: bound, leaderEpoch: log.latestEpoch ?? -1 }
    case EARLIEST:
    case EARLIEST_LOCAL:
      return { ...nowhere, offset: log.logStartOffset, leaderEpoch: log.epochAt(log.logStartOffset) ?? -1 }
    case LATEST_TIERED:
      return nowhere
    default: {
      const looked = asked.timestamp === MAX_TIMESTAMP ? log.maxTimestamp() : log.offsetForTimestamp(asked.timestamp)
      const found = await looked.catch(whenClosed)
      if (found === 'closed') return refused('NOT_LEADER_OR_FOLLOWER')
      if (found !== undefined && found.offset < bound) return { error: 'NONE', ...found }
      return isUncertain ? refused(isUnavailable) : nowhere
    }
  }
}
