import type { BrokerLink } from '../brokerLink.ts'
import type { TopicMetadata } from '../clusterMetadata.ts'
import { type FetchedPartition, fetchFrom } from '../fetching.ts'
import type { KafkaClient } from '../kafkaClient.ts'
import { isTransient, KafkaError } from '../kafkaError.ts'
import { EARLIEST, listOffsets } from '../offsets.ts'
import { backoffMs, sleep } from '../waiting.ts'
import { MalformedMessage } from '../../protocol/byteReader.ts'
import { batchesIn, batchSize, nextOffset } from '../../protocol/records/batch.ts'
import { PartitionCursor } from './partitionCursor.ts'
import type { SearchFeed, SearchSource, Stretch } from './search.ts'

/** For how long a search goes on looking for a leader when nothing of it gets on. */
const PATIENCE_MS = 12_000
const FETCH_TIMEOUT_MS = 8_000
/** What one answer may bring. The first ones are small, for the sake of the first hits. */
const FIRST_ANSWER_BYTES = 1024 * 1024
/** More would fill an answer with partitions that there is no room for in it. */
const PARTITIONS_AT_ONCE = 100
/** A smaller answer may lie in memory that others use too, and costs little to copy. */
const MOVED_FROM_BYTES = 128 * 1024
/** For how long records that were committed are looked for at a leader that does not have them. */
const LOST_AFTER_MS = 5_000
/** How often partitions without a leader are looked for while others get on. */
const LOOK_AGAIN_MS = 500

/** Reads over Kafka's protocol: all leaders at the same time, each for many partitions at once, the next answer while the last is looked through. */
export const brokerSource =
  (client: KafkaClient, name: string): SearchSource =>
  async feed => {
    const source = new BrokerSource(client, name, feed)
    try {
      await source.run()
    } finally {
      source.close()
    }
  }

class BrokerSource {
  readonly #client: KafkaClient
  readonly #name: string
  readonly #feed: SearchFeed
  readonly #cursors: PartitionCursor[]
  readonly #links = new Map<number, BrokerLink>()
  /** Cursors behind the end that their leader tells of. */
  readonly #beyondSince = new Map<PartitionCursor, number>()
  #progressAt: number
  #problem: Error | undefined

  constructor(client: KafkaClient, name: string, feed: SearchFeed) {
    this.#client = client
    this.#name = name
    this.#feed = feed
    this.#cursors = feed.bounds.map(bounds => new PartitionCursor(bounds, feed.order))
    this.#progressAt = client.clock.elapsed()
    feed.signal.addEventListener('abort', () => this.close(), { once: true })
  }

