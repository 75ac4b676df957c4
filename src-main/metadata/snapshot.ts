import { type MetadataRecord, metadataRecord } from '../protocol/messages/metadataRecords.ts'
import { configResourceOf } from './configResource.ts'
import { METADATA_VERSION_FEATURE } from './features.ts'
import type { MetadataImage, TopicImage } from './image.ts'

/** Records that add up to the image, whatever records it came from: what a snapshot of the metadata log holds. Of all its topics, unless told of which. */
export function* recordsOf(
  image: MetadataImage,
  { topics = image.topicsById.values() }: { readonly topics?: Iterable<TopicImage> } = {},
): Generator<MetadataRecord> {
  // The level comes first, because it says how the rest is to be understood.
  const level = image.features.get(METADATA_VERSION_FEATURE)
  if (level !== undefined) yield metadataRecord({ type: 'FeatureLevelRecord', name: METADATA_VERSION_FEATURE, featureLevel: level })
  for (const [name, featureLevel] of image.features) {
    if (name !== METADATA_VERSION_FEATURE) yield metadataRecord({ type: 'FeatureLevelRecord', name, featureLevel })
  }
  for (const { endpoints, directories, ...broker } of image.brokers.values()) {
    yield metadataRecord({ type: 'RegisterBrokerRecord', ...broker, endPoints: endpoints, logDirs: directories })
  }
  for (const topic of topics) yield* recordsOfTopic(topic)
  for (const [key, values] of image.configs) {
    const { type, name: resourceName } = configResourceOf(key)
    for (const [name, value] of values) yield metadataRecord({ type: 'ConfigRecord', resourceType: type, resourceName, name, value })
  }
  for (const { entity, values } of image.quotas.values()) {
    for (const [key, value] of values) yield metadataRecord({ type: 'ClientQuotaRecord', entity, key, value, remove: false })
  }
  for (const credential of image.scramCredentials.values()) yield metadataRecord({ type: 'UserScramCredentialRecord', ...credential })
  if (image.nextProducerId > 0) {
    yield metadataRecord({ type: 'ProducerIdsRecord', brokerId: -1, brokerEpoch: -1, nextProducerId: image.nextProducerId })
  }
  for (const acl of image.acls.values()) yield metadataRecord({ type: 'AccessControlEntryRecord', ...acl })
}

/** Records that add up to the topic without its configs. */
export function* recordsOfTopic({ topicId, name, partitions }: TopicImage): Generator<MetadataRecord> {
  yield metadataRecord({ type: 'TopicRecord', topicId, name })
  for (const { partition, elr, lastKnownElr, ...rest } of partitions) {
    yield metadataRecord({
      type: 'PartitionRecord',
      topicId,
      partitionId: partition,
      ...rest,
      eligibleLeaderReplicas: elr.length > 0 ? elr : null,
      lastKnownElr: lastKnownElr.length > 0 ? lastKnownElr : null,
    })
  }
}
