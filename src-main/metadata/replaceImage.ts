import type { MetadataRecord } from '../protocol/messages/metadataRecords.ts'
import { applyRecords, type MetadataDelta } from './delta.ts'
import { MetadataImage, type TopicImage } from './image.ts'

/**
 * Makes an image what a snapshot says, in place, whatever it was before. The delta is what led from one to the other, as if it had been one batch: for
 * those who follow, a jump is a change like any other. Who wants to know up to which offset sets it.
 */
export function replaceImage(image: MetadataImage, records: readonly MetadataRecord[]): MetadataDelta {
  const next = new MetadataImage()
  applyRecords(next, records)
  const delta = difference(image, next)
  Object.assign(image, next)
  return delta
}

function difference(before: MetadataImage, after: MetadataImage): MetadataDelta {
  const topics = [...after.topicsById.values()].map(topic => ({ topic, partitions: changedPartitions(before, topic) }))
  const isChanged = topics.filter(({ topic, partitions }) => partitions.length > 0 || !before.topicsById.has(topic.topicId))
  return {
    changedTopics: new Set(isChanged.map(({ topic }) => topic.topicId)),
    deletedTopics: [...before.topicsById.values()].filter(({ topicId }) => !after.topicsById.has(topicId)),
    changedPartitions: isChanged.flatMap(({ topic: { topicId }, partitions }) => partitions.map(partition => ({ topicId, partition }))),
    changedBrokers: changedKeys(before.brokers, after.brokers),
    changedConfigs: changedKeys(before.configs, after.configs),
    changedFeatures: changedKeys(before.features, after.features),
    producerIdsChanged: before.nextProducerId !== after.nextProducerId,
    quotasChanged: changedKeys(before.quotas, after.quotas).size > 0,
    credentialsChanged: changedKeys(before.scramCredentials, after.scramCredentials).size > 0,
    aclsChanged: changedKeys(before.acls, after.acls).size > 0,
  }
}

function changedPartitions(before: MetadataImage, { topicId, partitions }: TopicImage): number[] {
  const known = before.topicsById.get(topicId)?.partitions ?? []
  return partitions.filter(each => textOf(known[each.partition]) !== textOf(each)).map(each => each.partition)
}

function changedKeys<K, V>(before: ReadonlyMap<K, V>, after: ReadonlyMap<K, V>): Set<K> {
  const keys = new Set([...before.keys(), ...after.keys()])
  return new Set([...keys].filter(key => before.has(key) !== after.has(key) || textOf(before.get(key)) !== textOf(after.get(key))))
}

/** What an image is made of is plain: values, lists, buffers, and maps of texts and numbers. */
function textOf(value: unknown): string | undefined {
  return JSON.stringify(value, (_, each: unknown) => (each instanceof Map ? [...each].toSorted() : each))
}
