import type { OffsetRange } from '../contract/messages.ts'
import type { TopicMetadata } from './clusterMetadata.ts'
import { type FetchedBatch, FetchedRecords, type FetchedRecordsCache } from './fetchedRecords.ts'
import { fetchFrom, type FetchedPartition } from './fetching.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { isTransient, KafkaError } from './kafkaError.ts'
import { EARLIEST, LATEST, listOffsets } from './offsets.ts'
import { backoffMs, type Deadline, sleep } from './waiting.ts'

const READ_PATIENCE_MS = 12_000
const FETCH_TIMEOUT_MS = 4_000
/** What one answer may bring: read, shown and dropped before the next is asked for. */
const MAX_BYTES = 4 * 1024 * 1024
const MIN_PARTITION_BYTES = 64 * 1024
const MAX_PARTITION_BYTES = 1024 * 1024
/** A guess, to fetch about as much as is wanted. */
const BYTES_PER_OFFSET = 512

type Take = (partition: number, batch: FetchedBatch) => void

/** Of one partition what is still to be read: disjoint, in order. */
type Gap = { from: number; to: number }

/**
 * Gives every batch that overlaps one of the ranges to `take`: of one partition in offset order, each batch once. All leaders are asked at the
 * same time, each for many ranges at once; what is cached is not asked for. Throws when a range cannot be read to its end in time.
 */
export async function readRanges(
  client: KafkaClient,
  cache: FetchedRecordsCache,
  name: string,
  ranges: readonly OffsetRange[],
  take: Take,
): Promise<void> {
  const gaps = new Map([...Map.groupBy(ranges, ({ partition }) => partition)].map(([partition, of]) => [partition, merged(of)]))
  const deadline = client.deadline(READ_PATIENCE_MS)
  for (let failures = 0; ;) {
    const topic = await client.topic(name, { deadline })
    const read = new Reading(client, cache, topic, gaps, take)
    read.takeCached()
    if (read.isDone) return
    const { progress, problem } = await read.askLeaders(deadline)
    if (read.isDone) return
    failures = progress ? 0 : failures + 1
    if (problem !== undefined && (!isTransient(problem) || isMissingForSure(problem, failures))) throw problem
    if (problem === undefined && progress) continue
    const pauseMs = backoffMs(client.random, failures)
    if (pauseMs >= deadline.remainingMs) throw problem ?? new KafkaError('REQUEST_TIMED_OUT', `Reading ${name} took too long.`)
    if (problem !== undefined) client.forgetTopic(name)
    await sleep(client.clock, pauseMs)
  }
}

/** A partition that was just added is not known everywhere at once, but soon. */
const isMissingForSure = (problem: Error, failures: number) =>
  problem instanceof KafkaError && problem.code === 'UNKNOWN_TOPIC_OR_PARTITION' && failures > 3

/** One round over one state of the metadata. */
class Reading {
  readonly #client: KafkaClient
  readonly #cache: FetchedRecordsCache
  readonly #topic: TopicMetadata
  readonly #gaps: Map<number, Gap[]>
  readonly #take: Take

  constructor(client: KafkaClient, cache: FetchedRecordsCache, topic: TopicMetadata, gaps: Map<number, Gap[]>, take: Take) {
    this.#client = client
    this.#cache = cache
    this.#topic = topic
    this.#gaps = gaps
    this.#take = take
    this.#forgetDone()
  }

  get isDone(): boolean {
    return this.#gaps.size === 0
  }

  takeCached(): void {
    for (const [partition, gaps] of this.#gaps) {
      for (;;) {
        const [gap] = gaps
        const fetched = gap === undefined ? undefined : this.#cache.find(this.#log(partition), gap.from)
        if (fetched === undefined) break
        this.#takeFrom(partition, gaps, fetched)
      }
    }
    this.#forgetDone()
  }

