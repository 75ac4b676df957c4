import type { AclBinding, AclFilter, NewAclBinding } from '../../contract/security.ts'
import { errorName } from '../../protocol/errors.ts'
import { CreateAcls } from '../../protocol/messages/createAcls.ts'
import { DeleteAcls, type DeleteAclsRequest } from '../../protocol/messages/deleteAcls.ts'
import { DescribeAcls } from '../../protocol/messages/describeAcls.ts'
import type { KafkaClient } from '../kafkaClient.ts'
import { KafkaError, throwIfRefused } from '../kafkaError.ts'
import { nameOf, numberOrAny, operations, patternTypes, permissions, resourceTypes } from './aclNumbers.ts'

type Filter = DeleteAclsRequest['filters'][number]

/** The bindings that a filter lets through, those of a principal together; undefined when the cluster has no authorizer. */
export async function bindingsOf(client: KafkaClient, filter: AclFilter): Promise<AclBinding[] | undefined> {
  const { errorCode, errorMessage, resources } = await client.retrying(() => client.any(DescribeAcls, () => filterOf(filter)))
  if (errorName(errorCode) === 'SECURITY_DISABLED') return undefined
  throwIfRefused(errorCode, errorMessage)
  return resources
    .flatMap(({ resourceType, resourceName, patternType, acls }) =>
      acls.map(acl => bindingOf({ ...acl, resourceType, resourceName, patternType })),
    )
    .sort(inOrder)
}

/** Throws when any was refused; the others are made. */
export async function createBindings(client: KafkaClient, bindings: readonly NewAclBinding[]): Promise<void> {
  const creations = bindings.map(({ principal, host, permission, operation, resourceType, resourceName, patternType }) => ({
    resourceType: resourceTypes[resourceType],
    resourceName,
    resourcePatternType: patternTypes[patternType],
    principal,
    host,
    operation: operations[operation],
    permissionType: permissions[permission],
  }))
  // Making a binding that is there changes nothing, so that it may be asked for again.
  await client.retrying(async () => {
    const { results } = await client.controller(CreateAcls, () => ({ creations }))
    const refused = results.filter(({ errorCode }) => errorCode !== 0)
    const [first] = refused
    if (first === undefined) return
    const why = new KafkaError(errorName(first.errorCode), first.errorMessage)
    if (bindings.length === 1 || !why.isFinal) throw why
    throw new KafkaError(why.code, `${refused.length} of ${bindings.length} were refused, the others are made. ${why.message}`)
  })
}

/** Takes away exactly these, and tells which of them were there. */
export async function deleteBindings(client: KafkaClient, bindings: readonly AclBinding[]): Promise<AclBinding[]> {
  const stranger = bindings.find(binding => Object.values(binding).includes('UNKNOWN'))
  if (stranger !== undefined) {
    // A filter for what has no number here would match others as well.
    throw new KafkaError('INVALID_REQUEST', `A binding of ${stranger.principal} is of a kind that is newer than Trilog.`, { isFinal: true })
  }
  const filters = bindings.map(binding => filterOf(binding as AclFilter))
  const { filterResults } = await client.retrying(() => client.controller(DeleteAcls, () => ({ filters })))
  for (const { errorCode, errorMessage, matchingAcls } of filterResults) {
    throwIfRefused(errorCode, errorMessage)
    for (const each of matchingAcls) throwIfRefused(each.errorCode, each.errorMessage)
  }
  return filterResults.flatMap(({ matchingAcls }) => matchingAcls.map(bindingOf)).sort(inOrder)
}

function filterOf({ principal, host, permission, operation, resourceType, resourceName, patternType }: AclFilter): Filter {
  return {
    resourceTypeFilter: numberOrAny(resourceTypes, resourceType),
    resourceNameFilter: resourceName,
    patternTypeFilter: numberOrAny(patternTypes, patternType),
    principalFilter: principal,
    hostFilter: host,
    operation: numberOrAny(operations, operation),
    permissionType: numberOrAny(permissions, permission),
  }
}

interface ToldBinding {
  readonly principal: string
  readonly host: string
  readonly operation: number
  readonly permissionType: number
  readonly resourceType: number
  readonly resourceName: string
  readonly patternType: number
}

function bindingOf(told: ToldBinding): AclBinding {
  const patternType = nameOf(patternTypes, told.patternType)
  return {
    principal: told.principal,
    host: told.host,
    permission: nameOf(permissions, told.permissionType),
    operation: nameOf(operations, told.operation),
    resourceType: nameOf(resourceTypes, told.resourceType),
    resourceName: told.resourceName,
    patternType: patternType === 'MATCH' ? 'UNKNOWN' : patternType,
  }
}

const keyOf = ({ principal, resourceType, resourceName, patternType, operation, permission, host }: AclBinding) =>
  [principal, resourceType, resourceName, patternType, operation, permission, host].join('\0')

const inOrder = (one: AclBinding, other: AclBinding) => (keyOf(one) < keyOf(other) ? -1 : 1)
