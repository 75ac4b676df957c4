import type { Uuid } from '../../base/uuid.ts'

/** A promise that the cluster has broken. */
export class BrokenPromise extends Error {
  readonly invariant: string

  constructor(invariant: string, message: string) {
    super(`${invariant}: ${message}`)
    this.name = 'BrokenPromise'
    this.invariant = invariant
  }
}

export interface AcknowledgedBatch {
  readonly baseOffset: number
  readonly values: readonly string[]
}

/** What clients were told of one partition of one topic id. */
export class PartitionHistory {
  readonly topic: string
  readonly topicId: Uuid
  readonly partition: number
  /** By base offset, what a producer was told is stored there by all in-sync replicas. */
  readonly acknowledged = new Map<number, AcknowledgedBatch>()
  /** One behind the last offset that was acknowledged. */
  acknowledgedEnd = 0
  /** Batches as consumers read them first, by base offset. */
  readonly read = new Map<number, Buffer>()
  /** One behind the last offset that was read. */
  readEnd = 0
  /** Somebody asked to delete what is below; whether it was is not known. */
  deletedBelow = 0

  constructor(topic: string, topicId: Uuid, partition: number) {
    this.topic = topic
    this.topicId = topicId
    this.partition = partition
  }

  get name(): string {
    return `${this.topic}-${this.partition}`
  }

  /** `retried` says that the producer had sent the batch before: then it may be told the same a second time, but not another offset. */
  noteAcknowledged(batch: AcknowledgedBatch): void {
    const before = this.acknowledged.get(batch.baseOffset)
    if (before !== undefined && before.values[0] !== batch.values[0])
      throw new BrokenPromise(
        'acknowledged offsets are given once',
        `${this.name} acknowledged ${batch.values[0]} at ${batch.baseOffset}, where ${before.values[0]} had been acknowledged`,
      )
    this.acknowledged.set(batch.baseOffset, batch)
    this.acknowledgedEnd = Math.max(this.acknowledgedEnd, batch.baseOffset + batch.values.length)
  }

  noteDeletion(offset: number): void {
    this.deletedBelow = Math.max(this.deletedBelow, offset)
  }

  noteRead(baseOffset: number, nextOffset: number, batch: Buffer): void {
    const before = this.read.get(baseOffset)
    if (before === undefined) this.read.set(baseOffset, Buffer.from(batch))
    else if (!before.equals(batch))
      throw new BrokenPromise('what was read stays', `the batch at ${baseOffset} of ${this.name} was read with other bytes before`)
    this.readEnd = Math.max(this.readEnd, nextOffset)
  }
}

/** All that clients were told, to be held against what the cluster does and has in the end. */
export class History {
  readonly partitions = new Map<string, PartitionHistory>()
  /** Names and ids of topics whose creation was confirmed and whose deletion nobody asked for. */
  readonly created = new Map<Uuid, string>()
  /** Topics whose deletion was confirmed. */
  readonly deleted = new Set<Uuid>()
  readonly #producerIds = new Set<number>()

  of(topic: string, topicId: Uuid, partition: number): PartitionHistory {
    const key = `${topicId}:${partition}`
    let history = this.partitions.get(key)
    if (history === undefined) {
      history = new PartitionHistory(topic, topicId, partition)
      this.partitions.set(key, history)
    }
    return history
  }

  noteProducerId(producerId: number): void {
    if (this.#producerIds.has(producerId))
      throw new BrokenPromise('producer ids are given once', `producer id ${producerId} was given a second time`)
    this.#producerIds.add(producerId)
  }
}
