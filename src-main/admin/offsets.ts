import { errorName, isRetriable, wantsRefresh, type ErrorName } from '../protocol/errors.ts'
import { ListOffsets } from '../protocol/messages/listOffsets.ts'
import type { PartitionMetadata, TopicMetadata } from './clusterMetadata.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { isTransient, KafkaError } from './kafkaError.ts'
import { backoffMs, type Deadline, sleep } from './waiting.ts'

/** Points in a log that have a name; every other number is a timestamp. */
export const LATEST = -1
export const EARLIEST = -2

/** What ListOffsets says where no record is that young. */
export const NO_OFFSET = -1

const CONSUMER = -1
/** Whoever says to be this is told of the log end rather than the high watermark, and by followers too. */
const DEBUGGER = -2
/** Of a follower, who has none of its own. */
const ANY_EPOCH = -1
const TIMEOUT_MS = 2_500
/** A partition without a leader is not waited for as long as one whose leader is only being looked for. */
const LEADERLESS_PATIENCE_MS = 400

/** Offsets by topic and partition. What could not be learned is absent, and `problem` says why the last of it could not. */
export class OffsetTable {
  readonly #offsets = new Map<string, Map<number, number>>()
  problem: Error | undefined

  get(topic: string, partition: number): number | undefined {
    return this.#offsets.get(topic)?.get(partition)
  }

  set(topic: string, partition: number, offset: number): void {
    let partitions = this.#offsets.get(topic)
    if (partitions === undefined) this.#offsets.set(topic, (partitions = new Map<number, number>()))
    partitions.set(partition, offset)
  }

  get size(): number {
    let size = 0
    for (const partitions of this.#offsets.values()) size += partitions.size
    return size
  }
}

interface Wanted {
  readonly topic: string
  readonly partition: number
}

/**
 * Asks every leader once for all of its partitions, and again, with fresh metadata, for those that moved meanwhile, until the deadline. Never
 * throws: one dead broker must not hide what the others know.
 */
export async function listOffsets(
  client: KafkaClient,
  topics: readonly TopicMetadata[],
  timestamp: number,
  deadline: Deadline,
): Promise<OffsetTable> {
  const table = new OffsetTable()
  const leaderlessUntil = client.deadline(LEADERLESS_PATIENCE_MS)
  let wanted = topics
  for (let failures = 0; ; failures++) {
    const { missing, isLeaderless } = await askLeaders(client, wanted, timestamp, table)
    if (missing.length === 0) return table
    const pauseMs = backoffMs(client.random, failures)
    if (pauseMs >= deadline.remainingMs || (isLeaderless && leaderlessUntil.isOver)) return table
    await sleep(client.clock, pauseMs)
    wanted = await moved(client, missing, deadline)
  }
}

/** One question per leader, all at once. */
async function askLeaders(client: KafkaClient, topics: readonly TopicMetadata[], timestamp: number, table: OffsetTable) {
  const byLeader = new Map<number, AskedPartition[]>()
  const missing: Wanted[] = []
  let isLeaderless = true
  for (const { name: topic, partitions } of topics) {
    for (const { partition, leader, leaderEpoch } of partitions) {
      if (leader === null) {
        missing.push({ topic, partition })
        table.problem = new KafkaError('LEADER_NOT_AVAILABLE')
        continue
      }
      const asked = byLeader.get(leader)
      if (asked === undefined) byLeader.set(leader, [{ topic, partition, leaderEpoch }])
      else asked.push({ topic, partition, leaderEpoch })
    }
  }
  const tryAgain = (each: Wanted, why: Error) => {
    table.problem = why
    isLeaderless = false
    missing.push(each)
  }
  await Promise.all(
    [...byLeader].map(async ([leader, asked]) => {
      try {
        const answer = await client.broker(leader, 'query', ListOffsets, () => requestFor(asked, timestamp), { timeoutMs: TIMEOUT_MS })
        for (const { name, partitions } of answer.topics) {
          for (const { partitionIndex, errorCode, offset } of partitions) {
            const error = errorName(errorCode)
            if (error === 'NONE') table.set(name, partitionIndex, offset)
            else if (mayChange(error)) tryAgain({ topic: name, partition: partitionIndex }, new KafkaError(error))
            else table.problem = new KafkaError(error)
          }
        }
      } catch (problem) {
        if (isTransient(problem)) for (const each of asked) tryAgain(each, problem as Error)
        else if (problem instanceof KafkaError) table.problem = problem
        else throw problem
      }
    }),
  )
  return { missing, isLeaderless }
}

const mayChange = (error: ErrorName) => wantsRefresh(error) || isRetriable(error)

interface AskedPartition extends Wanted {
  readonly leaderEpoch: number
}

function requestFor(asked: readonly AskedPartition[], timestamp: number, replicaId = CONSUMER) {
  return {
    replicaId,
    topics: [...Map.groupBy(asked, ({ topic }) => topic)].map(([name, partitions]) => ({
      name,
      partitions: partitions.map(({ partition, leaderEpoch }) => ({
        partitionIndex: partition,
        currentLeaderEpoch: leaderEpoch,
        timestamp,
      })),
    })),
  }
}

/**
 * Where the logs of one broker's replicas start or end, followers included. Brokers that tell this of leaders only, or not at all, leave the table
 * with less in it.
 */
export async function listReplicaOffsets(
  client: KafkaClient,
  brokerId: number,
  wanted: readonly { readonly topic: string; readonly partition: number }[],
  timestamp: number,
): Promise<OffsetTable> {
  const table = new OffsetTable()
  const asked = wanted.map(each => ({ ...each, leaderEpoch: ANY_EPOCH }))
  try {
    const request = requestFor(asked, timestamp, DEBUGGER)
    const answer = await client.broker(brokerId, 'query', ListOffsets, () => request, { timeoutMs: TIMEOUT_MS })
    for (const { name, partitions } of answer.topics) {
      for (const { partitionIndex, errorCode, offset } of partitions) {
        if (errorName(errorCode) === 'NONE' && offset !== NO_OFFSET) table.set(name, partitionIndex, offset)
      }
    }
  } catch (problem) {
    if (!isTransient(problem) && !(problem instanceof KafkaError)) throw problem
    table.problem = problem as Error
  }
  return table
}

/** The same partitions, with the leaders they have now. Topics that are gone, or cannot be learned of, are left out. */
async function moved(client: KafkaClient, missing: readonly Wanted[], deadline: Deadline): Promise<TopicMetadata[]> {
  const found = await Promise.all(
    [...Map.groupBy(missing, ({ topic }) => topic)].map(async ([name, wanted]) => {
      const numbers = new Set(wanted.map(({ partition }) => partition))
      try {
        const topic = await client.topic(name, { isFresh: true, deadline })
        return { ...topic, partitions: topic.partitions.filter(({ partition }: PartitionMetadata) => numbers.has(partition)) }
      } catch (problem) {
        if (problem instanceof KafkaError || isTransient(problem)) return undefined
        throw problem
      }
    }),
  )
  return found.filter(each => each !== undefined)
}
