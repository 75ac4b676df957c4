import type { MessageRow } from '../contract/messages.ts'
import type { LogRecord } from '../protocol/records/record.ts'
import type { BrokerLink } from './brokerLink.ts'
import type { TopicMetadata } from './clusterMetadata.ts'
import { FetchedRecords } from './fetchedRecords.ts'
import { type FetchedPartition, fetchFrom } from './fetching.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { isTransient, KafkaError } from './kafkaError.ts'
import { EARLIEST, LATEST, listOffsets } from './offsets.ts'
import { TopicReading } from './topicReading.ts'
import { backoffMs } from './waiting.ts'

/** How long a leader waits for something to come. */
const MAX_WAIT_MS = 500
/** Beyond that wait: a leader that is silent for longer is frozen, or at the end of a very slow line. */
const ANSWER_WITHIN_MS = 4_000
/** Of one leader at a time; nothing more is asked for before these were taken. */
const MAX_BYTES = 1024 * 1024
const PARTITION_MAX_BYTES = 256 * 1024
/** Rows that travel together. */
const ROWS_AT_ONCE = 200
/** Leaders also move without telling those who wait at the old one, and partitions are added. */
const LOOK_AROUND_MS = 1_500
const LOCATE_PATIENCE_MS = 1_000

export interface TopicTailOptions {
  readonly topic: string
  readonly partitions: readonly number[] | null
  readonly reading?: TopicReading
}

interface Arrived {
  readonly leader: number
  /** Where each partition was asked from. */
  readonly from: ReadonlyMap<number, number>
  readonly answer: ReadonlyMap<number, FetchedPartition>
}

/**
 * What is appended to a topic from now on. One fetch at a time waits at each leader, and the next goes out only when the rows of the last were
 * taken, so that a slow reader slows the source. A position moves only past what was given out: when leaders move or brokers die, nothing comes
 * twice and nothing is left out. With no broker to be found it goes on looking; it fails when the topic is gone.
 */
export class TopicTail {
  readonly #client: KafkaClient
  readonly #name: string
  readonly #wanted: ReadonlySet<number> | null
  readonly #reading: TopicReading
  readonly #signal: AbortSignal

  #topic: TopicMetadata | undefined
  /** The next offset of each partition; absent until it is known. */
  readonly #positions = new Map<number, number>()
  /** Positions that the leader does not have any more, or not yet. */
  readonly #outside = new Set<number>()
  /** The partitions that were there at the beginning: of later ones, everything is new. */
  #atBeginning: ReadonlySet<number> | undefined

  readonly #links = new Map<number, BrokerLink>()
  readonly #underWay = new Set<number>()
  /** Leaders that failed are left alone for a moment, in `elapsed` time. */
  readonly #notBefore = new Map<number, number>()
  #arrived: Arrived[] = []
  #failures = 0
  #isLooking = false
  #lookAt = 0
  #failure: Error | undefined
  #wake: (() => void) | undefined

  constructor(client: KafkaClient, { topic, partitions, reading = new TopicReading({ topic }) }: TopicTailOptions, signal: AbortSignal) {
    this.#client = client
    this.#reading = reading
    this.#name = topic
    this.#wanted = partitions === null ? null : new Set(partitions)
    this.#signal = AbortSignal.any([signal, client.closed])
  }

