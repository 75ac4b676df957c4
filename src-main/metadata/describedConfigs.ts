import type { ResponseInput } from '../protocol/schema.ts'
import type { DescribeConfigs } from '../protocol/messages/describeConfigs.ts'
import { type ConfigDefinition, configTypeCodes, definitionsFor, serverConfigDefinitions } from './configDefinitions.ts'
import { CLUSTER_DEFAULT, configResourceType } from './configResource.ts'
import { type BrokerStatics, configSource, effectiveBrokerConfig, effectiveConfig, type EffectiveConfig } from './effectiveConfig.ts'
import type { MetadataImage } from './image.ts'

/** One config in a DescribeConfigs response. */
export type DescribedConfig = ResponseInput<typeof DescribeConfigs>['results'][number]['configs'][number]

export interface DescribeOptions {
  /** Null asks for all. */
  readonly keys: readonly string[] | null
  readonly includeSynonyms: boolean
  readonly includeDocumentation: boolean
}

/** The configs of a topic, a group or a client metrics subscription, which the caller knows to exist. */
export function describedConfigs(
  image: MetadataImage,
  statics: BrokerStatics,
  resource: { readonly type: 2 | 16 | 32; readonly name: string },
  options: DescribeOptions,
): DescribedConfig[] {
  return [...definitionsFor(resource.type)!.values()]
    .filter(definition => isAskedFor(definition, options))
    .map(definition => described(effectiveConfig(image, statics, resource, definition), { readOnly: false }, options))
}

/** The configs of the broker that answers. */
export function describedBrokerConfigs(image: MetadataImage, statics: BrokerStatics, options: DescribeOptions): DescribedConfig[] {
  return [...serverConfigDefinitions.values()]
    .filter(definition => isAskedFor(definition, options))
    .map(definition =>
      described(effectiveBrokerConfig(image, statics, definition), { readOnly: definition.alterable === 'readOnly' }, options),
    )
}

/** What was set for all brokers: the resource with the empty name lists nothing else. */
export function describedClusterDefaults(image: MetadataImage, options: DescribeOptions): DescribedConfig[] {
  const set = image.configsOf(configResourceType.BROKER, CLUSTER_DEFAULT)
  return [...serverConfigDefinitions.values()]
    .filter(definition => set.has(definition.name) && isAskedFor(definition, options))
    .map(definition => {
      const value = set.get(definition.name)!
      const source = configSource.DYNAMIC_DEFAULT_BROKER
      const found = [{ name: definition.name, value, source }]
      return described({ definition, value, source, isDefault: false, found }, { readOnly: definition.alterable === 'readOnly' }, options)
    })
}

function isAskedFor({ name, internal }: ConfigDefinition, { keys }: DescribeOptions): boolean {
  return keys === null ? !internal : keys.includes(name)
}

function described(
  { definition, value, source, found }: EffectiveConfig,
  { readOnly }: { readonly readOnly: boolean },
  { includeSynonyms, includeDocumentation }: DescribeOptions,
): DescribedConfig {
  const isSensitive = definition.type === 'password'
  return {
    name: definition.name,
    value: isSensitive ? null : value,
    readOnly,
    configSource: source,
    isSensitive,
    synonyms: includeSynonyms ? found.map(each => ({ ...each, value: isSensitive ? null : each.value })) : [],
    configType: configTypeCodes[definition.type],
    documentation: includeDocumentation ? definition.documentation : null,
  }
}
