import {
  type ConfigDefinition,
  configProblem,
  definitionsFor,
  parseConfigValue,
  serverConfigDefinitions,
  topicConfigDefinitions,
} from '../metadata/configDefinitions.ts'
import { brokerConfigsProblem, groupConfigsProblem } from '../metadata/configRules.ts'
import { CLUSTER_DEFAULT, configKey, configResourceType } from '../metadata/configResource.ts'
import { imageAfter } from '../metadata/delta.ts'
import { effectiveBrokerConfig, effectiveConfig } from '../metadata/effectiveConfig.ts'
import type { MetadataImage } from '../metadata/image.ts'
import type { AlterConfigs, AlterConfigsRequest } from '../protocol/messages/alterConfigs.ts'
import type { IncrementalAlterConfigs, IncrementalAlterConfigsRequest } from '../protocol/messages/incrementalAlterConfigs.ts'
import { type MetadataRecord, metadataRecord } from '../protocol/messages/metadataRecords.ts'
import type { ResponseInput } from '../protocol/schema.ts'
import { accepted, type ControllerState, type Decision, isRefusal, type Refusal, refusal, refused, repeated } from './decision.ts'
import { changesForConfigs } from './elections.ts'
import { topicNameProblem } from './topicNames.ts'

const MIN_INSYNC_REPLICAS = 'min.insync.replicas'
const operations = { SET: 0, DELETE: 1, APPEND: 2, SUBTRACT: 3 } as const

/** Values as they shall be set; null unsets. */
type NewValues = ReadonlyMap<string, string | null>
interface Resource {
  readonly resourceType: number
  readonly resourceName: string
}

/** Changes single configs (KIP-339). A resource is changed as a whole or not at all. */
export function decideIncrementalConfigs(
  state: ControllerState,
  request: IncrementalAlterConfigsRequest,
): Decision<ResponseInput<typeof IncrementalAlterConfigs>> {
  return decideResources(state, request, (resource, current) => {
    const changed = new Map<string, string | null>()
    if (repeated(resource.configs.map(each => each.name)).size > 0) {
      return refusal('INVALID_REQUEST', 'A config is named twice for the same resource.')
    }
    for (const { name, configOperation, value } of resource.configs) {
      if (configOperation === operations.DELETE) {
        changed.set(name, null)
        continue
      }
      if (value === null) return refusal('INVALID_REQUEST', `Null is no value for ${name}.`)
      if (configOperation === operations.SET) {
        changed.set(name, value)
        continue
      }
      if (configOperation !== operations.APPEND && configOperation !== operations.SUBTRACT) {
        return refusal('INVALID_REQUEST', `There is no config operation ${configOperation}.`)
      }
      const definition = definitionsFor(resource.resourceType)?.get(name)
      if (definition?.type !== 'list') return refusal('INVALID_CONFIG', `Only lists can be added to and taken from, and ${name} is none.`)
      const items = itemsOf(current.get(name) ?? definition.default ?? '')
      const given = itemsOf(value)
      const result =
        configOperation === operations.APPEND
          ? [...items, ...given.filter(item => !items.includes(item))]
          : items.filter(item => !given.includes(item))
      changed.set(name, result.join(','))
    }
    return changed
  })
}

function itemsOf(list: string): string[] {
  return list
    .split(',')
    .map(item => item.trim())
    .filter(item => item !== '')
}

/** Replaces all configs of a resource: the older API, which loses what a client did not know of. */
export function decideConfigs(state: ControllerState, request: AlterConfigsRequest): Decision<ResponseInput<typeof AlterConfigs>> {
  return decideResources(state, request, (resource, current) => {
    const changed = new Map<string, string | null>([...current.keys()].map(name => [name, null]))
    if (repeated(resource.configs.map(each => each.name)).size > 0) {
      return refusal('INVALID_REQUEST', 'A config is named twice for the same resource.')
    }
    for (const { name, value } of resource.configs) {
      if (value === null) return refusal('INVALID_REQUEST', `Null is no value for ${name}.`)
      changed.set(name, value)
    }
    return changed
  })
}

