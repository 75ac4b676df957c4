import { CLUSTER_DEFAULT, configKey, configResourceType } from '../metadata/configResource.ts'
import { configReaderOf } from '../metadata/configReader.ts'
import { ELIGIBLE_LEADERS_FEATURE, METADATA_VERSION_FEATURE, supportedFeatures } from '../metadata/features.ts'
import type { MetadataImage } from '../metadata/image.ts'
import { type MetadataRecord, metadataRecord } from '../protocol/messages/metadataRecords.ts'
import type { UpdateFeatures, UpdateFeaturesRequest } from '../protocol/messages/updateFeatures.ts'
import type { ResponseInput } from '../protocol/schema.ts'
import {
  accepted,
  type ControllerSettings,
  type ControllerState,
  type Decision,
  isRefusal,
  type Refusal,
  refusal,
  refused,
  repeated,
  refuse,
} from './decision.ts'

/** Ways of an update. Version 0 of the request has a flag instead, which the broker that was asked translates. */
export const upgradeTypes = { UPGRADE: 1, SAFE_DOWNGRADE: 2, UNSAFE_DOWNGRADE: 3 } as const

const MIN_INSYNC_REPLICAS = 'min.insync.replicas'

type FeatureUpdate = UpdateFeaturesRequest['featureUpdates'][number]

/** Moves features to other levels (KIP-584, KIP-1022), all that are named or none. */
export function decideFeatureUpdates(
  { image, settings }: ControllerState,
  { featureUpdates, validateOnly }: UpdateFeaturesRequest,
): Decision<ResponseInput<typeof UpdateFeatures>> {
  const [twice] = repeated(featureUpdates.map(({ feature }) => feature))
  if (twice !== undefined) return refuse(refusedFeatures(refusal('INVALID_REQUEST', `The feature ${twice} is named twice in the request.`)))

  const records: MetadataRecord[] = []
  for (const update of featureUpdates) {
    const outcome = recordsFor(image, settings, update)
    if (isRefusal(outcome)) {
      const { feature, maxVersionLevel } = update
      const message = `No level was changed, because ${feature} cannot have level ${maxVersionLevel}: ${outcome.message}`
      return refuse(refusedFeatures(refusal(outcome.error, message)))
    }
    records.push(...outcome)
  }
  return { records: validateOnly ? [] : records, reply: { throttleTimeMs: 0, ...accepted } }
}

function recordsFor(
  image: MetadataImage,
  settings: ControllerSettings,
  { feature: name, maxVersionLevel: level, upgradeType }: FeatureUpdate,
): readonly MetadataRecord[] | Refusal {
  const no = (message: string) => refusal('INVALID_UPDATE_VERSION', message)
  if (!Object.values<number>(upgradeTypes).includes(upgradeType)) return no(`there is no upgrade type ${upgradeType}.`)
  if (level < 0) return no('a level is not below 0.')
  const reason = unsupported(image, name, level)
  if (reason !== undefined) return no(reason)

  const current = image.features.get(name) ?? 0
  if (level < current && upgradeType === upgradeTypes.UPGRADE) return no(`it has level ${current}, and going down has to be asked for.`)
  if (level > current && upgradeType !== upgradeTypes.UPGRADE) return no(`it has level ${current}, and that would be no downgrade.`)
  if (level < current && upgradeType === upgradeTypes.UNSAFE_DOWNGRADE && name === METADATA_VERSION_FEATURE) {
    return no('an unsafe downgrade of the metadata is not supported.')
  }
  if (level === current) return []
  const change = metadataRecord({ type: 'FeatureLevelRecord', name, featureLevel: level })
  // Between the levels of metadata.version that we support no record changed, so that every downgrade is safe.
  if (name !== ELIGIBLE_LEADERS_FEATURE) return [change]
  return level > 0 ? [...sharedMinInsyncReplicas(image, settings), change] : [...withoutEligibleLeaders(image), change]
}

/** Why not every process understands a level. Every broker is a controller too, so that all have registered what they understand. */
function unsupported(image: MetadataImage, name: string, level: number): string | undefined {
  const own = supportedFeatures.find(feature => feature.name === name)
  if (own === undefined) return 'the controller does not know such a feature.'
  if (level < own.minVersion || level > own.maxVersion) {
    return `the controller supports the levels ${own.minVersion} to ${own.maxVersion} only.`
  }
  for (const { brokerId, features } of image.brokers.values()) {
    const known = features.find(feature => feature.name === name) ?? { minSupportedVersion: 0, maxSupportedVersion: 0 }
    const { minSupportedVersion: least, maxSupportedVersion: greatest } = known
    if (level < least || level > greatest) return `broker ${brokerId} supports the levels ${least} to ${greatest} only.`
  }
  return undefined
}

/**
 * Who is eligible depends on min.insync.replicas, so that leaders and controller have to agree on it: from now on it is the cluster's or a topic's, and
 * not what a broker was started with or had set for itself alone (KIP-966).
 */
export function sharedMinInsyncReplicas(
  image: MetadataImage,
  { staticConfigs }: Pick<ControllerSettings, 'staticConfigs'>,
): readonly MetadataRecord[] {
  const name = MIN_INSYNC_REPLICAS
  const resourceType = configResourceType.BROKER
  const own = [...image.brokers.keys()].map(String).filter(resourceName => image.configsOf(resourceType, resourceName).has(name))
  const removals = own.map(resourceName => metadataRecord({ type: 'ConfigRecord', resourceType, resourceName, name, value: null }))
  if (image.configs.get(configKey(resourceType, CLUSTER_DEFAULT))?.has(name) === true) return removals
  const value = String(configReaderOf(staticConfigs).number(name))
  return [metadataRecord({ type: 'ConfigRecord', resourceType, resourceName: CLUSTER_DEFAULT, name, value }), ...removals]
}

/**
 * Without the feature, whoever has all that was acknowledged is in sync, even while away: so those that are eligible come back into an ISR that is
 * empty, or else who led last. The others are forgotten.
 */
function withoutEligibleLeaders(image: MetadataImage): readonly MetadataRecord[] {
  const returns = [...image.topicsById.values()].flatMap(({ topicId, partitions }) =>
    partitions.flatMap(({ partition: partitionId, isr, elr, lastKnownElr }) => {
      const returning = elr.length > 0 ? elr : lastKnownElr
      if (isr.length > 0 || returning.length === 0) return []
      return [
        metadataRecord({
          type: 'PartitionChangeRecord',
          topicId,
          partitionId,
          isr: returning,
          eligibleLeaderReplicas: [],
          lastKnownElr: [],
        }),
      ]
    }),
  )
  return [...returns, metadataRecord({ type: 'ClearElrRecord', topicName: '' })]
}

/** For `refuse`-ing a whole request. */
export function refusedFeatures(reason: Refusal): ResponseInput<typeof UpdateFeatures> {
  return { throttleTimeMs: 0, ...refused(reason) }
}
