import { z } from 'zod'
import { InCluster, Nothing } from './common.ts'
import { call } from './operations.ts'

/** Kafka's names, in the order of their numbers. `UNKNOWN` is one that is newer than Trilog. */
export const AclResourceType = z.enum(['TOPIC', 'GROUP', 'CLUSTER', 'TRANSACTIONAL_ID', 'DELEGATION_TOKEN', 'USER', 'UNKNOWN'])
export type AclResourceType = z.infer<typeof AclResourceType>

/** LITERAL: the resource of this name (`*`: of any name). PREFIXED: all whose names begin with it. */
export const AclPatternType = z.enum(['LITERAL', 'PREFIXED', 'UNKNOWN'])
export type AclPatternType = z.infer<typeof AclPatternType>

export const AclOperation = z.enum([
  'ALL',
  'READ',
  'WRITE',
  'CREATE',
  'DELETE',
  'ALTER',
  'DESCRIBE',
  'CLUSTER_ACTION',
  'DESCRIBE_CONFIGS',
  'ALTER_CONFIGS',
  'IDEMPOTENT_WRITE',
  'CREATE_TOKENS',
  'DESCRIBE_TOKENS',
  'TWO_PHASE_COMMIT',
  'UNKNOWN',
])
export type AclOperation = z.infer<typeof AclOperation>

export const AclPermission = z.enum(['ALLOW', 'DENY', 'UNKNOWN'])
export type AclPermission = z.infer<typeof AclPermission>

/** Who may do what to which resources, or may not. */
export const AclBinding = z.object({
  /** `User:alice`; `User:*` is everybody. */
  principal: z.string(),
  /** An address; `*` is any. */
  host: z.string(),
  permission: AclPermission,
  operation: AclOperation,
  resourceType: AclResourceType,
  resourceName: z.string(),
  patternType: AclPatternType,
})
export type AclBinding = z.infer<typeof AclBinding>

/** What is null matches anything. */
export const AclFilter = z.object({
  principal: z.string().nullable(),
  host: z.string().nullable(),
  permission: AclPermission.exclude(['UNKNOWN']).nullable(),
  operation: AclOperation.exclude(['UNKNOWN']).nullable(),
  resourceType: AclResourceType.exclude(['UNKNOWN']).nullable(),
  resourceName: z.string().nullable(),
  /** MATCH: every binding that counts for the resource of this name, prefixes and `*` included. */
  patternType: z.enum(['LITERAL', 'PREFIXED', 'MATCH']).nullable(),
})
export type AclFilter = z.infer<typeof AclFilter>

/** A binding that can be made: all of it is known, and nothing is empty. */
export const NewAclBinding = z.object({
  principal: z.string().regex(/^[^:]+:.+$/s),
  host: z.string().min(1),
  permission: AclPermission.exclude(['UNKNOWN']),
  operation: AclOperation.exclude(['UNKNOWN']),
  resourceType: AclResourceType.exclude(['UNKNOWN']),
  resourceName: z.string().min(1),
  patternType: AclPatternType.exclude(['UNKNOWN']),
})
export type NewAclBinding = z.infer<typeof NewAclBinding>

const MOST_BINDINGS = 5_000

export const ScramMechanism = z.enum(['SCRAM-SHA-256', 'SCRAM-SHA-512'])
export type ScramMechanism = z.infer<typeof ScramMechanism>

/** What Kafka takes; fewer would make the password too cheap to guess (RFC 7677). */
export const SCRAM_ITERATIONS = { least: 4_096, most: 16_384 } as const

/** A user with the credentials that are stored for it. The cluster never tells the keys. */
export const ScramUser = z.object({
  user: z.string(),
  credentials: z.array(z.object({ mechanism: ScramMechanism, iterations: z.number().int() })),
})
export type ScramUser = z.infer<typeof ScramUser>

export const QuotaEntityType = z.enum(['user', 'client-id', 'ip'])
export type QuotaEntityType = z.infer<typeof QuotaEntityType>

/** Whom a quota is for: a user, a client id, both together, or an address. A null name is the default of its type. */
export const QuotaEntity = z
  .array(z.object({ entityType: QuotaEntityType, entityName: z.string().min(1).nullable() }))
  .min(1)
  .max(2)
export type QuotaEntity = z.infer<typeof QuotaEntity>

/** What is set for one entity, by Kafka's name of the quota. */
export const ClientQuota = z.object({ entity: QuotaEntity, values: z.record(z.string(), z.number()) })
export type ClientQuota = z.infer<typeof ClientQuota>

const User = z.string().min(1)

export const security = {
  /** `bindings` is null when the cluster has no authorizer, so that there is nothing to list. */
  acls: call(InCluster.extend({ filter: AclFilter }), z.object({ bindings: z.array(AclBinding).nullable() })),
  /** All of them. When some are refused, the others are made all the same, and the failure says how many. */
  createAcls: call(InCluster.extend({ bindings: z.array(NewAclBinding).min(1).max(MOST_BINDINGS) }), Nothing),
  /** Takes away exactly these. Answers with those that were there. */
  deleteAcls: call(InCluster.extend({ bindings: z.array(AclBinding).min(1).max(MOST_BINDINGS) }), z.array(AclBinding)),
  users: call(InCluster, z.array(ScramUser)),
  /** The password goes no further than the host, which sends what is derived from it (KIP-554). */
  setCredential: call(
    InCluster.extend({
      user: User,
      mechanism: ScramMechanism,
      iterations: z.number().int().min(SCRAM_ITERATIONS.least).max(SCRAM_ITERATIONS.most),
      password: z.string().min(1),
    }),
    Nothing,
  ),
  deleteCredential: call(InCluster.extend({ user: User, mechanism: ScramMechanism }), Nothing),
  quotas: call(InCluster, z.array(ClientQuota)),
  /** Null takes a quota away, so that the next default counts. All or none of them. */
  alterQuotas: call(
    InCluster.extend({
      entity: QuotaEntity,
      changes: z.array(z.object({ name: z.string().min(1), value: z.number().positive().nullable() })).min(1),
    }),
    Nothing,
  ),
}
