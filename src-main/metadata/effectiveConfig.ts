import { assert } from '../base/assert.ts'
import {
  type ConfigDefinition,
  definitionsFor,
  parseConfigValue,
  serverConfigDefinitions,
  topicConfigDefinitions,
  type ConfigValue,
} from './configDefinitions.ts'
import { CLUSTER_DEFAULT, configResourceType } from './configResource.ts'
import type { MetadataImage } from './image.ts'

/** Where a value comes from, as DescribeConfigs numbers it. */
export const configSource = {
  UNKNOWN: 0,
  DYNAMIC_TOPIC: 1,
  DYNAMIC_BROKER: 2,
  DYNAMIC_DEFAULT_BROKER: 3,
  STATIC_BROKER: 4,
  DEFAULT: 5,
  DYNAMIC_BROKER_LOGGER: 6,
  DYNAMIC_CLIENT_METRICS: 7,
  DYNAMIC_GROUP: 8,
} as const
export type ConfigSource = (typeof configSource)[keyof typeof configSource]

/** One place in which a value was found, under the name it has there. */
export interface FoundConfig {
  readonly name: string
  readonly value: string | null
  readonly source: ConfigSource
}

/** What holds for a resource. */
export interface EffectiveConfig {
  readonly definition: ConfigDefinition
  readonly value: string | null
  readonly source: ConfigSource
  readonly isDefault: boolean
  /** Every place that has a value, the one that holds first. */
  readonly found: readonly FoundConfig[]
}

/** A broker's own view: the values its process was started with, and its number for what was set for it alone. */
export interface BrokerStatics {
  readonly values: ReadonlyMap<string, string>
  /** Undefined asks for what holds at brokers in general. */
  readonly brokerId?: number | undefined
}

/** Settings of a broker config, in the order of precedence: for this broker, for all, from its file. The default is not among them. */
function brokerSettings(image: MetadataImage, { values, brokerId }: BrokerStatics, name: string): FoundConfig[] {
  const found: FoundConfig[] = []
  const own = brokerId === undefined ? undefined : image.configsOf(configResourceType.BROKER, String(brokerId)).get(name)
  if (own !== undefined) found.push({ name, value: own, source: configSource.DYNAMIC_BROKER })
  const everywhere = image.configsOf(configResourceType.BROKER, CLUSTER_DEFAULT).get(name)
  if (everywhere !== undefined) found.push({ name, value: everywhere, source: configSource.DYNAMIC_DEFAULT_BROKER })
  const fixed = values.get(name)
  if (fixed !== undefined) found.push({ name, value: fixed, source: configSource.STATIC_BROKER })
  return found
}

/** What holds at a broker. */
export function effectiveBrokerConfig(image: MetadataImage, statics: BrokerStatics, definition: ConfigDefinition): EffectiveConfig {
  const found = brokerSettings(image, statics, definition.name)
  if (definition.default !== null) found.push({ name: definition.name, value: definition.default, source: configSource.DEFAULT })
  return effective(definition, found, definition.default)
}

/** What holds for a topic, a group or a client metrics subscription: its own value, else the broker's, else the default. */
export function effectiveConfig(
  image: MetadataImage,
  statics: BrokerStatics,
  resource: { readonly type: 2 | 16 | 32; readonly name: string },
  definition: ConfigDefinition,
): EffectiveConfig {
  const found: FoundConfig[] = []
  const own = image.configsOf(resource.type, resource.name).get(definition.name)
  if (own !== undefined) found.push({ name: definition.name, value: own, source: ownSource[resource.type] })
  let holding: string | undefined = own
  for (const { name, factor } of definition.synonyms) {
    for (const setting of brokerSettings(image, statics, name)) {
      found.push(setting)
      holding ??= scaled(setting.value ?? '', factor)
    }
  }
  for (const { name } of definition.synonyms) {
    const initial = serverConfigDefinitions.get(name)?.default ?? null
    if (initial !== null) found.push({ name, value: initial, source: configSource.DEFAULT })
  }
  if (found.length === 0 && definition.default !== null) {
    found.push({ name: definition.name, value: definition.default, source: configSource.DEFAULT })
  }
  const result = effective(definition, found, definition.default)
  return { ...result, value: holding ?? definition.default }
}

const ownSource = {
  [configResourceType.TOPIC]: configSource.DYNAMIC_TOPIC,
  [configResourceType.GROUP]: configSource.DYNAMIC_GROUP,
  [configResourceType.CLIENT_METRICS]: configSource.DYNAMIC_CLIENT_METRICS,
} as const

function effective(definition: ConfigDefinition, found: readonly FoundConfig[], initial: string | null): EffectiveConfig {
  const source = found[0]?.source ?? configSource.DEFAULT
  return { definition, value: found[0]?.value ?? initial, source, isDefault: source === configSource.DEFAULT, found }
}

/** Hours and minutes become milliseconds; "no limit" stays what it is. */
function scaled(text: string, factor: number): string {
  if (factor === 1) return text
  const number = Number(text)
  return number < 0 ? text : String(number * factor)
}

