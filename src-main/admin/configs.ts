import type { ConfigEntry, ConfigType } from '../contract/configs.ts'
import { DescribeConfigs, type DescribeConfigsResponse } from '../protocol/messages/describeConfigs.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { throwIfRefused } from './kafkaError.ts'

const TOPIC = 2
const BROKER = 4
const FIRST_VERSION_WITH_DOCUMENTATION = 3
/** By their numbers in DescribeConfigs. */
const SOURCES = [
  'UNKNOWN',
  'DYNAMIC_TOPIC_CONFIG',
  'DYNAMIC_BROKER_CONFIG',
  'DYNAMIC_DEFAULT_BROKER_CONFIG',
  'STATIC_BROKER_CONFIG',
  'DEFAULT_CONFIG',
  'DYNAMIC_BROKER_LOGGER_CONFIG',
  'CLIENT_METRICS_CONFIG',
  'GROUP_CONFIG',
]
const SET_ON_THE_TOPIC = 1
const DEFAULT = 5
const TYPES: readonly ConfigType[] = ['unknown', 'boolean', 'string', 'int', 'short', 'long', 'double', 'list', 'class', 'password']

/** Every config of a topic, by name. */
export async function topicConfigs(client: KafkaClient, topic: string): Promise<ConfigEntry[]> {
  const described = await client.retrying(async () => {
    const answer = await client.any(DescribeConfigs, version => requestFor(TOPIC, topic, version))
    return configsOf(answer)
  })
  return described.map(config => configEntry(config, config.configSource !== SET_ON_THE_TOPIC))
}

/** Every config of a broker, by name, as that broker has it: no other one knows. */
export async function brokerConfigs(client: KafkaClient, brokerId: number): Promise<ConfigEntry[]> {
  const answer = await client.broker(brokerId, 'query', DescribeConfigs, version => requestFor(BROKER, String(brokerId), version))
  return configsOf(answer).map(config => configEntry(config, config.configSource === DEFAULT))
}

/** The value of one config of many topics, where they say it. */
export async function oneConfigOf(
  client: KafkaClient,
  topics: readonly string[],
  name: string,
): Promise<ReadonlyMap<string, string | null>> {
  const resources = topics.map(resourceName => ({ resourceType: TOPIC, resourceName, configurationKeys: [name] }))
  const { results } = await client.any(DescribeConfigs, () => ({ resources }))
  return new Map(
    results.flatMap(({ errorCode, resourceName, configs }) => {
      const found = errorCode === 0 ? configs.find(config => config.name === name) : undefined
      return found === undefined ? [] : [[resourceName, found.value] as const]
    }),
  )
}

function requestFor(resourceType: number, resourceName: string, version: number) {
  return {
    resources: [{ resourceType, resourceName, configurationKeys: null }],
    includeSynonyms: true,
    ...(version >= FIRST_VERSION_WITH_DOCUMENTATION ? { includeDocumentation: true } : {}),
  }
}

type DescribedConfig = DescribeConfigsResponse['results'][number]['configs'][number]

function configsOf({ results }: DescribeConfigsResponse): DescribedConfig[] {
  for (const { errorCode, errorMessage } of results) throwIfRefused(errorCode, errorMessage)
  return results.flatMap(({ configs }) => configs).sort((one, other) => (one.name < other.name ? -1 : 1))
}

function configEntry(config: DescribedConfig, isDefault: boolean): ConfigEntry {
  const { name, value, readOnly, configSource, isSensitive, configType, documentation, synonyms } = config
  return {
    name,
    value,
    isDefault,
    source: sourceName(configSource),
    isReadOnly: readOnly,
    isSensitive,
    type: TYPES[configType] ?? 'unknown',
    // The first one is what counts now.
    fallbacks: synonyms.slice(1).map(({ name: of, value: held, source }) => ({ name: of, value: held, source: sourceName(source) })),
    documentation: documentation === '' ? null : documentation,
  }
}

const sourceName = (source: number) => SOURCES[source] ?? 'UNKNOWN'
