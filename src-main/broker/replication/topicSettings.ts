import { CLUSTER_DEFAULT, configKey, configResourceType } from '../../metadata/configResource.ts'
import type { MetadataDelta } from '../../metadata/delta.ts'
import { resolveTopicConfig, type TopicConfig } from '../../metadata/effectiveConfig.ts'
import type { MetadataImage } from '../../metadata/image.ts'

/** The configs of topics as they hold at this broker, resolved once and kept until something they depend on changes. */
export class TopicSettings {
  readonly #image: () => MetadataImage
  readonly #statics: ReadonlyMap<string, string>
  readonly #brokerId: number
  readonly #resolved = new Map<string, TopicConfig>()

  constructor(image: () => MetadataImage, options: { statics: ReadonlyMap<string, string>; brokerId: number }) {
    this.#image = image
    this.#statics = options.statics
    this.#brokerId = options.brokerId
  }

  of(topic: string): TopicConfig {
    let config = this.#resolved.get(topic)
    if (config === undefined) {
      config = resolveTopicConfig(this.#image(), this.#statics, topic, this.#brokerId)
      this.#resolved.set(topic, config)
    }
    return config
  }

  /** Forgets what a change made outdated. Says for which topics: undefined is all of them. */
  changed(delta: Pick<MetadataDelta, 'changedConfigs' | 'deletedTopics'>): readonly string[] | undefined {
    for (const { name } of delta.deletedTopics) this.#resolved.delete(name)
    if (delta.changedConfigs.size === 0) return []
    const broker = configResourceType.BROKER
    if (
      delta.changedConfigs.has(configKey(broker, CLUSTER_DEFAULT)) ||
      delta.changedConfigs.has(configKey(broker, String(this.#brokerId)))
    ) {
      this.#resolved.clear()
      return undefined
    }
    const prefix = configKey(configResourceType.TOPIC, '')
    const topics = [...delta.changedConfigs].filter(key => key.startsWith(prefix)).map(key => key.slice(prefix.length))
    for (const topic of topics) this.#resolved.delete(topic)
    return topics
  }
}
