import type { Clock } from '../../env/env.ts'
import type { ErrorName } from '../../protocol/errors.ts'
import type { RecordError } from '../../storage/partitionLog.ts'
import type { CommitWait, Partition } from './partition.ts'

export interface ProduceAppend {
  /** Or why there is none. */
  readonly partition: Partition | Exclude<ErrorName, 'NONE'>
  readonly records: Buffer
}

export interface ProduceResult {
  error: ErrorName
  message: string | undefined
  recordErrors: readonly RecordError[]
  baseOffset: number
  logAppendTimeMs: number
  logStartOffset: number
}

/**
 * Appends in the order given, deciding all of it in this turn, and resolves when each partition has settled as `acks` asks: 0 at once, 1 when the
 * bytes are in the own log, -1 when the high watermark has passed them or `timeoutMs` is over (REQUEST_TIMED_OUT; the records may yet be committed).
 */
export function produce(
  clock: Clock,
  appends: readonly ProduceAppend[],
  { acks, timeoutMs }: { acks: number; timeoutMs: number },
): Promise<readonly ProduceResult[]> {
  const results: ProduceResult[] = []
  const waits: { partition: Partition; wait: CommitWait; result: ProduceResult }[] = []
  let open = 0
  let finish: (() => void) | undefined

  function settled(result: ProduceResult, error: ErrorName): void {
    if (error !== 'NONE') fail(result, error)
    open--
    if (open === 0) finish?.()
  }

  for (const { partition, records } of appends) {
    const result: ProduceResult = { ...NOTHING_APPENDED }
    results.push(result)
    if (typeof partition === 'string') {
      result.error = partition
      continue
    }
    const appended = partition.append(records, { acks, origin: 'client' })
    if (appended.error !== 'NONE') {
      result.error = appended.error
      result.message = appended.message
      result.recordErrors = appended.recordErrors ?? []
      if (!SAYS_NOTHING_OF_LOG.has(appended.error)) result.logStartOffset = partition.log?.logStartOffset ?? -1
      continue
    }
    result.baseOffset = appended.baseOffset
    result.logAppendTimeMs = appended.logAppendTimeMs
    result.logStartOffset = partition.log?.logStartOffset ?? -1
    if (acks === 0) continue
    open++
    if (acks === 1) {
      appended.written.then(
        () => settled(result, 'NONE'),
        () => settled(result, 'KAFKA_STORAGE_ERROR'),
      )
    } else {
      const wait = partition.whenCommitted(appended.lastOffset + 1, error => settled(result, error))
      if (wait !== undefined) waits.push({ partition, wait, result })
    }
  }

  if (open === 0) return Promise.resolve(results)
  return new Promise(resolve => {
    const timer = acks === 1 ? undefined : clock.after(timeoutMs, timedOut)
    finish = () => {
      timer?.cancel()
      resolve(results)
    }

    function timedOut(): void {
      for (const { partition, wait, result } of waits) if (partition.stopWaiting(wait)) settled(result, 'REQUEST_TIMED_OUT')
    }
  })
}

/** With every other refusal comes the log start offset, by which a producer tells whether the leader may have forgotten what it refuses (KIP-360). */
const SAYS_NOTHING_OF_LOG: ReadonlySet<ErrorName> = new Set([
  'NOT_LEADER_OR_FOLLOWER',
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'CORRUPT_MESSAGE',
  'KAFKA_STORAGE_ERROR',
])

const NOTHING_APPENDED: ProduceResult = {
  error: 'NONE',
  message: undefined,
  recordErrors: [],
  baseOffset: -1,
  logAppendTimeMs: -1,
  logStartOffset: -1,
}

function fail(result: ProduceResult, error: ErrorName): void {
  result.error = error
  result.baseOffset = -1
  result.logAppendTimeMs = -1
  result.logStartOffset = -1
}
