import { errorName } from '../protocol/errors.ts'
import { InitProducerId } from '../protocol/messages/initProducerId.ts'
import { Produce } from '../protocol/messages/produce.ts'
import type { CompressionName } from '../protocol/records/batch.ts'
import { buildBatch, type NewRecord } from '../protocol/records/batchBuilder.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { KafkaError, throwIfRefused } from './kafkaError.ts'

const PATIENCE_MS = 30_000
const REPLICATION_TIMEOUT_MS = 5_000
const ALL_IN_SYNC = -1
const NO_TRANSACTION_TIMEOUT_MS = 60_000
const LAST_SEQUENCE = 0x7fff_ffff

/**
 * Appends batches to the partitions of one topic, acknowledged by all in-sync replicas, each once though it may be sent several times (KIP-98). Of
 * one partition only one batch may be under way: the caller waits. After a failure it is of no further use.
 */
export class BatchAppender {
  readonly #client: KafkaClient
  readonly #topic: string
  readonly #sequences = new Map<number, number>()
  #identity: Promise<{ readonly producerId: number; readonly producerEpoch: number }> | undefined

  constructor(client: KafkaClient, topic: string) {
    this.#client = client
    this.#topic = topic
  }

  async append(partition: number, records: readonly NewRecord[], codec: CompressionName): Promise<void> {
    const deadline = this.#client.deadline(PATIENCE_MS)
    // One for all partitions, also when several begin at once: sequence numbers mean nothing under another producer id.
    const identity = await (this.#identity ??= this.#client.retrying(() => this.#identify(), deadline))
    const baseSequence = this.#sequences.get(partition) ?? 0
    const batch = buildBatch({ records, codec, ...identity, baseSequence })
    const request = {
      acks: ALL_IN_SYNC,
      timeoutMs: REPLICATION_TIMEOUT_MS,
      topicData: [{ name: this.#topic, partitionData: [{ index: partition, records: batch }] }],
    }
    await this.#client.retrying(async () => {
      const topic = await this.#client.topic(this.#topic, { deadline })
      const leader = topic.partitions.find(each => each.partition === partition)?.leader ?? null
      if (leader === null) throw new KafkaError('LEADER_NOT_AVAILABLE')
      const options = { timeoutMs: REPLICATION_TIMEOUT_MS + 2_000 }
      const { responses } = await this.#client.broker(leader, 'append', Produce, () => request, options)
      const answer = responses[0]?.partitionResponses[0]
      if (answer === undefined) throw new KafkaError('UNKNOWN_SERVER_ERROR', 'The broker did not say what became of the records.')
      // An earlier try arrived, though its answer did not.
      if (errorName(answer.errorCode) !== 'DUPLICATE_SEQUENCE_NUMBER') throwIfRefused(answer.errorCode, answer.errorMessage)
    }, deadline)
    this.#sequences.set(partition, (baseSequence + records.length) % (LAST_SEQUENCE + 1))
  }

  async #identify() {
    const request = { transactionalId: null, transactionTimeoutMs: NO_TRANSACTION_TIMEOUT_MS }
    const { errorCode, producerId, producerEpoch } = await this.#client.any(InitProducerId, () => request)
    throwIfRefused(errorCode)
    return { producerId, producerEpoch }
  }
}