/** What storage wants to know of a topic. */
export interface TopicLogConfig {
  readonly segmentBytes: number
  readonly segmentMs: number
  readonly segmentJitterMs: number
  readonly segmentIndexBytes: number
  readonly indexIntervalBytes: number
  readonly retentionMs: number
  readonly retentionBytes: number
  readonly cleanupPolicy: readonly ('delete' | 'compact')[]
  readonly maxMessageBytes: number
  readonly fileDeleteDelayMs: number
  readonly messageTimestampType: 'CreateTime' | 'LogAppendTime'
  readonly messageTimestampBeforeMaxMs: number
  readonly messageTimestampAfterMaxMs: number
  readonly compressionType: 'uncompressed' | 'zstd' | 'lz4' | 'snappy' | 'gzip' | 'producer'
  readonly flushMessages: number
  readonly flushMs: number
  readonly deleteRetentionMs: number
  readonly minCompactionLagMs: number
  readonly maxCompactionLagMs: number
  readonly minCleanableDirtyRatio: number
  readonly producerIdExpirationMs: number
}

export interface TopicConfig {
  /** By name, internal ones included. */
  readonly values: ReadonlyMap<string, EffectiveConfig>
  readonly log: TopicLogConfig
  readonly minInsyncReplicas: number
  readonly uncleanLeaderElectionEnable: boolean
}

/**
 * What holds for a topic at a broker with the given static values. With a `brokerId`, what was set for that broker alone counts too. A topic that does
 * not exist has the defaults of one that is about to be created.
 */
export function resolveTopicConfig(
  image: MetadataImage,
  brokerStatics: ReadonlyMap<string, string>,
  topic: string,
  brokerId?: number,
): TopicConfig {
  const statics = { values: brokerStatics, brokerId }
  const values = new Map<string, EffectiveConfig>()
  for (const definition of topicConfigDefinitions.values()) {
    values.set(definition.name, effectiveConfig(image, statics, { type: configResourceType.TOPIC, name: topic }, definition))
  }
  const parsed = (name: string) => parsedValue(values.get(name)!)
  const number = (name: string) => parsed(name) as number
  const producers = serverConfigDefinitions.get('producer.id.expiration.ms')!
  const internalSegmentBytes = values.get('internal.segment.bytes')!
  return {
    values,
    minInsyncReplicas: number('min.insync.replicas'),
    uncleanLeaderElectionEnable: parsed('unclean.leader.election.enable') as boolean,
    log: {
      segmentBytes: internalSegmentBytes.value === null ? number('segment.bytes') : number('internal.segment.bytes'),
      segmentMs: number('segment.ms'),
      segmentJitterMs: number('segment.jitter.ms'),
      segmentIndexBytes: number('segment.index.bytes'),
      indexIntervalBytes: number('index.interval.bytes'),
      retentionMs: number('retention.ms'),
      retentionBytes: number('retention.bytes'),
      cleanupPolicy: parsed('cleanup.policy') as TopicLogConfig['cleanupPolicy'],
      maxMessageBytes: number('max.message.bytes'),
      fileDeleteDelayMs: number('file.delete.delay.ms'),
      messageTimestampType: parsed('message.timestamp.type') as TopicLogConfig['messageTimestampType'],
      messageTimestampBeforeMaxMs: number('message.timestamp.before.max.ms'),
      messageTimestampAfterMaxMs: number('message.timestamp.after.max.ms'),
      compressionType: parsed('compression.type') as TopicLogConfig['compressionType'],
      flushMessages: number('flush.messages'),
      flushMs: number('flush.ms'),
      deleteRetentionMs: number('delete.retention.ms'),
      minCompactionLagMs: number('min.compaction.lag.ms'),
      maxCompactionLagMs: number('max.compaction.lag.ms'),
      minCleanableDirtyRatio: number('min.cleanable.dirty.ratio'),
      producerIdExpirationMs: parsedValue(effectiveBrokerConfig(image, statics, producers)) as number,
    },
  }
}

/** A value that went through validation when it was set, so that it must parse. */
function parsedValue({ definition, value }: EffectiveConfig): ConfigValue {
  const parsed = parseConfigValue(definition.type, value ?? '')
  assert('value' in parsed, () => `the value of ${definition.name} has the type it was checked for`)
  return parsed.value
}

/** One topic config alone, for those who need no more. */
export function topicFlag(image: MetadataImage, brokerStatics: ReadonlyMap<string, string>, topic: string, name: string): boolean {
  const value = topicValue(image, brokerStatics, topic, name)
  assert(typeof value === 'boolean', () => `${name} is a topic's flag`)
  return value
}

/** As `topicFlag`, for a number. */
export function topicNumber(image: MetadataImage, brokerStatics: ReadonlyMap<string, string>, topic: string, name: string): number {
  const value = topicValue(image, brokerStatics, topic, name)
  assert(typeof value === 'number', () => `${name} is a topic's number`)
  return value
}

function topicValue(image: MetadataImage, brokerStatics: ReadonlyMap<string, string>, topic: string, name: string): ConfigValue {
  const definition = topicConfigDefinitions.get(name)
  assert(definition !== undefined, () => `topics have a config ${name}`)
  return parsedValue(effectiveConfig(image, { values: brokerStatics }, { type: configResourceType.TOPIC, name: topic }, definition))
}

/** Whether there is a table for a resource type whose values are found by `effectiveConfig`. */
export function hasOwnConfigs(type: number): type is 2 | 16 | 32 {
  return type !== configResourceType.BROKER && definitionsFor(type) !== undefined
}
