import type { LagStatus, PartitionLag } from '../contract/groups.ts'
import type { Clock } from '../env/env.ts'
import type { SeriesStore } from '../env/seriesStore.ts'
import { timestampsAt, type UnreadAt } from './firstUnread.ts'
import type { GroupLook } from './groupLooks.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { LagAlerts } from './lagAlerts.ts'
import { LagNotes } from './lagNotes.ts'
import { catchUpMs, lagStatus, ratesOf, worstOf } from './lagStatus.ts'
import { LagWindow, WINDOW_MS } from './lagWindow.ts'
import { OffsetAges } from './offsetAges.ts'
import { WEEK_MS } from '../contract/lagHistory.ts'

/** So many records are read at a time to learn how old they are; who is far behind in more partitions than that is waited for. */
const READS_AT_ONCE = 200
/** Of so many groups a pass looks up what was noted down long ago. It costs some milliseconds of each. */
const LOOKED_UP_AT_ONCE = 4

/** What the looks at a group add up to. */
export interface GroupLag {
  readonly partitions: PartitionLag[]
  readonly totalLag: number | null
  readonly lagMs: number | null
  readonly status: LagStatus
  readonly consumedPerSecond: number | null
  readonly producedPerSecond: number | null
}

const keyOf = ({ topic, partition }: { readonly topic: string; readonly partition: number }) => `${topic} ${partition}`

/** What one cluster's groups did over the last minutes and how old their unread records are, from whatever looks somebody had at them. */
export class LagWatch {
  readonly notes: LagNotes
  readonly alerts: LagAlerts
  readonly #clock: Clock
  readonly #ages = new OffsetAges()
  readonly #windows = new Map<string, Map<string, LagWindow>>()
  /** Groups whose notes of the whole week were looked up. */
  readonly #lookedUp = new Set<string>()

  constructor(clock: Clock, store: SeriesStore, clusterId: string) {
    this.#clock = clock
    this.notes = new LagNotes(store, clusterId)
    this.alerts = new LagAlerts(store, clusterId)
  }

  /** Takes what was seen, reads what is needed to tell how old it is, and notes down what is due. In the order of the looks. */
  async take(client: KafkaClient, looks: readonly GroupLook[]): Promise<GroupLag[]> {
    for (const look of looks) this.#see(look)
    await this.#learnAges(client, looks)
    const lags = looks.map(look => this.#judge(look))
    this.#note(looks, lags)
    return lags
  }

  /** Forgets what it keeps in memory of groups that do not exist any more. */
  keepOnly(groupIds: ReadonlySet<string>): void {
    for (const groupId of this.#windows.keys()) {
      if (groupIds.has(groupId)) continue
      this.#windows.delete(groupId)
      this.#lookedUp.delete(groupId)
    }
  }

  #see({ groupId, atMs, hasMembers, partitions }: GroupLook): void {
    const windows = this.#windows.get(groupId) ?? this.#windowsFromNotes(groupId, atMs)
    this.#windows.set(groupId, windows)
    for (const position of partitions) {
      const { topic, partition, committedOffset, logEndOffset } = position
      if (logEndOffset !== null) this.#ages.saw(topic, partition, logEndOffset, atMs)
      if (committedOffset === null || logEndOffset === null) continue
      const key = keyOf(position)
      const window = windows.get(key) ?? new LagWindow()
      windows.set(key, window)
      window.take({ atMs, committed: committedOffset, end: logEndOffset, hasMembers })
    }
    if (windows.size <= partitions.length) return
    const there = new Set(partitions.map(keyOf))
    for (const key of windows.keys()) if (!there.has(key)) windows.delete(key)
  }

