import type { ClientQuota } from './image.ts'

type QuotaEntity = ClientQuota['entity']

/** Of whom quotas are set: a principal's name, a client id, the address of clients. */
export const quotaEntityTypes = { USER: 'user', CLIENT_ID: 'client-id', IP: 'ip' } as const

/** What a quota counts in. */
type QuotaUnit = 'whole bytes' | 'whole connections' | 'percent or operations'

const greatest: Readonly<Record<QuotaUnit, number>> = {
  'whole bytes': Number.MAX_SAFE_INTEGER,
  'whole connections': 2_147_483_647,
  'percent or operations': Number.MAX_VALUE,
}

/** Quotas of users and client ids, and of both together (KIP-13, KIP-124, KIP-599). */
const userAndClientQuotas: ReadonlyMap<string, QuotaUnit> = new Map<string, QuotaUnit>([
  ['producer_byte_rate', 'whole bytes'],
  ['consumer_byte_rate', 'whole bytes'],
  ['request_percentage', 'percent or operations'],
  ['controller_mutation_rate', 'percent or operations'],
])

/** Quotas of addresses (KIP-612). */
const ipQuotas: ReadonlyMap<string, QuotaUnit> = new Map<string, QuotaUnit>([['connection_creation_rate', 'whole connections']])

/** Why there are no quotas for an entity; undefined when there are. A null name is the default of its type. */
export function quotaEntityProblem(entity: QuotaEntity): string | undefined {
  if (entity.length === 0) return 'An entity has at least one part.'
  const types = entity.map(({ entityType }) => entityType)
  const stranger = types.find(type => !Object.values<string>(quotaEntityTypes).includes(type))
  if (stranger !== undefined) return `There are no quotas for entities of type '${stranger}'.`
  if (new Set(types).size !== types.length) return 'An entity has one name of each type.'
  if (types.includes(quotaEntityTypes.IP) && types.length > 1)
    return 'An address has quotas of its own, not together with users and client ids.'
  for (const { entityType, entityName } of entity) {
    if (entityName === '') return `An entity of type ${entityType} has a name, or null for the default.`
    if (entityType === quotaEntityTypes.IP && entityName !== null && !isIpAddress(entityName)) return `'${entityName}' is no IP address.`
  }
  return undefined
}

/** Why an entity, which is one that can have quotas, cannot have this one; undefined when it can. */
export function quotaProblem(entity: QuotaEntity, key: string, value: number): string | undefined {
  const quotas = entity.some(({ entityType }) => entityType === quotaEntityTypes.IP) ? ipQuotas : userAndClientQuotas
  const unit = quotas.get(key)
  if (unit === undefined) return `There is no quota ${key} for such an entity.`
  // Not a number is not above 0 either.
  if (!(value > 0)) return `The quota ${key} must be greater than 0.`
  if (value > greatest[unit]) return `The quota ${key} is too large.`
  if (unit !== 'percent or operations' && !Number.isInteger(value)) return `The quota ${key} must be a whole number.`
  return undefined
}

/** Differs from Kafka: names of hosts are not looked up, because what they mean would depend on who asks and when. */
function isIpAddress(text: string): boolean {
  const bytes = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (bytes !== null) return bytes.slice(1).every(byte => Number(byte) <= 255)
  return text.includes(':') && !/[[\]%/]/.test(text) && URL.canParse(`http://[${text}]/`)
}