  async *rows(): AsyncGenerator<MessageRow[], void, undefined> {
    const stir = () => this.#stir()
    this.#signal.addEventListener('abort', stir, { once: true })
    try {
      await this.#look()
      while (!this.#signal.aborted) {
        if (this.#failure !== undefined) throw this.#failure
        this.#lookAround()
        this.#askLeaders()
        if (this.#arrived.length === 0) await this.#something()
        for (const arrived of this.#arrived.splice(0)) {
          await this.#reading.prepared(recordsOf(arrived))
          for (const rows of this.#rowsOf(arrived)) {
            if (this.#signal.aborted) return
            yield rows
          }
        }
      }
    } finally {
      this.#signal.removeEventListener('abort', stir)
      for (const link of this.#links.values()) link.close()
    }
  }

  #lookAround(): void {
    if (this.#isLooking || this.#client.clock.elapsed() < this.#lookAt) return
    this.#isLooking = true
    void this.#look()
      .catch((problem: unknown) => {
        if (isTransient(problem)) this.#doubt()
        else this.#failure = problem as Error
      })
      .finally(() => {
        this.#isLooking = false
        this.#stir()
      })
  }

  /** Finds out who leads what, and where to begin in partitions that have no position. */
  async #look(): Promise<void> {
    this.#lookAt = this.#client.clock.elapsed() + LOOK_AROUND_MS
    const topic = await this.#client.topic(this.#name, { isFresh: true })
    const isAnother = this.#topic !== undefined && this.#topic.topicId !== topic.topicId
    if (isAnother) {
      // Deleted and created anew: all of it is new.
      this.#positions.clear()
      this.#atBeginning = new Set()
    }
    this.#topic = topic
    const partitions = topic.partitions.filter(({ partition }) => this.#wanted?.has(partition) ?? true)
    this.#atBeginning ??= new Set(partitions.map(({ partition }) => partition))
    const unknown = partitions.filter(({ partition }) => !this.#positions.has(partition) || this.#outside.has(partition))
    if (unknown.length === 0) return
    const [starts, ends] = await Promise.all([
      listOffsets(this.#client, [{ ...topic, partitions: unknown }], EARLIEST, this.#client.deadline(LOCATE_PATIENCE_MS)),
      listOffsets(this.#client, [{ ...topic, partitions: unknown }], LATEST, this.#client.deadline(LOCATE_PATIENCE_MS)),
    ])
    for (const { partition } of unknown) this.#locate(partition, starts.get(this.#name, partition), ends.get(this.#name, partition))
    // Where nobody could say it yet, ask again soon.
    if (unknown.some(({ partition }) => !this.#positions.has(partition) || this.#outside.has(partition))) this.#doubt()
  }

  #locate(partition: number, start: number | undefined, end: number | undefined): void {
    if (start === undefined || end === undefined) return
    const position = this.#positions.get(partition)
    if (position === undefined) this.#positions.set(partition, this.#atBeginning?.has(partition) === true ? end : start)
    // Retention has overtaken a slow reader, or a loss has taken back the end: there is nothing between.
    else this.#positions.set(partition, position < start ? start : Math.min(position, end))
    this.#outside.delete(partition)
  }

  #askLeaders(): void {
    if (this.#topic === undefined) return
    const now = this.#client.clock.elapsed()
    const positions = new Map<number, Map<number, number>>()
    for (const { partition, leader } of this.#topic.partitions) {
      const position = this.#positions.get(partition)
      if (leader === null || position === undefined || this.#outside.has(partition)) continue
      if (this.#underWay.has(leader) || now < (this.#notBefore.get(leader) ?? 0)) continue
      const ofLeader = positions.get(leader)
      if (ofLeader === undefined) positions.set(leader, new Map([[partition, position]]))
      else ofLeader.set(partition, position)
    }
    for (const [leader, from] of positions) {
      this.#underWay.add(leader)
      void this.#ask(leader, this.#topic, from)
    }
  }

  /** Never rejects: what goes wrong is a reason to look who leads now. */
  async #ask(leader: number, topic: TopicMetadata, from: ReadonlyMap<number, number>): Promise<void> {
    try {
      const link = this.#links.get(leader) ?? (await this.#client.ownLink(leader))
      this.#links.set(leader, link)
      if (this.#signal.aborted) link.close()
      const asked = [...from].map(([partition, offset]) => ({ partition, offset, maxBytes: PARTITION_MAX_BYTES }))
      const answer = await fetchFrom((api, ask, options) => link.send(api, ask, options), topic, asked, {
        maxWaitMs: MAX_WAIT_MS,
        maxBytes: MAX_BYTES,
        timeoutMs: MAX_WAIT_MS + ANSWER_WITHIN_MS,
      })
      this.#arrived.push({ leader, from, answer })
    } catch (problem) {
      this.#links.get(leader)?.close()
      this.#links.delete(leader)
      if (isTransient(problem)) this.#doubt(leader)
      else this.#failure = problem as Error
    } finally {
      this.#underWay.delete(leader)
      this.#stir()
    }
  }

  *#rowsOf({ leader, from, answer }: Arrived): Generator<MessageRow[], void, undefined> {
    let rows: MessageRow[] = []
    let isWell = true
    for (const [partition, offset] of from) {
      const fetched = answer.get(partition)
      if (fetched === undefined) continue
      if (fetched.error === 'OFFSET_OUT_OF_RANGE') this.#outside.add(partition)
      if (fetched.error !== 'NONE') {
        const problem = new KafkaError(fetched.error)
        if (fetched.error !== 'OFFSET_OUT_OF_RANGE' && !isTransient(problem)) throw problem
        isWell = false
        continue
      }
      for (const batch of new FetchedRecords(fetched.records, offset).batches) {
        const position = this.#positions.get(partition)
        // Another leader's answer was ahead, or the topic is another one by now.
        if (position === undefined || batch.next <= position || batch.from > position) continue
        this.#positions.set(partition, batch.next)
        for (const record of batch.records) {
          if (record.offset < position) continue
          rows.push(this.#reading.row(partition, batch.header, record))
          if (rows.length < ROWS_AT_ONCE) continue
          yield rows
          rows = []
        }
      }
    }
    if (rows.length > 0) yield rows
    if (isWell) this.#failures = 0
    else this.#doubt(leader)
  }

  /** Somebody else may lead by now. Asked at once the first time, then ever more slowly. */
  #doubt(leader?: number): void {
    const pauseMs = backoffMs(this.#client.random, this.#failures)
    this.#failures += 1
    const at = this.#client.clock.elapsed() + pauseMs
    if (leader !== undefined) this.#notBefore.set(leader, at)
    this.#lookAt = Math.min(this.#lookAt, at)
  }

  /** Until something arrived, or it is time to look around or to ask a leader again. */
  #something(): Promise<void> {
    const { clock } = this.#client
    const now = clock.elapsed()
    const times = [...this.#notBefore.values(), this.#isLooking ? Infinity : this.#lookAt].filter(at => at > now)
    return new Promise(resolve => {
      const timer = clock.after(Math.max(1, Math.min(LOOK_AROUND_MS, ...times.map(at => at - now))), () => this.#stir())
      this.#wake = () => {
        timer.cancel()
        resolve()
      }
    })
  }

  #stir(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}

/** Only of what can be read: what is wrong with the rest, whoever makes rows of it is told. */
function* recordsOf({ from, answer }: Arrived): Generator<LogRecord, void, undefined> {
  for (const [partition, { error, records }] of answer) {
    if (error === 'NONE') for (const batch of new FetchedRecords(records, from.get(partition) ?? 0).batches) yield* batch.records
  }
}
