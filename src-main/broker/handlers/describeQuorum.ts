import { errorCode, errorMessage, type ErrorName } from '../../protocol/errors.ts'
import { DescribeQuorum, type DescribeQuorumRequest } from '../../protocol/messages/describeQuorum.ts'
import type { ResponseInput } from '../../protocol/schema.ts'
import type { Call } from '../../wire/handler.ts'
import { PEER_LISTENER } from '../replication/fetchers.ts'
import { forward } from './forward.ts'
import { type BrokerParts, handle } from './handle.ts'

type Answer = ResponseInput<typeof DescribeQuorum>
type AnsweredPartition = Answer['topics'][number]['partitions'][number]

const METADATA_TOPIC = '__cluster_metadata'
const FIRST_VERSION_WITH_DIRECTORIES = 2

/** Only the leader knows how far the voters are: it answers, and every other broker asks it. */
export const describeQuorum = handle(DescribeQuorum, async (request, parts, call) => {
  const answer = await answerOf(request, parts, call)
  return call.apiVersion >= FIRST_VERSION_WITH_DIRECTORIES ? answer : withoutDirectories(answer)
})

function answerOf(request: DescribeQuorumRequest, parts: BrokerParts, call: Call): Answer | Promise<Answer> {
  const { quorum, allowed, config } = parts
  if (call.listener !== PEER_LISTENER && !allowed(call, 'describe', { type: 'cluster', name: 'kafka-cluster' })) {
    return refused('CLUSTER_AUTHORIZATION_FAILED')
  }
  if (quorum.role === 'leader' || call.listener === PEER_LISTENER) return describe(request, parts)
  return forward(parts, DescribeQuorum, request, { timeoutMs: config.requestTimeoutMs, unreachable: () => refused('REQUEST_TIMED_OUT') })
}

function withoutDirectories(answer: Answer): Answer {
  const plain = ({ replicaId, logEndOffset, lastFetchTimestamp, lastCaughtUpTimestamp }: AnsweredPartition['currentVoters'][number]) => ({
    replicaId,
    logEndOffset,
    lastFetchTimestamp,
    lastCaughtUpTimestamp,
  })
  return {
    errorCode: answer.errorCode,
    topics: answer.topics.map(({ topicName, partitions }) => ({
      topicName,
      partitions: partitions.map(each => ({
        ...each,
        currentVoters: each.currentVoters.map(plain),
        observers: each.observers.map(plain),
      })),
    })),
  }
}

function refused(error: ErrorName): Answer {
  return { errorCode: errorCode(error), errorMessage: errorMessage(error), topics: [] }
}

function describe({ topics }: DescribeQuorumRequest, { quorum }: BrokerParts): Answer {
  const { error, leaderId, leaderEpoch, highWatermark, currentVoters, observers, nodes } = quorum.describe()
  const of = (topicName: string, partitionIndex: number): AnsweredPartition => {
    const isKnown = topicName === METADATA_TOPIC && partitionIndex === 0
    const outcome: ErrorName = isKnown ? error : 'UNKNOWN_TOPIC_OR_PARTITION'
    const told = { errorCode: errorCode(outcome), errorMessage: outcome === 'NONE' ? null : errorMessage(outcome) }
    if (!isKnown) return { partitionIndex, ...told, leaderId: -1, leaderEpoch: -1, highWatermark: -1, currentVoters: [], observers: [] }
    return { partitionIndex, ...told, leaderId, leaderEpoch, highWatermark, currentVoters, observers }
  }
  return {
    errorCode: 0,
    errorMessage: null,
    topics: topics.map(({ topicName, partitions }) => ({
      topicName,
      partitions: partitions.map(({ partitionIndex }) => of(topicName, partitionIndex)),
    })),
    nodes: nodes.map(({ nodeId, host, port }) => ({ nodeId, listeners: [{ name: PEER_LISTENER, host, port }] })),
  }
}
