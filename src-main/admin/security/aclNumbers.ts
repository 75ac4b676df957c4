import type { AclFilter, AclOperation, AclPatternType, AclPermission, AclResourceType } from '../../contract/security.ts'

type NumberOf<Name extends string> = Readonly<Record<Exclude<Name, 'UNKNOWN'>, number>>

/** By these numbers Kafka writes the parts of a binding. 0 is none that the writer knows, 1 matches any. */
export const resourceTypes: NumberOf<AclResourceType> = {
  TOPIC: 2,
  GROUP: 3,
  CLUSTER: 4,
  TRANSACTIONAL_ID: 5,
  DELEGATION_TOKEN: 6,
  USER: 7,
}
export const patternTypes: NumberOf<AclPatternType | NonNullable<AclFilter['patternType']>> = { MATCH: 2, LITERAL: 3, PREFIXED: 4 }
export const operations: NumberOf<AclOperation> = {
  ALL: 2,
  READ: 3,
  WRITE: 4,
  CREATE: 5,
  DELETE: 6,
  ALTER: 7,
  DESCRIBE: 8,
  CLUSTER_ACTION: 9,
  DESCRIBE_CONFIGS: 10,
  ALTER_CONFIGS: 11,
  IDEMPOTENT_WRITE: 12,
  CREATE_TOKENS: 13,
  DESCRIBE_TOKENS: 14,
  TWO_PHASE_COMMIT: 15,
}
export const permissions: NumberOf<AclPermission> = { DENY: 2, ALLOW: 3 }

const ANY = 1

/** The number of a name in a filter. */
export const numberOrAny = <Name extends string>(numbers: Readonly<Record<Name, number>>, name: Name | null) =>
  name === null ? ANY : numbers[name]

/** The name of a number that a broker told. */
export function nameOf<Name extends string>(numbers: Readonly<Record<Name, number>>, number: number): Name | 'UNKNOWN' {
  const found = Object.entries(numbers).find(([, each]) => each === number)
  return found === undefined ? 'UNKNOWN' : (found[0] as Name)
}
