import type { TopicMetadata } from './clusterMetadata.ts'
import { known } from './describedGroups.ts'
import { FetchedRecords } from './fetchedRecords.ts'
import { fetchFrom } from './fetching.ts'
import { topicsByName } from './groupLooks.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { EARLIEST, listOffsets } from './offsets.ts'

/** Room for a usual batch. Where the next record's batch is larger and not the first of an answer, its age stays unknown. */
const PARTITION_BYTES = 64 * 1024
const MAX_BYTES = 8 * 1024 * 1024
const TIMEOUT_MS = 2_000
/** Where a log has nothing but markers of transactions for so long, the age stays unknown. */
const ROUNDS = 3

export interface UnreadAt {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/**
 * The timestamps of the first records at or behind these offsets: what groups would read next. A committed offset need not have a record any more:
 * compaction took it, retention took it, or it was a marker; then the next one that is left counts. Without any the partition is left out, as it is
 * when nobody answers in time: an age is never worth an error.
 */
export async function timestampsAt(
  client: KafkaClient,
  wanted: readonly UnreadAt[],
): Promise<readonly (UnreadAt & { timestampMs: number })[]> {
  const topics = await topicsByName(client, [...new Set(wanted.map(({ topic }) => topic))])
  const found: (UnreadAt & { timestampMs: number })[] = []
  await Promise.all(
    [...topics.values()].map(async topic => {
      const of = wanted.filter(each => each.topic === topic.name)
      const byLeader = Map.groupBy(of, ({ partition }) => topic.partitions.find(each => each.partition === partition)?.leader ?? null)
      await Promise.all(
        [...byLeader].map(async ([leader, asked]) => {
          if (leader !== null) found.push(...((await known(askLeader(client, leader, topic, asked))) ?? []))
        }),
      )
    }),
  )
  return found
}

async function askLeader(client: KafkaClient, leader: number, topic: TopicMetadata, asked: readonly UnreadAt[]) {
  const found: (UnreadAt & { timestampMs: number })[] = []
  let waiting = asked.map(each => ({ wanted: each, offset: each.offset }))
  for (let round = 0; round < ROUNDS && waiting.length > 0; round++) {
    const answers = await fetchFrom(
      (api, ask, options) => client.broker(leader, 'records', api, ask, options),
      topic,
      waiting.map(({ wanted: { partition }, offset }) => ({ partition, offset, maxBytes: PARTITION_BYTES })),
      { maxWaitMs: 0, maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS },
    )
    const again: typeof waiting = []
    const tooEarly: typeof waiting = []
    for (const each of waiting) {
      const answer = answers.get(each.wanted.partition)
      if (answer?.error === 'OFFSET_OUT_OF_RANGE') tooEarly.push(each)
      if (answer?.error !== 'NONE') continue
      const { batches, next } = new FetchedRecords(answer.records, each.offset)
      const record = batches.flatMap(batch => batch.records).find(({ offset }) => offset >= each.offset)
      if (record !== undefined && record.timestamp >= 0) found.push({ ...each.wanted, timestampMs: record.timestamp })
      else if (record === undefined && next > each.offset) again.push({ ...each, offset: next })
    }
    waiting = [...again, ...(await fromTheStart(client, topic, tooEarly))]
  }
  return found
}

/** Retention has taken what was to be read next. */
async function fromTheStart<T extends { readonly wanted: UnreadAt; readonly offset: number }>(
  client: KafkaClient,
  topic: TopicMetadata,
  tooEarly: readonly T[],
): Promise<T[]> {
  if (tooEarly.length === 0) return []
  const numbers = new Set(tooEarly.map(({ wanted }) => wanted.partition))
  const partitions = topic.partitions.filter(({ partition }) => numbers.has(partition))
  const starts = await listOffsets(client, [{ ...topic, partitions }], EARLIEST, client.deadline(TIMEOUT_MS))
  return tooEarly.flatMap(each => {
    const start = starts.get(topic.name, each.wanted.partition)
    return start === undefined || start <= each.offset ? [] : [{ ...each, offset: start }]
  })
}