  close(): void {
    for (const link of this.#links.values()) link.close()
    this.#links.clear()
  }

  async run(): Promise<void> {
    const { clock } = this.#client
    for (let failures = 0; this.#unread.length > 0 && !this.#feed.signal.aborted;) {
      const beganAt = clock.elapsed()
      this.#problem = undefined
      try {
        await this.#round(await this.#client.topic(this.#name))
      } catch (problem) {
        if (!isTransient(problem)) throw problem
        this.#problem = problem as Error
      }
      if (this.#problem === undefined) continue
      failures = this.#progressAt >= beganAt ? 0 : failures + 1
      if (clock.elapsed() - this.#progressAt > PATIENCE_MS) throw this.#problem
      this.#client.forgetTopic(this.#name)
      await sleep(clock, backoffMs(this.#client.random, failures), this.#feed.signal)
    }
  }

  get #unread(): PartitionCursor[] {
    return this.#cursors.filter(({ isDone }) => !isDone)
  }

  /** As long as the metadata holds. */
  async #round(topic: TopicMetadata): Promise<void> {
    const byLeader = new Map<number, PartitionCursor[]>()
    let lookAgainAt = Infinity
    const known = new Map(topic.partitions.map(each => [each.partition, each]))
    for (const cursor of this.#unread) {
      const metadata = known.get(cursor.partition)
      if (metadata === undefined) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `${this.#name} has no partition ${cursor.partition}.`)
      if (metadata.leader === null) {
        this.#problem = new KafkaError('LEADER_NOT_AVAILABLE')
        lookAgainAt = this.#client.clock.elapsed() + LOOK_AGAIN_MS
        continue
      }
      const led = byLeader.get(metadata.leader)
      if (led === undefined) byLeader.set(metadata.leader, [cursor])
      else led.push(cursor)
    }
    const isOver = () => this.#feed.signal.aborted || this.#client.clock.elapsed() >= lookAgainAt
    await Promise.all(
      [...byLeader].map(async ([leader, cursors]) => {
        try {
          await this.#drain(leader, cursors, topic, isOver)
        } catch (problem) {
          if (this.#feed.signal.aborted) return
          if (!isTransient(problem)) throw problem
          this.#problem = problem as Error
          lookAgainAt = 0
        }
      }),
    )
  }

  /** Until all of these are read, or something is wrong. */
  async #drain(leader: number, cursors: PartitionCursor[], topic: TopicMetadata, isOver: () => boolean): Promise<void> {
    let answerBytes = FIRST_ANSWER_BYTES
    for (let waiting = cursors; waiting.length > 0 && !isOver(); waiting = waiting.filter(({ isDone }) => !isDone)) {
      await this.#feed.room()
      if (isOver()) return
      const link = await this.#linkTo(leader)
      const send: Parameters<typeof fetchFrom>[0] = (api, ask, options) => link.send(api, ask, options)
      // Every range of a partition has a cursor, but a partition can be asked for once only.
      const front = waiting.slice(0, PARTITIONS_AT_ONCE)
      const asked = [...new Map(front.toReversed().map(cursor => [cursor.partition, cursor])).values()].reverse()
      const answer = await fetchFrom(
        send,
        topic,
        asked.map(cursor => ({ partition: cursor.partition, offset: cursor.offset, maxBytes: cursor.wantedBytes(answerBytes) })),
        { maxWaitMs: 0, maxBytes: answerBytes, timeoutMs: FETCH_TIMEOUT_MS },
      ).catch((problem: unknown) => {
        link.close()
        this.#links.delete(leader)
        throw problem
      })
      if (this.#feed.signal.aborted) return
      await this.#take(answer, asked, topic)
      answerBytes = Math.min(this.#feed.handfulBytes, answerBytes * 2)
      // Brokers fill an answer in the order of the question: each partition comes to the front.
      const turned = waiting.length > front.length ? front.length : 1
      waiting = [...waiting.slice(turned), ...waiting.slice(0, turned)]
    }
  }

  async #take(answer: ReadonlyMap<number, FetchedPartition>, asked: readonly PartitionCursor[], topic: TopicMetadata): Promise<void> {
    const found: Found[] = []
    const progressAt = this.#progressAt
    const outside: PartitionCursor[] = []
    let problem: Error | undefined
    for (const cursor of asked) {
      const fetched = answer.get(cursor.partition)
      if (fetched === undefined) continue
      if (fetched.error === 'OFFSET_OUT_OF_RANGE') outside.push(cursor)
      else if (fetched.error !== 'NONE') problem = new KafkaError(fetched.error)
      else {
        const { next, length } = wholeBatches(fetched.records)
        if (next > cursor.offset) {
          this.#beyondSince.delete(cursor)
          found.push({ stretch: cursor.take(next, length), records: fetched.records, length })
        } else if (cursor.offset >= fetched.highWatermark) this.#skipOnceSurelyGone(cursor)
      }
    }
    if (found.length > 0) {
      this.#progressAt = this.#client.clock.elapsed()
      this.#hand(found)
    }
    if (outside.length > 0) await this.#skipMissing(outside, topic)
    if (problem !== undefined) throw problem
    if (this.#progressAt === progressAt) throw new KafkaError('REQUEST_TIMED_OUT', `A broker has nothing to tell of ${this.#name}.`)
  }

  /** The whole answer goes to one worker, as it is, when nothing else lies in its memory. */
  #hand(found: readonly Found[]): void {
    const { buffer } = found[0]!.records
    if (buffer.byteLength >= MOVED_FROM_BYTES && found.every(({ records }) => records.buffer === buffer)) {
      const stretches = found.map(({ stretch, records, length }) => ({ ...stretch, at: records.byteOffset, length }))
      this.#feed.scanBytes(new Uint8Array(buffer), stretches)
      return
    }
    const bytes = new Uint8Array(found.reduce((sum, { length }) => sum + length, 0))
    let at = 0
    const stretches = found.map(({ stretch, records, length }) => {
      bytes.set(records.subarray(0, length), at)
      at += length
      return { ...stretch, at: at - length, length }
    })
    this.#feed.scanBytes(bytes, stretches)
  }

  #skip(stretch: Stretch): void {
    this.#progressAt = this.#client.clock.elapsed()
    this.#feed.skip(stretch)
  }

  /** What retention took away, or what lies beyond the end, has no records. Which of the two it is, the leader tells only if asked. */
  async #skipMissing(outside: readonly PartitionCursor[], topic: TopicMetadata): Promise<void> {
    const partitions = topic.partitions.filter(({ partition }) => outside.some(cursor => cursor.partition === partition))
    const starts = await listOffsets(this.#client, [{ ...topic, partitions }], EARLIEST, this.#client.deadline())
    for (const cursor of outside) {
      const start = starts.get(topic.name, cursor.partition)
      if (start === undefined) continue
      if (start > cursor.offset) this.#skip(cursor.take(start, 0))
      else this.#skipOnceSurelyGone(cursor)
    }
  }

  /** A new leader may not know for a moment that what the last one called committed is so. Records that do not come back in a while are lost. */
  #skipOnceSurelyGone(cursor: PartitionCursor): void {
    const now = this.#client.clock.elapsed()
    const since = this.#beyondSince.get(cursor) ?? now
    this.#beyondSince.set(cursor, since)
    if (now - since >= LOST_AFTER_MS) this.#skip(cursor.take(Infinity, 0))
  }

  async #linkTo(leader: number): Promise<BrokerLink> {
    const link = this.#links.get(leader) ?? (await this.#client.ownLink(leader))
    this.#links.set(leader, link)
    if (this.#feed.signal.aborted) link.close()
    return link
  }
}

interface Found {
  readonly stretch: Stretch
  readonly records: Buffer
  readonly length: number
}

/** How many bytes at the front are whole batches, and the offset behind the last of them. */
function wholeBatches(records: Buffer): { next: number; length: number } {
  let next = -1
  let length = 0
  try {
    for (const at of batchesIn(records)) {
      next = Math.max(next, nextOffset(records, at))
      length = at + batchSize(records, at)
    }
  } catch (problem) {
    if (!(problem instanceof MalformedMessage)) throw problem
    // Those before are as good as any. Met again at the front, it ends the search: there is no telling how far it reaches.
    if (length === 0) throw new KafkaError('CORRUPT_MESSAGE', problem.message, { cause: problem, isFinal: true })
  }
  return { next, length }
}
