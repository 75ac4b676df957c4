import type { Loan } from '../../base/bufferPool.ts'
import type { Clock } from '../../env/env.ts'
import type { ErrorName } from '../../protocol/errors.ts'
import { batchesIn, lastOffset } from '../../protocol/records/batch.ts'
import { LogClosed, type PartitionLog } from '../../storage/partitionLog.ts'
import type { ReadOptions } from '../../storage/readOptions.ts'
import type { FetchedPartition, FetchPlan, Reader } from './fetchPlan.ts'
import type { IdlePartitions } from './fetchSessions.ts'
import type { Partition, Watched } from './partition.ts'
import type { EpochEnd } from './truncation.ts'

/** One partition of a fetch, in the order asked. */
export interface FetchTarget {
  /** Or why there is none. */
  readonly partition: Partition | Exclude<ErrorName, 'NONE'>
  readonly asked: FetchedPartition
}

export interface FetchLimits {
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  /** Where to read to: it holds the records of the results. */
  readonly memory: Loan
  /** Nobody reads the answer any more. */
  readonly closed: AbortSignal
}

/** What a session spares a fetch to look at, as long as nothing happens to it. */
export interface IdleTargets extends Pick<IdlePartitions, 'watch'> {
  readonly moved: () => readonly FetchTarget[]
}

/** What one partition answers. On an error all offsets are -1. */
export interface FetchResult {
  readonly error: ErrorName
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
  readonly diverging: EpochEnd | undefined
  /** Where the consumer should rather read; -1 is here. */
  readonly preferredReadReplica: number
  /** As stored, a view on what was read. */
  readonly records: Buffer
  /** Null unless reading committed data only. */
  readonly abortedTransactions: readonly { producerId: number; firstOffset: number }[] | null
}

/**
 * Reads what the limits allow. Waits for more only when nothing else is worth an answer: every partition is fine, and together they have less than
 * `minBytes`. The first partition with data gives at least one batch, however large (KIP-74). What ceases to be idle meanwhile is answered behind the
 * others, if there is time for it.
 */
export async function fetchRecords(
  clock: Clock,
  known: readonly FetchTarget[],
  reader: Reader,
  limits: FetchLimits & { readonly idle?: IdleTargets | undefined },
): Promise<readonly FetchResult[]> {
  const { idle, memory } = limits
  const targets = [...known]
  const minBytes = Math.min(limits.minBytes, limits.maxBytes)
  let plans = planAll(targets, reader, true)
  // While nothing is there, nothing is read.
  let results = await readAll(targets, plans, reader, limits)
  const deadlineMs = clock.elapsed() + limits.maxWaitMs
  for (;;) {
    if ((targets.length === 0 && idle === undefined) || bytesIn(results) >= minBytes || plans.some(isUrgent) || results.some(isFailure))
      return results
    const waitMs = deadlineMs - clock.elapsed()
    if (waitMs <= 0 || limits.closed.aborted) return results
    // What moved while we were reading would otherwise be waited for in vain.
    const moved = idle?.moved() ?? []
    targets.push(...moved)
    let fresh = planAll(targets, reader, false)
    const hasMoved = moved.length > 0 || fresh.some((plan, index) => !isSame(plan, plans[index]!))
    const isOver = !hasMoved && (await nextChange(clock, targets, reader, { waitMs, closed: limits.closed, idle }))
    // Bytes can only be counted by reading them: a patient fetch lets some gather first.
    if (!isOver && minBytes > 1) await pause(clock, Math.min(GATHERING_MS, Math.max(0, deadlineMs - clock.elapsed())))
    if (!hasMoved || minBytes > 1) {
      targets.push(...(idle?.moved() ?? []))
      fresh = planAll(targets, reader, false)
    }
    plans = fresh
    if (!isOver && !plans.some(isUrgent) && !plans.some(hasSomething)) continue
    memory.giveBack()
    results = await readAll(targets, plans, reader, limits)
  }
}

const GATHERING_MS = 10
const NOTHING = Buffer.alloc(0)

function planAll(targets: readonly FetchTarget[], reader: Reader, isFirst: boolean): FetchPlan[] {
  return targets.map(({ partition, asked }) =>
    typeof partition === 'string' ? { type: 'error', error: partition } : partition.planFetch(asked, reader, isFirst),
  )
}

/** Worth an answer without any records. */
function isUrgent(plan: FetchPlan): boolean {
  return plan.type !== 'read' || plan.hasNews
}

function isSame(one: FetchPlan, other: FetchPlan): boolean {
  return one.type === 'read' && other.type === 'read' ? one.upTo === other.upTo : one.type === other.type
}

function hasSomething(plan: FetchPlan): boolean {
  return plan.type === 'read' && plan.from < plan.upTo
}

function isFailure({ error }: FetchResult): boolean {
  return error !== 'NONE'
}

function bytesIn(results: readonly FetchResult[]): number {
  let bytes = 0
  for (const { records } of results) bytes += records.length
  return bytes
}

/**
 * Reads in the order asked. As many partitions are read at the same time as would fit if each gave all it may; what they leave of the limit goes
 * to the next ones.
 */
