import { errorName } from '../../protocol/errors.ts'
import { CreateTopics } from '../../protocol/messages/createTopics.ts'
import { DeleteTopics } from '../../protocol/messages/deleteTopics.ts'
import { Fetch } from '../../protocol/messages/fetch.ts'
import { Produce } from '../../protocol/messages/produce.ts'
import { batchesIn } from '../../protocol/records/batch.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { decodeRecords } from '../../protocol/records/record.ts'
import type { SimulatedCluster } from './simulatedCluster.ts'

const FETCH_BYTES = 1_000_000

/** What tests ask of a cluster, a sentence each. Waits for the answer while the world goes on. */
export class AClient {
  readonly #cluster: SimulatedCluster

  constructor(cluster: SimulatedCluster) {
    this.#cluster = cluster
  }

  /** Resolves when every partition has a leader. */
  async createTopic(
    name: string,
    options: { partitions?: number; replicas?: number; configs?: Record<string, string> } = {},
  ): Promise<{ error: string; topicId: string }> {
    const { partitions: numPartitions = 1, replicas: replicationFactor = 3 } = options
    const configs = Object.entries(options.configs ?? {}).map(([key, value]) => ({ name: key, value }))
    const topic = { name, numPartitions, replicationFactor, assignments: [], configs }
    const { world } = this.#cluster
    const { topics } = await world.settle(this.#cluster.ask(this.#anyBroker(), CreateTopics, { topics: [topic], timeoutMs: 5000 }))
    const { errorCode, topicId } = topics[0]!
    const error = errorName(errorCode)
    if (error === 'NONE') {
      await world.run(() =>
        Array.from({ length: numPartitions }, (_, index) => this.leaderOf(name, index)).every(each => each !== undefined),
      )
    }
    return { error, topicId }
  }

  async deleteTopic(name: string): Promise<string> {
    const request = { topics: [{ name, topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }], timeoutMs: 5000 }
    const { responses } = await this.#cluster.world.settle(this.#cluster.ask(this.#anyBroker(), DeleteTopics, request))
    return errorName(responses[0]!.errorCode)
  }

  leaderOf(topic: string, partition = 0): number | undefined {
    return this.#cluster.leaderOf(topic, partition)
  }

  /** To the leader, unless `to` says otherwise. */
  async produce(
    topic: string,
    value: string,
    options: { acks?: number; to?: number; partition?: number } = {},
  ): Promise<{ error: string; baseOffset: number }> {
    const { acks = -1, partition = 0, to = this.leaderOf(topic, partition)! } = options
    const { world } = this.#cluster
    const records = buildBatch({ records: [{ timestamp: Math.floor(world.elapsed), key: null, value: Buffer.from(value) }] })
    const topicData = [{ name: topic, partitionData: [{ index: partition, records }] }]
    const { responses } = await world.settle(this.#cluster.ask(to, Produce, { acks, timeoutMs: 2000, topicData }))
    const { errorCode, baseOffset } = responses[0]!.partitionResponses[0]!
    return { error: errorName(errorCode), baseOffset }
  }

  /** One fetch from the leader. */
  async consume(topic: string, offset = 0, { partition: index = 0 } = {}): Promise<{ error: string; values: string[] }> {
    const from = this.leaderOf(topic, index)!
    const { topicId } = this.#cluster.broker(from).server!.metadata.image.topicsByName.get(topic)!
    const partition = { partition: index, fetchOffset: offset, partitionMaxBytes: FETCH_BYTES }
    const request = { maxWaitMs: 500, minBytes: 1, topics: [{ topicId, partitions: [partition] }] }
    const { responses } = await this.#cluster.world.settle(this.#cluster.ask(from, Fetch, request))
    const { errorCode, records } = responses[0]!.partitions[0]!
    const bytes = records ?? Buffer.alloc(0)
    const values = [...batchesIn(bytes)].flatMap(at => decodeRecords(bytes, at, FETCH_BYTES).map(each => String(each.value)))
    return { error: errorName(errorCode), values }
  }

  /** Until all three replicas of a topic's first partition are in sync and have everything. */
  async inSync(topic: string): Promise<void> {
    const cluster = this.#cluster
    await cluster.world.run(function allReplicasAreInSync() {
      const replicas = cluster.replicasOf(topic, 0)
      const end = replicas.find(each => each.isLeader)?.logEndOffset
      return (
        replicas.length === 3 && replicas.every(each => each.isr.length === 3 && each.highWatermark === end && each.logEndOffset === end)
      )
    }, 20_000)
  }

  #anyBroker(): number {
    return this.#cluster.brokers.find(each => each.server !== undefined)!.id
  }
}
