import type { Uuid } from '../../base/uuid.ts'
import { leaderRecoveryState, type MetadataImage, type PartitionImage, type TopicImage } from '../../metadata/image.ts'
import { BrokenPromise } from './history.ts'

export const UNCLEAN_ONLY_WHERE_ALLOWED = 'unclean elections happen only where they are allowed'

/** Sees every change of the committed metadata once, on whichever broker it shows first: tells of elections and in-sync replicas, and knows the unclean ones. */
export class MetadataWatch {
  /** Elections that were looked at. */
  elections = 0
  /** By topic id and partition, the leader epochs that began with somebody who may lack records. */
  readonly #unclean = new Map<string, number[]>()
  readonly #topics = new Map<Uuid, TopicImage>()
  /** Where records may be lost in an unclean election. */
  readonly #riskyTopic: string
  readonly #note: (what: string) => void
  #seen = -1

  constructor(options: { riskyTopic: string; note: (what: string) => void }) {
    this.#riskyTopic = options.riskyTopic
    this.#note = options.note
  }

  /** The leader epochs of a partition of the risky topic that began uncleanly, oldest first. */
  uncleanEpochs(id: string): readonly number[] {
    return this.#unclean.get(id) ?? []
  }

  get uncleanElections(): number {
    let count = 0
    for (const epochs of this.#unclean.values()) count += epochs.length
    return count
  }

  look(image: MetadataImage): void {
    if (image.lastAppliedOffset <= this.#seen) return
    this.#seen = image.lastAppliedOffset
    for (const topic of image.topicsById.values()) {
      const before = this.#topics.get(topic.topicId)
      if (before === topic) continue
      this.#topics.set(topic.topicId, topic)
      if (before === undefined) this.#note(`topic ${topic.name} has ${topic.partitions.length} partitions`)
      for (const partition of topic.partitions) {
        const known = before?.partitions[partition.partition]
        if (known !== partition) this.#changed(topic, known, partition)
      }
    }
    for (const [topicId, { name }] of this.#topics) {
      if (image.topicsById.has(topicId)) continue
      this.#topics.delete(topicId)
      this.#note(`topic ${name} is deleted`)
    }
  }

  #changed({ topicId, name }: TopicImage, before: PartitionImage | undefined, now: PartitionImage): void {
    const where = `${name}-${now.partition}`
    const sets = `in sync ${now.isr.join()}${now.elr.length > 0 ? `, eligible ${now.elr.join()}` : ''}`
    const isElection = now.leaderEpoch !== before?.leaderEpoch
    const isUnclean = isElection && now.leader >= 0 && now.leaderRecoveryState === leaderRecoveryState.RECOVERING
    if (isElection) {
      const leader = now.leader >= 0 ? `broker ${now.leader} leads` : 'nobody leads'
      this.#note(`${where}: ${leader} in epoch ${now.leaderEpoch}${isUnclean ? ', elected uncleanly' : ''}, ${sets}`)
    } else if (before !== undefined && (before.isr.join() !== now.isr.join() || before.elr.join() !== now.elr.join())) {
      this.#note(`${where}: ${sets}`)
    }
    if (!isElection || before === undefined) return
    this.elections++
    if (!isUnclean) return
    if (name === this.#riskyTopic) {
      const id = `${topicId}:${now.partition}`
      this.#unclean.set(id, [...this.uncleanEpochs(id), now.leaderEpoch])
      return
    }
    // The last that led may lead again when nobody is left who surely has everything.
    const mayLead = [before.leader, ...before.lastKnownElr, ...before.isr, ...before.elr]
    if (!mayLead.includes(now.leader))
      throw new BrokenPromise(
        UNCLEAN_ONLY_WHERE_ALLOWED,
        `${where}: broker ${now.leader} leads epoch ${now.leaderEpoch}, and before only ${mayLead.join()} might`,
      )
  }
}