function decideResources<R extends Resource>(
  { image, settings }: ControllerState,
  { resources, validateOnly }: { readonly resources: readonly R[]; readonly validateOnly: boolean },
  valuesOf: (resource: R, current: ReadonlyMap<string, string>) => NewValues | Refusal,
): Decision<ResponseInput<typeof IncrementalAlterConfigs>> {
  const keyOf = ({ resourceType, resourceName }: Resource) => configKey(resourceType, resourceName)
  const twice = repeated(resources.map(keyOf))
  const records: MetadataRecord[] = []
  const responses = resources.map(resource => {
    const { resourceType, resourceName } = resource
    const current = image.configs.get(keyOf(resource)) ?? new Map<string, string>()
    const outcome = twice.has(keyOf(resource))
      ? refusal('INVALID_REQUEST', 'The resource is named twice in the request.')
      : (resourceRefusal(image, resource) ?? valuesOf(resource, current))
    const problem = isRefusal(outcome) ? outcome : valuesRefusal(image, settings.staticConfigs, resource, current, outcome)
    if (isRefusal(outcome) || problem !== undefined) return { ...refused(problem ?? (outcome as Refusal)), resourceType, resourceName }
    for (const [name, value] of outcome) {
      if (value !== (current.get(name) ?? null))
        records.push(metadataRecord({ type: 'ConfigRecord', resourceType, resourceName, name, value }))
    }
    return { ...accepted, resourceType, resourceName }
  })
  const reply = { throttleTimeMs: 0, responses }
  return { records: validateOnly ? [] : [...records, ...electionsAfter(image, settings.staticConfigs, records)], reply }
}

/** Whether there is such a resource, and whether it is the controller's to change. */
function resourceRefusal(image: MetadataImage, { resourceType, resourceName }: Resource): Refusal | undefined {
  switch (resourceType) {
    case configResourceType.TOPIC:
      if (resourceName === '') return refusal('INVALID_REQUEST', 'There are no configs for all topics: name one.')
      if (topicNameProblem(resourceName) !== undefined) return refusal('INVALID_TOPIC_EXCEPTION', topicNameProblem(resourceName))
      return image.topicsByName.has(resourceName) ? undefined : refusal('UNKNOWN_TOPIC_OR_PARTITION')
    case configResourceType.BROKER:
      if (resourceName === CLUSTER_DEFAULT) return undefined
      if (!/^\d+$/.test(resourceName)) return refusal('INVALID_REQUEST', `A broker is named by its number, not by '${resourceName}'.`)
      return image.brokers.has(Number(resourceName)) ? undefined : refusal('BROKER_ID_NOT_REGISTERED')
    case configResourceType.GROUP:
    case configResourceType.CLIENT_METRICS:
      return resourceName === '' ? refusal('INVALID_REQUEST', 'A default for all is not supported here: name one.') : undefined
    default:
      return refusal('INVALID_REQUEST', `Resources of type ${resourceType} have no configs that the controller keeps.`)
  }
}

function valuesRefusal(
  image: MetadataImage,
  staticConfigs: ReadonlyMap<string, string>,
  { resourceType, resourceName }: Resource,
  current: ReadonlyMap<string, string>,
  changed: NewValues,
): Refusal | undefined {
  if (resourceType === configResourceType.TOPIC) {
    const after = [...new Map<string, string | null>([...current, ...changed])].filter(([, value]) => value !== null)
    const problem = topicConfigsProblem(
      image,
      staticConfigs,
      resourceName,
      after.map(([name, value]) => ({ name, value })),
    )
    return problem === undefined ? undefined : refusal('INVALID_CONFIG', problem)
  }
  // What is wrong with a value of a topic or a group is an invalid config; brokers and client metrics call the request invalid, as in Kafka.
  const error = resourceType === configResourceType.GROUP ? 'INVALID_CONFIG' : 'INVALID_REQUEST'
  const definitions = definitionsFor(resourceType)!
  for (const [name, value] of changed) {
    const definition = definitions.get(name)
    if (resourceType !== configResourceType.BROKER && definition === undefined) return refusal(error, `There is no such config: ${name}.`)
    const reason = resourceType === configResourceType.BROKER ? brokerRefusal(definition, resourceName) : undefined
    if (reason !== undefined) return reason
    const problem = definition === undefined || value === null ? undefined : configProblem(definition, value)
    if (problem !== undefined) return refusal(name === CLIENT_PATTERNS ? 'INVALID_CONFIG' : error, problem)
    const shared = resourceType === configResourceType.BROKER ? sharedRefusal(image, { resourceName, name, value }) : undefined
    if (shared !== undefined) return shared
  }

  const after = new Map(
    [...new Map<string, string | null>([...current, ...changed])].flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  )
  const brokerId = resourceType === configResourceType.BROKER && resourceName !== CLUSTER_DEFAULT ? Number(resourceName) : undefined
  const before = (name: string) =>
    effectiveBrokerConfig(image, { values: staticConfigs, brokerId }, serverConfigDefinitions.get(name)!).value
  // What nobody sets any more is what it was before it was set: not worth finding out, since it was checked when that was set.
  const next = (name: string) => changed.get(name) ?? before(name)
  const problem =
    resourceType === configResourceType.BROKER
      ? brokerConfigsProblem(
          [...changed].filter(([, value]) => value !== null).map(([name]) => name),
          { before, after: next },
        )
      : resourceType === configResourceType.GROUP
        ? groupConfigsProblem(after, before)
        : undefined
  return problem === undefined ? undefined : refusal(error, problem)
}

