import type { PartitionChoice } from '../contract/records.ts'
import type { Random } from '../env/env.ts'
import { partitionForKey } from '../protocol/hashing.ts'
import type { TopicMetadata } from './clusterMetadata.ts'
import { KafkaError } from './kafkaError.ts'

/** What the Java client's batch.size is unless told otherwise. */
const STICKY_BYTES = 16 * 1024

/** Says where each of many records goes. Records without a key go to partitions that have a leader, as long as there is any. */
export class Partitioner {
  readonly #choice: PartitionChoice
  readonly #random: Random
  readonly #count: number
  readonly #led: readonly number[]
  #at: number
  #stuckBytes = 0

  /** Throws when the topic has no partition of the chosen number. */
  constructor(choice: PartitionChoice, { name, partitions }: Pick<TopicMetadata, 'name' | 'partitions'>, random: Random) {
    if (choice.kind === 'fixed' && !partitions.some(({ partition }) => partition === choice.partition)) {
      throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `${name} has no partition ${choice.partition}.`, { isFinal: true })
    }
    const led = partitions.filter(({ leader }) => leader !== null)
    this.#choice = choice
    this.#random = random
    this.#count = partitions.length
    this.#led = (led.length > 0 ? led : partitions).map(({ partition }) => partition)
    this.#at = random.below(this.#led.length)
  }

  /** `bytes` is the size of the record. */
  partitionOf(key: Buffer | null, bytes: number): number {
    const choice = this.#choice
    if (choice.kind === 'fixed') return choice.partition
    if (choice.kind === 'byKey' && key !== null) return partitionForKey(key, this.#count)
    if (choice.kind === 'roundRobin') return this.#next()
    if (this.#stuckBytes >= STICKY_BYTES) {
      this.#stuckBytes = 0
      // Any other one: in order, every client would go around in step.
      if (this.#led.length > 1) this.#at = (this.#at + 1 + this.#random.below(this.#led.length - 1)) % this.#led.length
    }
    this.#stuckBytes += bytes
    return this.#led[this.#at]!
  }

  #next(): number {
    this.#at = (this.#at + 1) % this.#led.length
    return this.#led[this.#at]!
  }
}
