/** A feature and the levels of it that a process understands (KIP-584). */
export interface SupportedFeature {
  readonly name: string
  readonly minVersion: number
  readonly maxVersion: number
}

/** The feature that says which records the metadata log may hold. */
export const METADATA_VERSION_FEATURE = 'metadata.version'

/** Level 4.0-IV3: the oldest one that allows every record version we write, so that older tools can read our log too. New clusters have it. */
export const METADATA_VERSION = 25

/** Level 4.2-IV1. What the levels up to it add needs nothing of us; from 4.3 on brokers have log folders that take no new replicas (KIP-1066). */
export const NEWEST_METADATA_VERSION = 29

/** The feature that lets replicas lead that were among the last in sync, although they are not any more (KIP-966). Level 0 is without it. */
export const ELIGIBLE_LEADERS_FEATURE = 'eligible.leader.replicas.version'

/** Level 1, as clusters have it that are new. One that was made without stays without. */
export const ELIGIBLE_LEADERS_VERSION = 1

/** What a broker of ours names at registration and in ApiVersions. */
export const supportedFeatures: readonly SupportedFeature[] = [
  { name: METADATA_VERSION_FEATURE, minVersion: METADATA_VERSION, maxVersion: NEWEST_METADATA_VERSION },
  { name: ELIGIBLE_LEADERS_FEATURE, minVersion: 0, maxVersion: ELIGIBLE_LEADERS_VERSION },
]
