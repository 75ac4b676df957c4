import { NetworkError } from '../env/env.ts'
import { errorName } from '../protocol/errors.ts'
import { InitProducerId } from '../protocol/messages/initProducerId.ts'
import { Produce } from '../protocol/messages/produce.ts'
import type { CompressionName } from '../protocol/records/batch.ts'
import { sequenceAfter } from '../protocol/records/batch.ts'
import { buildBatch, type NewRecord } from '../protocol/records/batchBuilder.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { KafkaError, throwIfRefused } from './kafkaError.ts'
import type { Deadline } from './waiting.ts'

/** Who has to have the records before they count as stored. */
export type Acks = 'all' | 'leader' | 'none'

export interface NewBatch {
  readonly topic: string
  readonly partition: number
  readonly records: readonly NewRecord[]
  readonly codec: CompressionName
  readonly acks?: Acks
}

export interface Appended {
  /** Of the first record; null where no broker told it. */
  readonly baseOffset: number | null
  /** When the broker stamped the records, where it does. */
  readonly logAppendTimeMs: number | null
}

/** Long enough for a leader to die and another to be elected, several times. */
export const PRODUCE_PATIENCE_MS = 20_000
/** What the leader may wait for its followers before it says that they did not follow. */
const REPLICATION_TIMEOUT_MS = 4_000
const ACKS = { all: -1, leader: 1, none: 0 } as const
const NO_TRANSACTION_TIMEOUT_MS = 60_000
const UNNUMBERED = { producerId: -1, producerEpoch: -1, baseSequence: -1 }

/** Records were sent, and nobody could say what became of them: they may be in the log or not. */
export class OutcomeUnknown extends Error {
  readonly code = 'OUTCOME_UNKNOWN'

  constructor(cause: unknown, records: number) {
    const what = records === 1 ? 'The record' : 'The records'
    super(`${what} may have been stored all the same. ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
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
/** The leader has the records, the followers perhaps not. */
const STORED_PERHAPS = new Set(['REQUEST_TIMED_OUT', 'NOT_ENOUGH_REPLICAS_AFTER_APPEND'])

/**
 * Appends batches, those of one partition one after the other. With acks=all a try whose answer was lost is made again with the same sequence
 * numbers, so that the batch is stored once (KIP-98). When its fate stays unknown, the identity is given up: its sequence numbers mean nothing any
 * more. With fewer acks a batch has no numbers, and is sent again only when it was surely not stored.
 */
export class Producer {
  readonly #client: KafkaClient
  readonly #turns = new Map<string, Promise<unknown>>()
  #identity: Promise<Identity> | undefined

  constructor(client: KafkaClient) {
    this.#client = client
  }

  async append(batch: NewBatch, deadline: Deadline = this.#client.deadline(PRODUCE_PATIENCE_MS)): Promise<Appended> {
    const topic = await this.#client.topic(batch.topic, { deadline })
    // Sequence numbers of a partition have to arrive in order: its batches take turns.
    const log = `${topic.topicId ?? topic.name} ${batch.partition}`
    const append = batch.acks === undefined || batch.acks === 'all' ? this.#appendOnce(batch, log) : this.#appendUnnumbered(batch)
    const turn = (this.#turns.get(log) ?? Promise.resolve()).then(() => append(deadline))
    const ended = turn.catch((problem: unknown) => problem)
    this.#turns.set(log, ended)
    try {
      return await turn
    } finally {
      if (this.#turns.get(log) === ended) this.#turns.delete(log)
    }
  }

  #appendOnce(batch: NewBatch, log: string): (deadline: Deadline) => Promise<Appended> {
    return async deadline => {
      const { records, codec } = batch
      let identity: Identity | undefined
      let mayBeStored = false
      try {
        return await this.#client.retrying(async () => {
          identity ??= await this.#identify()
          const { producerId, producerEpoch, sequences } = identity
          const baseSequence = sequences.get(log) ?? 0
          const bytes = buildBatch({ records, codec, producerId, producerEpoch, baseSequence })
          const answer = await this.#send(batch, bytes, deadline).catch((problem: unknown) => {
            if (!(problem instanceof KafkaError)) mayBeStored = true
            throw problem
          })
          const error = errorName(answer.errorCode)
          if (STORED_PERHAPS.has(error)) mayBeStored = true
          if (FORGOTTEN.has(error) && !mayBeStored) {
            this.#giveUp(identity)
            identity = undefined
            throw new KafkaError(error, answer.errorMessage, { isFinal: false })
          }
          // An earlier try arrived, though its answer did not, and the broker does not know any more where it put it.
          const isThere = error === 'DUPLICATE_SEQUENCE_NUMBER'
          if (!isThere) throwIfRefused(answer.errorCode, answer.errorMessage)
          mayBeStored = false
          sequences.set(log, sequenceAfter(baseSequence, records.length))
          return isThere ? NOWHERE : appendedAt(answer)
        }, deadline)
      } catch (problem) {
        if (!mayBeStored) throw problem
        if (identity !== undefined) this.#giveUp(identity)
        throw new OutcomeUnknown(problem, records.length)
      }
    }
  }

  #appendUnnumbered(batch: NewBatch): (deadline: Deadline) => Promise<Appended> {
    const { records, codec } = batch
    const bytes = buildBatch({ records, codec, ...UNNUMBERED })
    return deadline =>
      this.#client.retrying(async () => {
        const answer = await this.#send(batch, bytes, deadline).catch((problem: unknown) => {
          const wasNotSent = problem instanceof KafkaError || (problem instanceof NetworkError && problem.code === 'ECONNREFUSED')
          throw wasNotSent ? problem : new OutcomeUnknown(problem, records.length)
        })
        throwIfRefused(answer.errorCode, answer.errorMessage)
        return appendedAt(answer)
      }, deadline)
  }

  async #send({ topic: name, partition, acks = 'all' }: NewBatch, records: Buffer, deadline: Deadline): Promise<Answer> {
    const topic = await this.#client.topic(name, { deadline })
    const leader = topic.partitions.find(each => each.partition === partition)?.leader ?? null
    if (leader === null) throw new KafkaError('LEADER_NOT_AVAILABLE')
    const request = {
      acks: ACKS[acks],
      timeoutMs: REPLICATION_TIMEOUT_MS,
      topicData: [{ name, partitionData: [{ index: partition, records }] }],
    }
    if (acks === 'none') {
      await this.#client.tell(leader, 'append', Produce, () => request)
      return SILENCE
    }
    const options = { timeoutMs: REPLICATION_TIMEOUT_MS + 2_000 }
    const { responses } = await this.#client.broker(leader, 'append', Produce, () => request, options)
    const answer = responses[0]?.partitionResponses[0]
    if (answer === undefined) throw new KafkaError('UNKNOWN_SERVER_ERROR', 'The broker did not say what became of the records.')
    return answer
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

interface Answer {
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly baseOffset: number
  readonly logAppendTimeMs: number
}

const SILENCE: Answer = { errorCode: 0, errorMessage: null, baseOffset: -1, logAppendTimeMs: -1 }
const NOWHERE: Appended = { baseOffset: null, logAppendTimeMs: null }

const appendedAt = ({ baseOffset, logAppendTimeMs }: Answer): Appended => ({
  baseOffset: baseOffset < 0 ? null : baseOffset,
  logAppendTimeMs: logAppendTimeMs < 0 ? null : logAppendTimeMs,
})
