import type { Env } from '../env/env.ts'
import { FetchedRecordsCache } from './fetchedRecords.ts'
import { KafkaClient, type KafkaClientOptions } from './kafkaClient.ts'
import { Producer } from './producer.ts'

/** All that lives as long as somebody looks at one cluster. */
export class ClusterSession {
  readonly client: KafkaClient
  readonly fetched: FetchedRecordsCache
  readonly producer: Producer

  constructor(env: Pick<Env, 'clock' | 'random' | 'network'>, options: KafkaClientOptions) {
    this.client = new KafkaClient(env, options)
    this.fetched = new FetchedRecordsCache(() => env.clock.elapsed())
    this.producer = new Producer(this.client)
  }

  close(): void {
    this.client.close()
  }
}
