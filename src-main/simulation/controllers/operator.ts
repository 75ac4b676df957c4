import type { Random } from '../../env/env.ts'
import { ELIGIBLE_LEADERS_FEATURE } from '../../metadata/features.ts'
import type { MetadataImage, TopicImage } from '../../metadata/image.ts'
import { AlterClientQuotas } from '../../protocol/messages/alterClientQuotas.ts'
import { AlterPartitionReassignments } from '../../protocol/messages/alterPartitionReassignments.ts'
import { AlterUserScramCredentials } from '../../protocol/messages/alterUserScramCredentials.ts'
import { CreatePartitions } from '../../protocol/messages/createPartitions.ts'
import { DeleteTopics } from '../../protocol/messages/deleteTopics.ts'
import { ElectLeaders } from '../../protocol/messages/electLeaders.ts'
import { IncrementalAlterConfigs } from '../../protocol/messages/incrementalAlterConfigs.ts'
import { UnregisterBroker } from '../../protocol/messages/unregisterBroker.ts'
import { UpdateFeatures } from '../../protocol/messages/updateFeatures.ts'
import type { AnyApi, RequestInput, ResponseOf } from '../../protocol/schema.ts'

/** Sends a request to the controller, and tells of its answer when there is one. */
export type Ask = <A extends AnyApi>(api: A, request: RequestInput<A>, answered?: (response: ResponseOf<A>) => void) => Promise<void>

/** Somebody who asks a simulated cluster for changes of all kinds, and remembers what was confirmed. */
export class Operator {
  /** Names of topics. */
  readonly deleted = new Set<string>()
  /** Names of users, each of whom is spoken of once. */
  readonly withQuota = new Set<string>()
  readonly withCredential = new Set<string>()
  readonly #random: Random
  readonly #brokers: number
  /** Topics that may be deleted: whoever deletes one takes it out. */
  readonly #created: Set<string>
  #users = 0

  constructor(random: Random, { brokers, created }: { readonly brokers: number; readonly created: Set<string> }) {
    this.#random = random
    this.#brokers = brokers
    this.#created = created
  }

  /** Asks for one thing, of what there is. */
  ask(image: MetadataImage, ask: Ask): Promise<void> {
    const random = this.#random
    const topics = [...image.topicsById.values()]
    const topic = topics[random.below(Math.max(1, topics.length))]
    switch (random.below(10)) {
      case 0:
        return this.#setQuota(ask)
      case 1:
        return this.#setCredential(ask)
      case 2: {
        const [maxVersionLevel, upgradeType] = image.hasEligibleLeaders ? [0, 2] : [1, 1]
        return ask(UpdateFeatures, { featureUpdates: [{ feature: ELIGIBLE_LEADERS_FEATURE, maxVersionLevel, upgradeType }] })
      }
      case 3:
        return ask(UnregisterBroker, { brokerId: 1 + random.below(this.#brokers) })
      default:
        return topic === undefined ? Promise.resolve() : this.#changeTopic(topic, ask)
    }
  }

  #setQuota(ask: Ask): Promise<void> {
    const user = `user-${++this.#users}`
    const entry = { entity: [{ entityType: 'user', entityName: user }], ops: [{ key: 'producer_byte_rate', value: 5, remove: false }] }
    return ask(AlterClientQuotas, { entries: [entry], validateOnly: false }, ({ entries }) => {
      if (entries[0]?.errorCode === 0) this.withQuota.add(user)
    })
  }

  #setCredential(ask: Ask): Promise<void> {
    const name = `user-${++this.#users}`
    const [salt, saltedPassword] = [this.#random.bytes(8), this.#random.bytes(32)]
    const upsertions = [{ name, mechanism: 1 + this.#random.below(2), iterations: 4096, salt, saltedPassword }]
    return ask(AlterUserScramCredentials, { deletions: [], upsertions }, ({ results }) => {
      if (results[0]?.errorCode === 0) this.withCredential.add(name)
    })
  }

  #changeTopic({ name, topicId, partitions }: TopicImage, ask: Ask): Promise<void> {
    const random = this.#random
    switch (random.below(6)) {
      case 0: {
        const configs = [{ name: 'min.insync.replicas', configOperation: 0, value: String(1 + random.below(3)) }]
        return ask(IncrementalAlterConfigs, { resources: [{ resourceType: 2, resourceName: name, configs }], validateOnly: false })
      }
      case 1: {
        if (!this.#created.delete(name)) return Promise.resolve()
        const request = { topics: [{ name: null, topicId }], topicNames: [], timeoutMs: 1_000 }
        return ask(DeleteTopics, request, ({ responses }) => {
          if (responses[0]?.errorCode === 0) this.deleted.add(name)
        })
      }
      case 2: {
        const topics = [{ name, count: partitions.length + 1, assignments: null }]
        return ask(CreatePartitions, { topics, timeoutMs: 1_000, validateOnly: false })
      }
      case 3:
        return ask(ElectLeaders, { electionType: 0, topicPartitions: null, timeoutMs: 1_000 })
      default: {
        const partitionIndex = random.below(partitions.length)
        const [brokers, chosen]: [number[], number[]] = [Array.from({ length: this.#brokers }, (_, index) => index + 1), []]
        for (let count = 1 + random.below(brokers.length); count > 0; count--)
          chosen.push(...brokers.splice(random.below(brokers.length), 1))
        const replicas = random.below(4) === 0 ? null : chosen
        return ask(AlterPartitionReassignments, { topics: [{ name, partitions: [{ partitionIndex, replicas }] }], timeoutMs: 1_000 })
      }
    }
  }
}