/** The one client metrics config of which a bad value is an invalid config. */
const CLIENT_PATTERNS = 'match'

/** Broker configs that nobody defined are taken as they are: they may belong to something that we do not know. */
function brokerRefusal(definition: ConfigDefinition | undefined, resourceName: string): Refusal | undefined {
  if (definition?.alterable === 'readOnly') {
    return refusal('INVALID_REQUEST', `${definition.name} cannot be changed while the broker runs.`)
  }
  if (definition?.alterable === 'perBroker' && resourceName === CLUSTER_DEFAULT) {
    return refusal('INVALID_REQUEST', `${definition.name} can only be set for a single broker.`)
  }
  return undefined
}

/** With eligible leader replicas, controller and leaders have to agree on min.insync.replicas: it is the cluster's or a topic's (KIP-966). */
function sharedRefusal(
  image: MetadataImage,
  { resourceName, name, value }: { readonly resourceName: string; readonly name: string; readonly value: string | null },
): Refusal | undefined {
  if (name !== MIN_INSYNC_REPLICAS || !image.hasEligibleLeaders) return undefined
  if (resourceName !== CLUSTER_DEFAULT) {
    return refusal('INVALID_CONFIG', `${name} cannot be set for a single broker in a cluster with eligible leader replicas.`)
  }
  return value === null
    ? refusal('INVALID_CONFIG', `The cluster's ${name} cannot be removed while there are eligible leader replicas.`)
    : undefined
}

/** What is wrong with all that shall be set for a topic; undefined when nothing is. */
export function topicConfigsProblem(
  image: MetadataImage,
  staticConfigs: ReadonlyMap<string, string>,
  topic: string,
  configs: readonly { readonly name: string; readonly value: string | null }[],
): string | undefined {
  const twice = repeated(configs.map(config => config.name))
  for (const { name, value } of configs) {
    const definition = topicConfigDefinitions.get(name)
    if (definition === undefined) return `Unknown topic config name: ${name}`
    if (twice.has(name)) return `${name} is given twice.`
    if (value === null) return `Null is no value for ${name}.`
    const problem = configProblem(definition, value)
    if (problem !== undefined) return problem
  }
  const given = new Map(configs.map(config => [config.name, config.value!]))
  const holding = (name: string) => {
    const definition = topicConfigDefinitions.get(name)!
    // What was set for the topic up to now is among `configs` if it is to stay.
    const inherited = () =>
      effectiveConfig(image, { values: staticConfigs }, { type: configResourceType.TOPIC, name: NO_TOPIC }, definition).value ?? ''
    const parsed = parseConfigValue(definition.type, given.get(name) ?? inherited())
    return 'value' in parsed ? parsed.value : undefined
  }
  if (given.has('remote.storage.enable') && holding('remote.storage.enable') === true) {
    return `Topic '${topic}' cannot use tiered storage: there is none.`
  }
  if (Number(holding('min.compaction.lag.ms')) > Number(holding('max.compaction.lag.ms'))) {
    return 'min.compaction.lag.ms must not be larger than max.compaction.lag.ms.'
  }
  return undefined
}

/** No topic has this name, so that only brokers' values and defaults are found for it. */
const NO_TOPIC = ''

/** Configs that say who may lead, and when. */
const ELECTION_CONFIGS: ReadonlySet<string> = new Set(['unclean.leader.election.enable', MIN_INSYNC_REPLICAS])

/**
 * Whoever allows unclean elections does so because partitions have no leader: they shall not wait for the next occasion. And where fewer in-sync
 * replicas are enough from now on, those are not eligible any more that lack what these will commit.
 *
 * Differs from Kafka: it clears all eligible leader replicas of the topic, also where nothing will be committed, and with them the last that have all.
 */
function electionsAfter(
  image: MetadataImage,
  staticConfigs: ReadonlyMap<string, string>,
  records: readonly MetadataRecord[],
): readonly MetadataRecord[] {
  if (!records.some(record => record.type === 'ConfigRecord' && ELECTION_CONFIGS.has(record.name))) return []
  return changesForConfigs(imageAfter(image, records), staticConfigs)
}

/** For `refuse`-ing a whole request of either kind. */
export function refusedConfigs(
  { resources }: { readonly resources: readonly Resource[] },
  reason: Refusal,
): ResponseInput<typeof AlterConfigs> {
  return {
    throttleTimeMs: 0,
    responses: resources.map(({ resourceType, resourceName }) => ({ ...refused(reason), resourceType, resourceName })),
  }
}
