import { AssertionFailed } from '../../base/assert.ts'
import type { EntryFilter, MetadataEntry, MetadataLogExtent } from '../../contract/metadataLog.ts'
import { applyRecords, type MetadataDelta } from '../../metadata/delta.ts'
import { MetadataImage } from '../../metadata/image.ts'
import type { MetadataRecord, UnknownMetadataRecord } from '../../protocol/messages/metadataRecords.ts'
import { beforeRecord, isTrouble, type LoggedRecord, toldOf, toldOfControl, toldOfUnknown } from './sayings.ts'

/** Between two kept states there are at most so many records, which are applied again to come to one in between. */
const STATE_EVERY = 1_000
/** A record takes some hundred bytes of memory. Of a longer log the oldest records become part of the state before the first one. */
const MOST_ENTRIES = 100_000
const FORGOTTEN_AT_ONCE = 10_000
const PARTS = 120

export interface Position {
  readonly offset: number
  readonly epoch: number
  readonly atMs: number
}

interface Kept extends MetadataEntry {
  readonly record: LoggedRecord
}

/** The state once the record before the `at`-th of all was applied. */
interface State {
  readonly at: number
  readonly image: MetadataImage
  readonly controllerId: number | null
}

export interface StateThen {
  /** Undefined for the state before the first entry. */
  readonly entry: MetadataEntry | undefined
  readonly record: LoggedRecord | undefined
  readonly image: MetadataImage
  readonly delta: MetadataDelta | undefined
  readonly controllerId: number | null
}

/** The records of a metadata log, each with what it did, and the state after any of them. */
export class Timeline {
  readonly #image: MetadataImage
  #controllerId: number | null = null
  #entries: Kept[] = []
  #states: State[]
  /** How many were forgotten. */
  #forgotten = 0
  #before: MetadataLogExtent['before']
  /** A record contradicted all before it, so that nothing can be said of the state from then on. */
  #contradiction: string | null = null