async function readAll(
  targets: readonly FetchTarget[],
  plans: readonly FetchPlan[],
  reader: Reader,
  { maxBytes, memory }: Pick<FetchLimits, 'maxBytes' | 'memory'>,
): Promise<FetchResult[]> {
  const results: FetchResult[] = new Array(plans.length)
  let left = maxBytes
  let isEmpty = true
  for (let index = 0; index < plans.length;) {
    const wave: Promise<void>[] = []
    const start = index
    let promised = 0
    for (; index < plans.length; index++) {
      const plan = plans[index]!
      const most = plan.type === 'read' && plan.from < plan.upTo ? Math.min(targets[index]!.asked.partitionMaxBytes, left) : 0
      if (index > start && promised + most > left) break
      const isFirst = isEmpty && promised === 0
      promised += most
      if (most > 0 || (isFirst && hasSomething(plan))) {
        const place = index
        const reading = read(targets[place]!, plan, reader, { maxBytes: most, atLeastOneBatch: isFirst, memory })
        wave.push(reading.then(result => void (results[place] = result)))
      } else results[index] = unread(plan, reader)
    }
    if (wave.length > 0) await Promise.all(wave)
    for (let done = start; done < index; done++) {
      const bytes = results[done]!.records.length
      left = Math.max(0, left - bytes)
      if (bytes > 0) isEmpty = false
    }
  }
  return results
}

function unread(plan: FetchPlan, reader: Reader): FetchResult {
  if (plan.type === 'error') return failed(plan.error)
  return {
    ...offsetsOf(plan.log),
    error: 'NONE',
    diverging: plan.type === 'diverging' ? plan.end : undefined,
    preferredReadReplica: plan.type === 'elsewhere' ? plan.preferredReadReplica : -1,
    records: NOTHING,
    abortedTransactions: reader.readCommitted ? [] : null,
  }
}

async function read({ partition }: FetchTarget, plan: FetchPlan, reader: Reader, options: Omit<ReadOptions, 'upTo'>): Promise<FetchResult> {
  if (plan.type !== 'read' || typeof partition === 'string') return unread(plan, reader)
  const { log, from, upTo } = plan
  const found = await log.read(from, { ...options, upTo })
  if (found.error !== 'NONE') return failed(found.error)
  try {
    const { records } = found
    const { replica } = reader
    if (replica !== undefined) partition.sent(replica.id, records.length)
    const abortedTransactions = !reader.readCommitted
      ? null
      : records.length === 0
        ? []
        : await log.abortedTransactions(from, Math.min(upTo, endOf(records)))
    return { ...offsetsOf(log), error: 'NONE', diverging: undefined, preferredReadReplica: -1, records, abortedTransactions }
  } catch (problem) {
    if (problem instanceof LogClosed) return failed('KAFKA_STORAGE_ERROR') // as a read that comes too late
    throw problem
  }
}

/** Behind the last batch. */
function endOf(records: Buffer): number {
  let last = 0
  for (const at of batchesIn(records)) last = at
  return lastOffset(records, last) + 1
}

function offsetsOf({
  highWatermark,
  lastStableOffset,
  logStartOffset,
}: PartitionLog): Pick<FetchResult, 'highWatermark' | 'lastStableOffset' | 'logStartOffset'> {
  return { highWatermark, lastStableOffset, logStartOffset }
}

function failed(error: ErrorName): FetchResult {
  return {
    error,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    diverging: undefined,
    preferredReadReplica: -1,
    records: NOTHING,
    abortedTransactions: null,
  }
}

/** Resolves when what the reader may read has moved or a role has changed: false; or when the time is over or the reader gone: true. */
function nextChange(
  clock: Clock,
  targets: readonly FetchTarget[],
  reader: Reader,
  { waitMs, closed, idle }: { waitMs: number; closed: AbortSignal; idle: IdleTargets | undefined },
): Promise<boolean> {
  return new Promise(resolve => {
    const what: Watched[] = reader.replica === undefined ? ['highWatermark'] : ['logEnd']
    const tellsHighWatermark = reader.replica !== undefined && targets.some(({ asked }) => asked.highWatermark < Number.MAX_SAFE_INTEGER)
    if (tellsHighWatermark) what.push('highWatermark')
    let isDone = false
    const finish = (isOver: boolean) => {
      if (isDone) return
      isDone = true
      timer.cancel()
      closed.removeEventListener('abort', gone)
      for (const stop of stops) stop()
      // One answer for all that moves in this turn.
      queueMicrotask(() => resolve(isOver))
    }
    const moved = () => finish(false)
    const gone = () => finish(true)
    const timer = clock.after(waitMs, gone)
    closed.addEventListener('abort', gone)
    const stops = targets.flatMap(({ partition }) => (typeof partition === 'string' ? [] : what.map(each => partition.watch(each, moved))))
    if (idle !== undefined) stops.push(idle.watch(moved))
  })
}

function pause(clock: Clock, delayMs: number): Promise<void> {
  return new Promise(resolve => void clock.after(delayMs, resolve))
}
