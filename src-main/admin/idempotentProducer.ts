import { errorName } from '../protocol/errors.ts'
import { partitionForKey } from '../protocol/hashing.ts'
import { InitProducerId } from '../protocol/messages/initProducerId.ts'
import { Produce } from '../protocol/messages/produce.ts'
import type { CompressionName } from '../protocol/records/batch.ts'
import { buildBatch } from '../protocol/records/batchBuilder.ts'
import type { RecordHeader } from '../protocol/records/record.ts'
import type { TopicMetadata } from './clusterMetadata.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { KafkaError, throwIfRefused } from './kafkaError.ts'
import type { Deadline } from './waiting.ts'

export interface NewMessage {
  readonly topic: string
  readonly partition: number | null
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
  readonly compression: CompressionName
}

export interface Stored {
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
}

/** Long enough for a leader to die and another to be elected, several times. */
const PRODUCE_PATIENCE_MS = 20_000
/** What the leader may wait for its followers before it says that they did not follow. */
const REPLICATION_TIMEOUT_MS = 4_000
const ALL_IN_SYNC = -1
const NO_TRANSACTION_TIMEOUT_MS = 60_000

/** The record was sent, and nobody could say what became of it: it may be in the log, once, or not. */
export class OutcomeUnknown extends Error {
  readonly code = 'OUTCOME_UNKNOWN'

  constructor(cause: unknown) {
    super(`The record may have been stored all the same. ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.name = 'OutcomeUnknown'
  }
}

/** Who we are to the brokers, and the next sequence number of each partition. All of it is given up together. */
interface Identity {
  readonly producerId: number
  readonly producerEpoch: number
  readonly sequences: Map<string, number>
}

/** The broker does not know our identity, or not our place in it, any more. */
const FORGOTTEN = new Set(['UNKNOWN_PRODUCER_ID', 'OUT_OF_ORDER_SEQUENCE_NUMBER', 'INVALID_PRODUCER_EPOCH', 'INVALID_PRODUCER_ID_MAPPING'])
/** The leader has the record, the followers perhaps not. */
const STORED_PERHAPS = new Set(['REQUEST_TIMED_OUT', 'NOT_ENOUGH_REPLICAS_AFTER_APPEND'])

/**
 * Appends one record at a time, acknowledged by all in-sync replicas. A try whose answer was lost is made again with the same sequence number, so
 * that the record is stored once (KIP-98). When its fate stays unknown, the identity is given up: its sequence numbers mean nothing any more.
 */
export class IdempotentProducer {
  readonly #client: KafkaClient
  readonly #turns = new Map<string, Promise<unknown>>()
  #identity: Promise<Identity> | undefined

  constructor(client: KafkaClient) {
    this.#client = client
  }

  async produce(message: NewMessage): Promise<Stored> {
    const deadline = this.#client.deadline(PRODUCE_PATIENCE_MS)
    const topic = await this.#client.topic(message.topic, { deadline })
    const partition = this.#partitionOf(message, topic)
    // Sequence numbers of a partition have to arrive in order: its records take turns.
    const log = `${topic.topicId ?? topic.name} ${partition}`
    const turn = (this.#turns.get(log) ?? Promise.resolve()).then(() => this.#append(message, partition, log, deadline))
    const ended = turn.catch((problem: unknown) => problem)
    this.#turns.set(log, ended)
    try {
      return await turn
    } finally {
      if (this.#turns.get(log) === ended) this.#turns.delete(log)
    }
  }

  #partitionOf({ partition, key }: NewMessage, { name, partitions }: TopicMetadata): number {
    if (partition !== null) {
      if (partitions.some(each => each.partition === partition)) return partition
      this.#client.forgetTopic(name)
      throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `${name} has no partition ${partition}.`, { isFinal: true })
    }
    if (key !== null) return partitionForKey(key, partitions.length)
    const led = partitions.filter(({ leader }) => leader !== null)
    const choice = led.length > 0 ? led : partitions
    return choice[this.#client.random.below(choice.length)]?.partition ?? 0
  }

  async #append(message: NewMessage, partition: number, log: string, deadline: Deadline): Promise<Stored> {
    const timestamp = this.#client.clock.now()
    let identity: Identity | undefined
    let mayBeStored = false
    try {
      return await this.#client.retrying(async () => {
        identity ??= await this.#identify()
        const { producerId, producerEpoch, sequences } = identity
        const baseSequence = sequences.get(log) ?? 0
        const { key, value, headers, compression: codec } = message
        const batch = buildBatch({ records: [{ key, value, headers, timestamp }], codec, producerId, producerEpoch, baseSequence })
        const answer = await this.#send(message.topic, partition, batch, deadline, () => (mayBeStored = true))
        const error = errorName(answer.errorCode)
        if (STORED_PERHAPS.has(error)) mayBeStored = true
        if (FORGOTTEN.has(error) && !mayBeStored) {
          this.#giveUp(identity)
          identity = undefined
          throw new KafkaError(error, answer.errorMessage, { isFinal: false })
        }
        throwIfRefused(answer.errorCode, answer.errorMessage)
        mayBeStored = false
        sequences.set(log, (baseSequence + 1) % 0x8000_0000)
        return { partition, offset: answer.baseOffset, timestampMs: answer.logAppendTimeMs < 0 ? timestamp : answer.logAppendTimeMs }
      }, deadline)
    } catch (problem) {
      if (!mayBeStored) throw problem
      if (identity !== undefined) this.#giveUp(identity)
      throw new OutcomeUnknown(problem)
    }
  }

  async #send(name: string, partition: number, batch: Buffer, deadline: Deadline, uncertain: () => void) {
    const topic = await this.#client.topic(name, { deadline })
    const leader = topic.partitions.find(each => each.partition === partition)?.leader ?? null
    if (leader === null) throw new KafkaError('LEADER_NOT_AVAILABLE')
    const request = {
      acks: ALL_IN_SYNC,
      timeoutMs: REPLICATION_TIMEOUT_MS,
      topicData: [{ name, partitionData: [{ index: partition, records: batch }] }],
    }
    try {
      const options = { timeoutMs: REPLICATION_TIMEOUT_MS + 2_000 }
      const { responses } = await this.#client.broker(leader, 'append', Produce, () => request, options)
      const answer = responses[0]?.partitionResponses[0]
      if (answer === undefined) throw new KafkaError('UNKNOWN_SERVER_ERROR', 'The broker did not say what became of the record.')
      return answer
    } catch (problem) {
      if (!(problem instanceof KafkaError)) uncertain()
      throw problem
    }
  }

  #identify(): Promise<Identity> {
    return (this.#identity ??= this.#newIdentity().catch((problem: unknown) => {
      this.#identity = undefined
      throw problem
    }))
  }

  async #newIdentity(): Promise<Identity> {
    const request = { transactionalId: null, transactionTimeoutMs: NO_TRANSACTION_TIMEOUT_MS }
    const { errorCode, producerId, producerEpoch } = await this.#client.any(InitProducerId, () => request)
    throwIfRefused(errorCode)
    return { producerId, producerEpoch, sequences: new Map() }
  }

  #giveUp(identity: Identity): void {
    void this.#identity?.then(
      current => {
        if (current === identity) this.#identity = undefined
      },
      () => undefined,
    )
  }
}
