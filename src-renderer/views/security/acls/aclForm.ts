import { type AclBinding, type AclOperation, type AclResourceType, NewAclBinding } from '../../../../src-main/contract/security.ts'

type Known<Name extends string> = Exclude<Name, 'UNKNOWN'>

export interface AclForm {
  principal: string
  permission: 'ALLOW' | 'DENY'
  resourceType: Known<AclResourceType>
  patternType: 'LITERAL' | 'PREFIXED'
  resourceName: string
  operations: Known<AclOperation>[]
  host: string
}

/** What Kafka lets be done to a resource, beside all of it. */
export const OPERATIONS: Readonly<Record<Known<AclResourceType>, readonly Known<AclOperation>[]>> = {
  TOPIC: ['READ', 'WRITE', 'CREATE', 'DELETE', 'ALTER', 'DESCRIBE', 'DESCRIBE_CONFIGS', 'ALTER_CONFIGS'],
  GROUP: ['READ', 'DELETE', 'DESCRIBE', 'DESCRIBE_CONFIGS', 'ALTER_CONFIGS'],
  CLUSTER: ['CREATE', 'ALTER', 'DESCRIBE', 'CLUSTER_ACTION', 'DESCRIBE_CONFIGS', 'ALTER_CONFIGS', 'IDEMPOTENT_WRITE'],
  TRANSACTIONAL_ID: ['WRITE', 'DESCRIBE', 'TWO_PHASE_COMMIT'],
  DELEGATION_TOKEN: ['DESCRIBE'],
  USER: ['CREATE_TOKENS', 'DESCRIBE_TOKENS'],
}
export const RESOURCE_TYPES = Object.keys(OPERATIONS) as readonly Known<AclResourceType>[]

/** There is one cluster, and this is its name. */
const CLUSTER_NAME = 'kafka-cluster'

/** The bindings that a form means, one for each operation; ALL stands for the others. */
export function bindingsOf(form: AclForm): NewAclBinding[] {
  const isCluster = form.resourceType === 'CLUSTER'
  const allowed = new Set<string>(['ALL', ...OPERATIONS[form.resourceType]])
  const wanted = form.operations.includes('ALL') ? (['ALL'] as const) : form.operations
  return wanted
    .filter(operation => allowed.has(operation))
    .map(operation => ({
      principal: form.principal.trim(),
      host: form.host.trim(),
      permission: form.permission,
      operation,
      resourceType: form.resourceType,
      resourceName: isCluster ? CLUSTER_NAME : form.resourceName.trim(),
      patternType: isCluster ? 'LITERAL' : form.patternType,
    }))
}

export type AclProblem = 'principal' | 'host' | 'resourceName'

/** The fields that Kafka would refuse. */
export function problemsOf(form: AclForm): ReadonlySet<AclProblem> {
  const [binding] = bindingsOf({ ...form, operations: ['ALL'] })
  const { error } = NewAclBinding.safeParse(binding)
  return new Set((error?.issues ?? []).map(({ path: [field] }) => field as AclProblem))
}

/** The same for the same binding, and for no other. */
export const keyOf = (binding: AclBinding) =>
  [
    binding.principal,
    binding.resourceType,
    binding.patternType,
    binding.resourceName,
    binding.operation,
    binding.permission,
    binding.host,
  ].join('\0')
