import type { CompressionName } from '../protocol/records/batch.ts'
import type { NewRecord } from '../protocol/records/batchBuilder.ts'
import { KafkaError } from './kafkaError.ts'
import { type Acks, OutcomeUnknown, type Producer } from './producer.ts'

/** Brokers take batches of about a megabyte unless told otherwise; a larger record goes by itself, and what is refused all the same goes in halves. */
const BATCH_BYTES = 768 * 1024
const BATCH_RECORDS = 10_000

/** Records for one partition, in order. */
export interface Parcel {
  readonly partition: number
  readonly codec: CompressionName
  readonly records: readonly NewRecord[]
}

/** Appends many records to a topic and knows at any time what became of them. */
export class Outflow {
  /** Records that are stored for all that the acks promise; with acks=none, that were sent. */
  acknowledged = 0
  /** Keys, values and headers of those. */
  bytes = 0
  /** Records that were sent, and of which nobody could say what became of them. */
  perhaps = 0
  last: { readonly partition: number; readonly offset: number | null } | null = null
  readonly #producer: Producer
  readonly #topic: string
  readonly #acks: Acks

  constructor(producer: Producer, topic: string, acks: Acks = 'all') {
    this.#producer = producer
    this.#topic = topic
    this.#acks = acks
  }

  /**
   * Partitions side by side, each in order. Once `stop` aborts, no other batch is begun. Waits for all that is under way before it throws, so that
   * what is counted is all there is.
   */
  async send(parcels: readonly Parcel[], stop: AbortSignal): Promise<void> {
    const ends = await Promise.allSettled(
      [...Map.groupBy(parcels, ({ partition }) => partition).values()].map(async of => {
        for (const { partition, codec, records } of of) {
          for (const batch of inBatches(records)) {
            if (stop.aborted) return
            await this.#append({ partition, codec, records: batch })
          }
        }
      }),
    )
    const failed = ends.find(end => end.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  /** A batch that is too large for the topic goes in halves, as the Java client does it. */
  async #append(batch: Parcel): Promise<void> {
    const { partition, codec, records } = batch
    try {
      const { baseOffset } = await this.#producer.append({ topic: this.#topic, acks: this.#acks, ...batch })
      this.acknowledged += records.length
      for (const record of records) this.bytes += sizeOf(record)
      this.last = { partition, offset: baseOffset === null ? null : baseOffset + records.length - 1 }
    } catch (problem) {
      if (problem instanceof OutcomeUnknown) this.perhaps += records.length
      if (!isTooLarge(problem) || records.length === 1) throw problem
      const half = records.length >> 1
      await this.#append({ partition, codec, records: records.slice(0, half) })
      await this.#append({ partition, codec, records: records.slice(half) })
    }
  }
}

const isTooLarge = (problem: unknown) =>
  problem instanceof KafkaError && (problem.code === 'MESSAGE_TOO_LARGE' || problem.code === 'RECORD_LIST_TOO_LARGE')

function* inBatches(records: readonly NewRecord[]): Generator<readonly NewRecord[], void, undefined> {
  let next: NewRecord[] = []
  let bytes = 0
  for (const record of records) {
    const size = sizeOf(record)
    if (next.length > 0 && (next.length >= BATCH_RECORDS || bytes + size > BATCH_BYTES)) {
      yield next
      next = []
      bytes = 0
    }
    next.push(record)
    bytes += size
  }
  if (next.length > 0) yield next
}

/** Key, value and headers in bytes. */
export function sizeOf({ key, value, headers = [] }: Pick<NewRecord, 'key' | 'value' | 'headers'>): number {
  return headers.reduce((sum, header) => sum + header.key.length + (header.value?.length ?? 0), (key?.length ?? 0) + (value?.length ?? 0))
}
