import { EndTimeline } from './endTimeline.ts'
import type { UnreadAt } from './firstUnread.ts'

/** How often the next record of one partition is read at most. */
const READ_EVERY_MS = 10_000

interface ReadPoint {
  readonly offset: number
  readonly timestampMs: number
  readonly readMs: number
}

const keyOf = (topic: string, partition: number) => `${topic} ${partition}`

/**
 * How old unread records are, of every partition that some group reads: since when a record waits for its reader. What arrived while somebody
 * looked is known from where the log's end was, and needs no reading; what is older has to be read once, and its own timestamp counts: the
 * producer's, unless the topic says LogAppendTime. Between a record that was read and the first look, ages are in proportion.
 */
export class OffsetAges {
  readonly #timelines = new Map<string, EndTimeline>()
  readonly #read = new Map<string, ReadPoint>()

  saw(topic: string, partition: number, end: number, atMs: number): void {
    this.#timeline(topic, partition).saw(end, atMs)
  }

  remember(topic: string, partition: number, earlier: readonly { readonly end: number; readonly atMs: number }[]): void {
    this.#timeline(topic, partition).remember(earlier)
  }

  /** Since when the record at `offset` is there. Undefined where that is not known, or would have to be read. */
  arrivalOf(topic: string, partition: number, offset: number): number | undefined {
    const key = keyOf(topic, partition)
    const timeline = this.#timelines.get(key)
    const arrival = timeline?.arrivalOf(offset)
    if (arrival !== undefined) return arrival
    const read = this.#read.get(key)
    if (read === undefined || offset < read.offset) return undefined
    if (offset === read.offset) return read.timestampMs
    const first = timeline?.first
    if (first === undefined || first.end <= read.offset || first.atMs < read.timestampMs) return undefined
    const part = (offset - read.offset) / (first.end - read.offset)
    return part > 1 ? undefined : read.timestampMs + (first.atMs - read.timestampMs) * part
  }

  /** Whether the record at `offset` should be read, as far as the last time allows. */
  isToBeRead(topic: string, partition: number, offset: number, nowMs: number): boolean {
    const key = keyOf(topic, partition)
    if (this.#timelines.get(key)?.arrivalOf(offset) !== undefined) return false
    const read = this.#read.get(key)
    return read === undefined || (read.offset !== offset && Math.abs(nowMs - read.readMs) >= READ_EVERY_MS)
  }

  wasRead({ topic, partition, offset, timestampMs }: UnreadAt & { readonly timestampMs: number }, nowMs: number): void {
    this.#read.set(keyOf(topic, partition), { offset, timestampMs: Math.min(timestampMs, nowMs), readMs: nowMs })
  }

  #timeline(topic: string, partition: number): EndTimeline {
    const key = keyOf(topic, partition)
    const known = this.#timelines.get(key)
    if (known !== undefined) return known
    const timeline = new EndTimeline()
    this.#timelines.set(key, timeline)
    return timeline
  }
}