  /** The minutes before this host started, when the last one ran until then. */
  #windowsFromNotes(groupId: string, nowMs: number): Map<string, LagWindow> {
    const windows = new Map<string, LagWindow>()
    for (const { fromMs, untilMs, hasMembers, partitions } of this.notes.read(groupId, {
      fromMs: nowMs - WINDOW_MS,
      toMs: nowMs,
    })) {
      for (const { topic, partition, committed, end } of partitions) {
        if (committed === null || end === null) continue
        const key = keyOf({ topic, partition })
        const window = windows.get(key) ?? new LagWindow()
        windows.set(key, window)
        for (const atMs of new Set([Math.max(fromMs, nowMs - WINDOW_MS), untilMs])) window.take({ atMs, committed, end, hasMembers })
      }
    }
    return windows
  }

  async #learnAges(client: KafkaClient, looks: readonly GroupLook[]): Promise<void> {
    const nowMs = this.#clock.now()
    const unread = (look: GroupLook) => look.partitions.flatMap(each => this.#toBeRead(each, nowMs))
    let lookedUp = 0
    for (const look of looks) {
      if (this.#lookedUp.has(look.groupId) || unread(look).length === 0 || lookedUp >= LOOKED_UP_AT_ONCE) continue
      this.#lookUp(look.groupId, nowMs)
      lookedUp += 1
    }
    const wanted = looks.flatMap(unread).slice(0, READS_AT_ONCE)
    if (wanted.length === 0) return
    for (const found of await timestampsAt(client, wanted)) this.#ages.wasRead(found, nowMs)
  }

  #toBeRead({ topic, partition, committedOffset, lag }: GroupLook['partitions'][number], nowMs: number): UnreadAt[] {
    if (committedOffset === null || lag === null || lag === 0) return []
    return this.#ages.isToBeRead(topic, partition, committedOffset, nowMs) ? [{ topic, partition, offset: committedOffset }] : []
  }

  #lookUp(groupId: string, nowMs: number): void {
    this.#lookedUp.add(groupId)
    const ends = new Map<string, { topic: string; partition: number; seen: { end: number; atMs: number }[] }>()
    for (const { fromMs, untilMs, partitions } of this.notes.read(groupId, { fromMs: nowMs - WEEK_MS, toMs: nowMs })) {
      for (const { topic, partition, end } of partitions) {
        if (end === null) continue
        const key = keyOf({ topic, partition })
        const of = ends.get(key) ?? { topic, partition, seen: [] }
        ends.set(key, of)
        of.seen.push({ end, atMs: fromMs }, { end, atMs: untilMs })
      }
    }
    for (const { topic, partition, seen } of ends.values()) this.#ages.remember(topic, partition, seen)
  }

  #judge(look: GroupLook): GroupLag {
    const nowMs = look.atMs
    const windows = this.#windows.get(look.groupId)
    const partitions = look.partitions.map((position): PartitionLag => {
      const { topic, partition, committedOffset, lag } = position
      const window = committedOffset === null ? undefined : windows?.get(keyOf(position))
      const samples = lag === null ? [] : (window?.samples ?? [])
      const arrival =
        committedOffset === null || lag === null || lag === 0 ? undefined : this.#ages.arrivalOf(topic, partition, committedOffset)
      const lagMs = lag === 0 ? 0 : arrival === undefined ? null : Math.max(0, Math.round(nowMs - arrival))
      const status = lagStatus(samples, lagMs)
      const rates = ratesOf(samples)
      return {
        ...position,
        lagMs,
        status,
        consumedPerSecond: rates?.consumedPerSecond ?? null,
        producedPerSecond: rates?.producedPerSecond ?? null,
        caughtUpInMs: catchUpMs(samples, status),
        stillMs: window?.stillSinceMs === undefined ? null : nowMs - window.stillSinceMs,
      }
    })
    // What was assigned and never committed has no lag to judge; what is gone has none either.
    const judged = partitions.filter(({ lag }) => lag !== null)
    const sum = (of: 'consumedPerSecond' | 'producedPerSecond') => sumOf(judged.map(each => each[of]).filter(each => each !== null))
    return {
      partitions,
      totalLag: look.totalLag,
      lagMs: maxOf(judged.map(({ lagMs }) => lagMs).filter(each => each !== null)),
      status: worstOf(judged.map(({ status }) => status)),
      consumedPerSecond: sum('consumedPerSecond'),
      producedPerSecond: sum('producedPerSecond'),
    }
  }

  #note(looks: readonly GroupLook[], lags: readonly GroupLag[]): void {
    const rows = looks.flatMap(({ groupId, atMs, hasMembers, partitions }, index) => {
      if (partitions.length === 0 || !this.notes.isDue(groupId, atMs)) return []
      this.alerts.take(groupId, { ...lags[index]!, atMs })
      const offsets = partitions.filter(({ committedOffset, logEndOffset }) => committedOffset !== null || logEndOffset !== null)
      return [
        {
          groupId,
          hasMembers,
          partitions: offsets.map(({ committedOffset, logEndOffset, ...each }) => ({
            ...each,
            committed: committedOffset,
            end: logEndOffset,
          })),
        },
      ]
    })
    const [first] = looks
    if (first !== undefined && rows.length > 0) this.notes.write(rows, first.atMs)
  }
}

const sumOf = (values: readonly number[]) => (values.length === 0 ? null : values.reduce((sum, each) => sum + each, 0))
const maxOf = (values: readonly number[]) => (values.length === 0 ? null : values.reduce((most, each) => Math.max(most, each)))
