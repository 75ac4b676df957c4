import { configResourceType } from '../../metadata/configResource.ts'
import { errorCode, errorMessage, type ErrorName } from '../../protocol/errors.ts'
import { AlterConfigs } from '../../protocol/messages/alterConfigs.ts'
import type { Call } from '../../wire/handler.ts'
import { forward, OWN_METADATA_PATIENCE_MS } from './forward.ts'
import { type BrokerParts, handle } from './handle.ts'

interface ConfigResource {
  readonly resourceType: number
  readonly resourceName: string
}

export const alterConfigs = handle(AlterConfigs, async (request, parts, call) => {
  const resources = request.resources.filter(each => mayAlter(each, parts, call))
  const { validateOnly } = request
  const response = await forward(
    parts,
    AlterConfigs,
    { resources, validateOnly },
    {
      timeoutMs: parts.config.requestTimeoutMs,
      unreachable: () => ({ throttleTimeMs: 0, responses: resources.map(each => failedToAlter(each, 'REQUEST_TIMED_OUT')) }),
    },
  )
  const done = validateOnly
    ? []
    : resources.filter(each => response.responses.some(answered => answered.errorCode === 0 && isSame(answered, each)))
  await configsReach(
    parts,
    done.map(each => ({ ...each, values: each.configs })),
  )
  const denied = request.resources.filter(each => !mayAlter(each, parts, call)).map(each => failedToAlter(each, deniedWith(each)))
  return { throttleTimeMs: 0, responses: [...response.responses, ...denied] }
})

/** Waits until this broker's own metadata has the values, so that a DescribeConfigs that follows shows them. */
export async function configsReach(
  { metadataReaches }: Pick<BrokerParts, 'metadataReaches'>,
  altered: readonly (ConfigResource & { readonly values: readonly { readonly name: string; readonly value: string | null }[] })[],
): Promise<void> {
  await metadataReaches(
    image =>
      altered.every(({ resourceType, resourceName, values }) => {
        const set = image.configs.get(`${resourceType}:${resourceName}`)
        return values.every(({ name, value }) => (set?.get(name) ?? null) === value)
      }),
    OWN_METADATA_PATIENCE_MS,
  )
}

export function mayAlter({ resourceType, resourceName }: ConfigResource, parts: BrokerParts, call: Call): boolean {
  return resourceType === configResourceType.TOPIC
    ? parts.allowed(call, 'alterConfigs', { type: 'topic', name: resourceName })
    : parts.allowed(call, 'alterConfigs', { type: 'cluster', name: 'kafka-cluster' })
}

export function deniedWith({ resourceType }: ConfigResource): ErrorName {
  return resourceType === configResourceType.TOPIC ? 'TOPIC_AUTHORIZATION_FAILED' : 'CLUSTER_AUTHORIZATION_FAILED'
}

export function failedToAlter({ resourceType, resourceName }: ConfigResource, error: ErrorName) {
  return { errorCode: errorCode(error), errorMessage: errorMessage(error), resourceType, resourceName }
}

export function isSame(one: ConfigResource, other: ConfigResource): boolean {
  return one.resourceType === other.resourceType && one.resourceName === other.resourceName
}
