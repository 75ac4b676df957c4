import type { Logger } from '../base/logger.ts'
import { errorName } from '../protocol/errors.ts'
import { CreateTopics } from '../protocol/messages/createTopics.ts'
import type { BrokerConfig } from './brokerConfig.ts'
import type { ControllerLink } from './controllerLink.ts'
import { OFFSETS_TOPIC } from './coordinators/group/groupCoordinator.ts'

/** Creates topics that clients only asked about, or that a coordinator needs, behind the requests that made it necessary. One try at a time per topic. */
export class TopicCreation {
  readonly #link: Pick<ControllerLink, 'send'>
  readonly #config: BrokerConfig
  readonly #logger: Logger
  readonly #underWay = new Set<string>()

  constructor(link: Pick<ControllerLink, 'send'>, options: { config: BrokerConfig; logger: Logger }) {
    this.#link = link
    this.#config = options.config
    this.#logger = options.logger
  }

  /** Returns at once. Who needs the topic asks again. */
  ensure(topic: string): void {
    if (this.#underWay.has(topic)) return
    this.#underWay.add(topic)
    void this.#create(topic).finally(() => this.#underWay.delete(topic))
  }

  async #create(topic: string): Promise<void> {
    try {
      const response = await this.#link.send(CreateTopics, { topics: [this.#topicFor(topic)], timeoutMs: CREATION_TIMEOUT_MS })
      for (const { name, errorCode, errorMessage } of response.topics) {
        const error = errorName(errorCode)
        if (error !== 'NONE' && error !== 'TOPIC_ALREADY_EXISTS') this.#logger.warn(`cannot create ${name}`, { error, errorMessage })
      }
    } catch (error) {
      this.#logger.warn(`cannot create ${topic}`, { error })
    }
  }

  #topicFor(name: string): {
    name: string
    numPartitions: number
    replicationFactor: number
    assignments: []
    configs: { name: string; value: string }[]
  } {
    if (name !== OFFSETS_TOPIC) return { name, numPartitions: -1, replicationFactor: -1, assignments: [], configs: [] }
    const { offsetsTopicNumPartitions, offsetsTopicReplicationFactor, offsetsTopicSegmentBytes } = this.#config
    return {
      name,
      numPartitions: offsetsTopicNumPartitions,
      replicationFactor: offsetsTopicReplicationFactor,
      assignments: [],
      configs: [
        { name: 'cleanup.policy', value: 'compact' },
        { name: 'compression.type', value: 'producer' },
        { name: 'segment.bytes', value: String(offsetsTopicSegmentBytes) },
      ],
    }
  }
}

const CREATION_TIMEOUT_MS = 10_000