  /** Begins with what a snapshot says, when there is no log from the first record on. */
  constructor(snapshot?: { readonly endOffset: number; readonly records: readonly MetadataRecord[] }) {
    this.#image = new MetadataImage()
    if (snapshot !== undefined) applyRecords(this.#image, snapshot.records)
    this.#before = snapshot === undefined ? null : { endOffset: snapshot.endOffset, why: 'snapshot' }
    this.#states = [{ at: 0, image: this.#image.clone(), controllerId: null }]
  }

  /** -1 before the first entry. */
  get lastOffset(): number {
    return this.#entries.at(-1)?.offset ?? -1
  }

  get contradiction(): string | null {
    return this.#contradiction
  }

  add(position: Position, record: LoggedRecord): void {
    const all = this.#forgotten + this.#entries.length
    if (all - this.#states.at(-1)!.at >= STATE_EVERY) {
      this.#states.push({ at: all, image: this.#image.clone(), controllerId: this.#controllerId })
    }
    this.#entries.push({ ...position, ...this.#take(position, record), record })
    if (this.#entries.length >= MOST_ENTRIES + FORGOTTEN_AT_ONCE) this.#forget(FORGOTTEN_AT_ONCE)
  }

  #take({ offset }: Position, logged: LoggedRecord): Omit<MetadataEntry, keyof Position> {
    if (logged.kind === 'control') {
      if (logged.record.type === 'leaderChange') this.#controllerId = logged.record.leaderId
      return { type: logged.record.type, ...mutable(toldOfControl(logged.record)) }
    }
    const { record } = logged
    if (isUnknown(record)) return { type: record.type, ...mutable(toldOfUnknown(record)) }
    const before = beforeRecord(this.#image, record)
    if (this.#contradiction === null) {
      try {
        applyRecords(this.#image, [record])
      } catch (problem) {
        // To a broker this is the end. Here it is what somebody is looking for, in a log that may be anybody's.
        if (!(problem instanceof AssertionFailed)) throw problem
        this.#contradiction = `${record.type} at offset ${offset}: ${problem.message}`
      }
    }
    return { type: record.type, ...mutable(toldOf(record, before, this.#image)) }
  }

  #forget(count: number): void {
    const last = this.#entries[count - 1]!
    this.#states = [this.#stateBefore(this.#forgotten + count), ...this.#states.filter(({ at }) => at > this.#forgotten + count)]
    this.#entries = this.#entries.slice(count)
    this.#forgotten += count
    this.#before = { endOffset: last.offset + 1, why: 'tooMany' }
  }

  extent(): Pick<MetadataLogExtent, 'entries' | 'firstOffset' | 'lastOffset' | 'before' | 'types' | 'troubles'> {
    const entries = this.#entries
    const types = new Map<string, number>()
    const parts = Math.min(PARTS, entries.length)
    const troubles = Array<number>(parts).fill(0)
    for (const [index, { type, says }] of entries.entries()) {
      types.set(type, (types.get(type) ?? 0) + 1)
      if (says.some(({ kind }) => isTrouble(kind))) troubles[Math.floor((index * parts) / entries.length)]! += 1
    }
    return {
      entries: entries.length,
      firstOffset: entries[0]?.offset ?? null,
      lastOffset: entries.at(-1)?.offset ?? null,
      before: this.#before,
      types: [...types].map(([type, count]) => ({ type, count })).sort((one, other) => other.count - one.count),
      troubles,
    }
  }

  /** Those that the filter lets through, oldest first. */
  matching(filter: EntryFilter): readonly MetadataEntry[] {
    const { types, topic, brokerId } = filter
    if (types.length === 0 && topic === '' && brokerId === null) return this.#entries
    const wanted = new Set(types)
    return this.#entries.filter(
      entry =>
        (wanted.size === 0 || wanted.has(entry.type)) &&
        (topic === '' || entry.topic?.includes(topic) === true) &&
        (brokerId === null || entry.brokers.includes(brokerId)),
    )
  }

  /** The state once the last record at or before this offset counted. */
  stateAt(offset: number): StateThen {
    const index = lastAtOrBefore(this.#entries, offset)
    const entry = this.#entries[index]
    const { image, controllerId } = this.#stateBefore(this.#forgotten + Math.max(0, index))
    if (entry === undefined) return { entry, record: undefined, image, delta: undefined, controllerId }
    const own = image.clone()
    const { record } = entry
    const leaderId = record.kind === 'control' && record.record.type === 'leaderChange' ? record.record.leaderId : controllerId
    return { entry: plain(entry), record, image: own, delta: apply(own, record), controllerId: leaderId }
  }

  #stateBefore(at: number): State {
    const state = this.#states.findLast(each => each.at <= at)!
    const image = state.image.clone()
    let { controllerId } = state
    for (const { record } of this.#entries.slice(state.at - this.#forgotten, at - this.#forgotten)) {
      apply(image, record)
      if (record.kind === 'control' && record.record.type === 'leaderChange') controllerId = record.record.leaderId
    }
    return { at, image, controllerId }
  }
}

/** What contradicts the image changes nothing of it that matters: it was told of when it was read. */
function apply(image: MetadataImage, { kind, record }: LoggedRecord): MetadataDelta | undefined {
  if (kind === 'control' || isUnknown(record)) return undefined
  try {
    return applyRecords(image, [record])
  } catch (problem) {
    if (!(problem instanceof AssertionFailed)) throw problem
    return undefined
  }
}

const isUnknown = (record: LoggedRecord['record']): record is UnknownMetadataRecord => record.type === 'UnknownRecord'

/** The index of the last entry at or before an offset; -1 when all are behind it. */
export function lastAtOrBefore(entries: readonly MetadataEntry[], offset: number): number {
  let [low, high] = [0, entries.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (entries[middle]!.offset <= offset) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** An entry as it goes over the bridge. */
export function plain({ offset, epoch, atMs, type, topic, partition, brokers, says }: MetadataEntry): MetadataEntry {
  return { offset, epoch, atMs, type, topic, partition, brokers, says }
}

const mutable = ({ topic, partition, brokers, says }: ReturnType<typeof toldOf>) => ({
  topic,
  partition,
  brokers: [...brokers],
  says: [...says],
})
