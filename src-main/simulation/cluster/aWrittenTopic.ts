import { Produce } from '../../protocol/messages/produce.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { AClient } from './aClient.ts'
import { SimulatedCluster } from './simulatedCluster.ts'

/** A topic of one partition on three brokers that has been written to for a while: followers have their sessions and read along. For tests. */
export class AWrittenTopic {
  /** Of one batch's record, unless another size is asked for. */
  static readonly valueBytes = 1_000
  readonly cluster: SimulatedCluster
  readonly #leader: number

  static async begin(): Promise<AWrittenTopic> {
    const cluster = new SimulatedCluster({ seed: 1 })
    await cluster.world.settle(cluster.start())
    const client = new AClient(cluster)
    await client.createTopic('orders')
    const topic = new AWrittenTopic(cluster, client.leaderOf('orders')!)
    await topic.write(20, 1)
    return topic
  }

  private constructor(cluster: SimulatedCluster, leader: number) {
    this.cluster = cluster
    this.#leader = leader
  }

  /** So many batches, so many at a time; resolves when three brokers have them. */
  async write(batches: number, inFlight: number, valueBytes: number = AWrittenTopic.valueBytes): Promise<void> {
    const records = buildBatch({ records: [{ timestamp: 1, key: null, value: Buffer.alloc(valueBytes) }] })
    const topicData = [{ name: 'orders', partitionData: [{ index: 0, records }] }]
    const send = () => this.cluster.ask(this.#leader, Produce, { acks: -1, timeoutMs: 10_000, topicData })
    const { world } = this.cluster
    for (let sent = 0; sent < batches; sent += inFlight) await world.settle(Promise.all(Array.from({ length: inFlight }, send)))
  }
}
