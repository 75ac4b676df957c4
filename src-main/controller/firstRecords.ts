import { ELIGIBLE_LEADERS_FEATURE, ELIGIBLE_LEADERS_VERSION, METADATA_VERSION, METADATA_VERSION_FEATURE } from '../metadata/features.ts'
import { MetadataImage } from '../metadata/image.ts'
import { type MetadataRecord, metadataRecord } from '../protocol/messages/metadataRecords.ts'
import type { ControllerSettings } from './decision.ts'
import { sharedMinInsyncReplicas } from './featureUpdates.ts'

/** With what a cluster begins that is new. */
export function firstRecords(settings: Pick<ControllerSettings, 'staticConfigs'>): readonly MetadataRecord[] {
  return [
    metadataRecord({ type: 'FeatureLevelRecord', name: METADATA_VERSION_FEATURE, featureLevel: METADATA_VERSION }),
    metadataRecord({ type: 'FeatureLevelRecord', name: ELIGIBLE_LEADERS_FEATURE, featureLevel: ELIGIBLE_LEADERS_VERSION }),
    ...sharedMinInsyncReplicas(new MetadataImage(), settings),
  ]
}
