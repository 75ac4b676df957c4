import { CLUSTER_DEFAULT, configResourceType } from '../metadata/configResource.ts'
import { configReaderOf } from '../metadata/configReader.ts'
import { ELIGIBLE_LEADERS_FEATURE, ELIGIBLE_LEADERS_VERSION, METADATA_VERSION, METADATA_VERSION_FEATURE } from '../metadata/features.ts'
import { type MetadataRecord, metadataRecord } from '../protocol/messages/metadataRecords.ts'
import type { ControllerSettings } from './decision.ts'

/**
 * With what a cluster begins that is new. min.insync.replicas is among it, because who is eligible to lead depends on it (KIP-966): from now on it is
 * the cluster's, the same for all, and not what each broker was started with.
 */
export function firstRecords({ staticConfigs }: Pick<ControllerSettings, 'staticConfigs'>): readonly MetadataRecord[] {
  return [
    metadataRecord({ type: 'FeatureLevelRecord', name: METADATA_VERSION_FEATURE, featureLevel: METADATA_VERSION }),
    metadataRecord({ type: 'FeatureLevelRecord', name: ELIGIBLE_LEADERS_FEATURE, featureLevel: ELIGIBLE_LEADERS_VERSION }),
    metadataRecord({
      type: 'ConfigRecord',
      resourceType: configResourceType.BROKER,
      resourceName: CLUSTER_DEFAULT,
      name: 'min.insync.replicas',
      value: String(configReaderOf(staticConfigs).number('min.insync.replicas')),
    }),
  ]
}
