import { CLUSTER_DEFAULT, configResourceType } from '../../metadata/configResource.ts'
import {
  type DescribedConfig,
  type DescribeOptions,
  describedBrokerConfigs,
  describedClusterDefaults,
  describedConfigs,
} from '../../metadata/describedConfigs.ts'
import { errorCode, errorMessage, type ErrorName } from '../../protocol/errors.ts'
import { DescribeConfigs, type DescribeConfigsRequest } from '../../protocol/messages/describeConfigs.ts'
import type { Call } from '../../wire/handler.ts'
import { isLegalTopicName } from '../internalTopics.ts'
import { type BrokerParts, handle } from './handle.ts'

type Described = { readonly configs: readonly DescribedConfig[] } | { readonly error: ErrorName; readonly message?: string }

export const describeConfigs = handle(DescribeConfigs, (request, parts, call) => ({
  throttleTimeMs: 0,
  results: request.resources.map(resource => {
    const { resourceType, resourceName, configurationKeys } = resource
    const { includeSynonyms, includeDocumentation } = request
    const keys = configurationKeys === null || configurationKeys.length === 0 ? null : configurationKeys
    const described = describe(resource, { keys, includeSynonyms, includeDocumentation }, parts, call)
    const isFound = 'configs' in described
    return {
      errorCode: isFound ? 0 : errorCode(described.error),
      errorMessage: isFound ? null : (described.message ?? errorMessage(described.error)),
      resourceType,
      resourceName,
      configs: isFound ? described.configs : [],
    }
  }),
}))

function describe(
  { resourceType, resourceName: name }: DescribeConfigsRequest['resources'][number],
  options: DescribeOptions,
  parts: BrokerParts,
  call: Call,
): Described {
  const { allowed, brokerId, config } = parts
  const image = parts.metadata()
  const statics = { values: config.staticValues, brokerId }
  switch (resourceType) {
    case configResourceType.TOPIC:
      if (!allowed(call, 'describeConfigs', { type: 'topic', name })) return { error: 'TOPIC_AUTHORIZATION_FAILED' }
      if (!isLegalTopicName(name)) return { error: 'INVALID_TOPIC_EXCEPTION' }
      if (!image.topicsByName.has(name)) return { error: 'UNKNOWN_TOPIC_OR_PARTITION' }
      return { configs: describedConfigs(image, statics, { type: configResourceType.TOPIC, name }, options) }
    case configResourceType.BROKER:
    case configResourceType.BROKER_LOGGER:
      if (!allowed(call, 'describeConfigs', { type: 'cluster', name: 'kafka-cluster' })) return { error: 'CLUSTER_AUTHORIZATION_FAILED' }
      if (name === CLUSTER_DEFAULT && resourceType === configResourceType.BROKER)
        return { configs: describedClusterDefaults(image, options) }
      if (name !== String(brokerId)) {
        return {
          error: 'INVALID_REQUEST',
          message: `This is broker ${brokerId}, and only a broker itself knows its configs; ${name} was asked for.`,
        }
      }
      return { configs: resourceType === configResourceType.BROKER ? describedBrokerConfigs(image, statics, options) : [] }
    case configResourceType.GROUP:
      if (name === '') return { error: 'INVALID_REQUEST', message: 'A group has a name.' }
      if (!allowed(call, 'describeConfigs', { type: 'group', name })) return { error: 'GROUP_AUTHORIZATION_FAILED' }
      return { configs: describedConfigs(image, statics, { type: configResourceType.GROUP, name }, options) }
    case configResourceType.CLIENT_METRICS:
      if (name === '') return { error: 'INVALID_REQUEST', message: 'A client metrics subscription has a name.' }
      return { configs: describedConfigs(image, statics, { type: configResourceType.CLIENT_METRICS, name }, options) }
    default:
      return { error: 'INVALID_REQUEST', message: `There are no configs of resource type ${resourceType}.` }
  }
}