  /** Asks each leader once. `progress` says whether anything became known that was not; `problem` is the last failure. */
  async askLeaders(deadline: Deadline): Promise<{ progress: boolean; problem: Error | undefined }> {
    let problem: Error | undefined
    let progress = false
    const outside: number[] = []
    const ended: number[] = []
    const byLeader = new Map<number, number[]>()
    for (const partition of this.#gaps.keys()) {
      const metadata = this.#topic.partitions.find(each => each.partition === partition)
      if (metadata === undefined) {
        problem = new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `${this.#topic.name} has no partition ${partition}.`)
      } else if (metadata.leader === null) problem = new KafkaError('LEADER_NOT_AVAILABLE')
      else byLeader.set(metadata.leader, [...(byLeader.get(metadata.leader) ?? []), partition])
    }
    await Promise.all(
      [...byLeader].map(async ([leader, partitions]) => {
        try {
          for (const [partition, answer] of await this.#fetch(leader, partitions)) {
            const { error } = answer
            if (error === 'NONE' && this.#isAtEnd(partition, answer)) ended.push(partition)
            else if (error === 'NONE') progress = this.#took(partition, answer) || progress
            else if (error === 'OFFSET_OUT_OF_RANGE') outside.push(partition)
            else problem = new KafkaError(error)
          }
        } catch (failure) {
          problem = failure as Error
        }
      }),
    )
    if (outside.length > 0) progress = (await this.#skipMissing(outside, deadline)) || progress
    if (ended.length > 0) {
      const { skipped, doubt } = await this.#skipBehindEnd(ended, deadline)
      progress ||= skipped
      problem ??= doubt
    }
    this.#forgetDone()
    return { progress, problem }
  }

  #fetch(leader: number, partitions: readonly number[]): Promise<ReadonlyMap<number, FetchedPartition>> {
    const asked = partitions.map(partition => {
      const gaps = this.#gaps.get(partition)!
      const offsets = gaps.at(-1)!.to - gaps[0]!.from
      const maxBytes = Math.min(MAX_PARTITION_BYTES, Math.max(MIN_PARTITION_BYTES, offsets * BYTES_PER_OFFSET))
      return { partition, offset: gaps[0]!.from, maxBytes }
    })
    return fetchFrom((api, ask, options) => this.#client.broker(leader, 'records', api, ask, options), this.#topic, asked, {
      maxWaitMs: 0,
      maxBytes: MAX_BYTES,
      timeoutMs: FETCH_TIMEOUT_MS,
    })
  }

  /** What retention took away, or what lies beyond the end, has no records. Which of the two it is, the leader tells only if asked. */
  async #skipMissing(outside: readonly number[], deadline: Deadline): Promise<boolean> {
    const partitions = this.#topic.partitions.filter(({ partition }) => outside.includes(partition))
    const starts = await listOffsets(this.#client, [{ ...this.#topic, partitions }], EARLIEST, deadline)
    for (const partition of outside) {
      const start = starts.get(this.#topic.name, partition)
      const gaps = this.#gaps.get(partition)
      if (start === undefined || gaps === undefined) continue
      if (start > (gaps[0]?.from ?? 0)) skipTo(gaps, start)
      else gaps.length = 0
    }
    return starts.size > 0
  }

  /** Nothing came although the log is said to end here: other partitions did not take all the room there was. */
  #isAtEnd(partition: number, { records, highWatermark }: FetchedPartition): boolean {
    const from = this.#gaps.get(partition)?.[0]?.from
    return records.length === 0 && from !== undefined && from >= highWatermark
  }

  /**
   * A leader that was just elected may not know for a moment that what the last one called committed is so, and its log would seem to end before records
   * that a person has already seen. Asked for the end it says that it does not know (KIP-207).
   */
  async #skipBehindEnd(ended: readonly number[], deadline: Deadline): Promise<{ skipped: boolean; doubt: Error | undefined }> {
    const partitions = this.#topic.partitions.filter(({ partition }) => ended.includes(partition))
    const ends = await listOffsets(this.#client, [{ ...this.#topic, partitions }], LATEST, deadline)
    let skipped = false
    let doubt: Error | undefined
    for (const partition of ended) {
      const end = ends.get(this.#topic.name, partition)
      const gaps = this.#gaps.get(partition)
      if (end === undefined) doubt = ends.problem
      if (end === undefined || gaps?.[0] === undefined || gaps[0].from < end) continue
      gaps.length = 0
      skipped = true
    }
    return { skipped, doubt }
  }

  #took(partition: number, { records }: FetchedPartition): boolean {
    const gaps = this.#gaps.get(partition)
    const [gap] = gaps ?? []
    if (gaps === undefined || gap === undefined) return false
    const fetched = new FetchedRecords(records, gap.from)
    if (fetched.next > gap.from) {
      this.#cache.add(this.#log(partition), fetched)
      this.#takeFrom(partition, gaps, fetched)
      return true
    }
    return false
  }

  #takeFrom(partition: number, gaps: Gap[], fetched: FetchedRecords): void {
    for (const batch of fetched.batches) {
      const [gap] = gaps
      if (gap === undefined) return
      if (batch.next <= gap.from) continue
      if (batch.from < gap.to) this.#take(partition, batch)
      skipTo(gaps, batch.next)
    }
  }

  #forgetDone(): void {
    for (const [partition, gaps] of this.#gaps) if (gaps.length === 0) this.#gaps.delete(partition)
  }

  #log(partition: number): string {
    return `${this.#topic.topicId ?? this.#topic.name} ${partition}`
  }
}

/** All before `offset` is known. */
function skipTo(gaps: Gap[], offset: number): void {
  while (gaps.length > 0 && gaps[0]!.to <= offset) gaps.shift()
  if (gaps.length > 0) gaps[0]!.from = Math.max(gaps[0]!.from, offset)
}

function merged(ranges: readonly OffsetRange[]): Gap[] {
  const gaps: Gap[] = []
  for (const { from, to } of ranges.toSorted((one, other) => one.from - other.from)) {
    if (from >= to) continue
    const last = gaps.at(-1)
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to)
    else gaps.push({ from, to })
  }
  return gaps
}
