import { silentLogger } from '../base/logger.ts'
import type { Env } from '../env/env.ts'
import { encodeControlRecord } from '../protocol/messages/controlRecords.ts'
import { type NewBatch, buildBatch } from '../protocol/records/batchBuilder.ts'
import { type LogConfig, defaultLogConfig } from './logConfig.ts'
import { PartitionLog, type PartitionLogOptions } from './partitionLog.ts'

/** For tests: what they do not say does not matter to them. */

/** Times of records lie here; simulated clocks are close. */
export const SOME_TIME = 1_700_000_000_000

export interface BatchOfTest extends Omit<NewBatch, 'records'> {
  /** Records of the batch; their values unless a number. */
  readonly records?: number | readonly string[]
  readonly timestamp?: number
  readonly key?: string | null
  readonly valueBytes?: number
}

/** A batch as a producer sends it. */
export function aBatch({ records = 1, timestamp = SOME_TIME, key = 'key', valueBytes = 8, ...rest }: BatchOfTest = {}): Buffer {
  const values =
    typeof records === 'number' ? Array.from({ length: records }, (_, index) => String(index).padStart(valueBytes, '0')) : records
  return buildBatch({
    records: values.map(value => ({ timestamp, key: key === null ? null : Buffer.from(key), value: Buffer.from(value) })),
    ...rest,
  })
}

/** A batch of an idempotent producer. */
export function aProducerBatch(batch: BatchOfTest & { readonly producerId: number; readonly baseSequence: number }): Buffer {
  return aBatch({ producerEpoch: 0, ...batch })
}

/** The end of a transaction, as the transaction coordinator has it written. */
export function aMarker({
  type,
  producerId,
  producerEpoch = 0,
  coordinatorEpoch = 0,
}: {
  readonly type: 'commit' | 'abort'
  readonly producerId: number
  readonly producerEpoch?: number
  readonly coordinatorEpoch?: number
}): Buffer {
  const record = encodeControlRecord({ type, coordinatorEpoch })
  return buildBatch({ records: [{ timestamp: SOME_TIME, ...record }], producerId, producerEpoch, isTransactional: true, isControl: true })
}

export function aLogConfig(config: Partial<LogConfig> = {}): LogConfig {
  return { ...defaultLogConfig, messageTimestampAfterMaxMs: Number.MAX_SAFE_INTEGER, ...config }
}

/** Opens a log that was never closed, unless said otherwise. */
export function openLog(
  env: Pick<Env, 'clock' | 'disk' | 'random'>,
  options: Partial<Omit<PartitionLogOptions, 'config'>> & { readonly config?: Partial<LogConfig> } = {},
): Promise<PartitionLog> {
  return PartitionLog.open(env, {
    directory: '/data/topic-0',
    topic: 'topic',
    partition: 0,
    topicId: undefined,
    cleanShutdown: false,
    recoveryPoint: 0,
    logStartOffset: 0,
    log: silentLogger,
    ...options,
    config: aLogConfig(options.config),
  })
}
