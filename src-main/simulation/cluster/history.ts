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

/** The broken promise at the bottom of a failure, if that is what it was. */
export function brokenPromiseOf(problem: unknown): BrokenPromise | undefined {
  for (let at = problem; at instanceof Error; at = at.cause) if (at instanceof BrokenPromise) return at
  return undefined
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
  readonly #heard: (what: string) => void

  constructor(topic: string, topicId: Uuid, partition: number, heard: (what: string) => void) {
    this.#heard = heard
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
    const end = batch.baseOffset + batch.values.length
    this.acknowledgedEnd = Math.max(this.acknowledgedEnd, end)
    this.#heard(`${this.name}: ${batch.values[0]?.replace(/ [.-]*$/, '')} was acknowledged at ${batch.baseOffset}, up to ${end}`)
  }

  noteDeletion(offset: number): void {
    this.deletedBelow = Math.max(this.deletedBelow, offset)
  }

  noteRead(baseOffset: number, nextOffset: number, batch: Buffer): void {
    const before = this.read.get(baseOffset)
    if (before === undefined) this.read.set(baseOffset, Buffer.from(batch))
    else if (!before.equals(batch))
      throw new BrokenPromise('what was read stays', `the batch at ${baseOffset} of ${this.name} was read with other bytes before`)
    if (nextOffset > this.readEnd) this.#heard(`${this.name}: read up to ${nextOffset}`)
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
  /** Hears, in words, of everything that clients are told. */
  readonly #heard: (what: string) => void
  /** Members by group, generation and partition. */
  readonly #owners = new Map<string, string>()

  constructor(heard: (what: string) => void = () => {}) {
    this.#heard = heard
  }

  of(topic: string, topicId: Uuid, partition: number): PartitionHistory {
    const key = `${topicId}:${partition}`
    let history = this.partitions.get(key)
    if (history === undefined) {
      history = new PartitionHistory(topic, topicId, partition, this.#heard)
      this.partitions.set(key, history)
    }
    return history
  }

  /** A member was told that a partition is its own in a generation. */
  noteOwner({ groupId, generationId, memberId }: { groupId: string; generationId: number; memberId: string }, partition: number): void {
    const key = `${groupId}:${generationId}:${partition}`
    const before = this.#owners.get(key)
    if (before !== undefined && before !== memberId)
      throw new BrokenPromise(
        'no partition is owned twice in a generation',
        `partition ${partition} of ${groupId} belongs to ${before} and to ${memberId} in generation ${generationId}`,
      )
    this.#owners.set(key, memberId)
    this.#heard(`${groupId}: ${memberId} owns partition ${partition} in generation ${generationId}`)
  }

  noteProducerId(producerId: number): void {
    if (this.#producerIds.has(producerId))
      throw new BrokenPromise('producer ids are given once', `producer id ${producerId} was given a second time`)
    this.#producerIds.add(producerId)
  }
}
