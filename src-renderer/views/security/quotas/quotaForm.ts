import type { ClientQuota, QuotaEntity, QuotaEntityType } from '../../../../src-main/contract/security.ts'

export const QUOTA_KINDS = ['user', 'client-id', 'both', 'ip'] as const
export type QuotaKind = (typeof QUOTA_KINDS)[number]

/** Kafka's names, in the order of the columns. */
export const QUOTA_NAMES = [
  'producer_byte_rate',
  'consumer_byte_rate',
  'request_percentage',
  'controller_mutation_rate',
  'connection_creation_rate',
] as const
export type QuotaName = (typeof QUOTA_NAMES)[number]

/** Those that Kafka refuses in fractions. */
const WHOLE: ReadonlySet<string> = new Set<QuotaName>(['producer_byte_rate', 'consumer_byte_rate', 'connection_creation_rate'])
const PARTS: Readonly<Record<QuotaKind, readonly QuotaEntityType[]>> = {
  user: ['user'],
  'client-id': ['client-id'],
  both: ['user', 'client-id'],
  ip: ['ip'],
}

/** Addresses have a quota of their own, and no other (KIP-612). */
export const quotaNamesOf = (kind: QuotaKind): readonly QuotaName[] =>
  QUOTA_NAMES.filter(name => (name === 'connection_creation_rate') === (kind === 'ip'))

export const partsOf = (kind: QuotaKind) => PARTS[kind]

export function kindOf(entity: QuotaEntity): QuotaKind {
  return QUOTA_KINDS.find(kind => PARTS[kind].join() === entity.map(({ entityType }) => entityType).join()) ?? 'user'
}

export interface QuotaForm {
  kind: QuotaKind
  /** By the type of the part; a null name is the default. */
  names: Record<QuotaEntityType, string>
  isDefault: Record<QuotaEntityType, boolean>
  /** As typed; what is empty is not set. */
  values: Record<QuotaName, string>
}

export function formOf(quota: ClientQuota | undefined): QuotaForm {
  const form: QuotaForm = {
    kind: quota === undefined ? 'user' : kindOf(quota.entity),
    names: { user: '', 'client-id': '', ip: '' },
    isDefault: { user: false, 'client-id': false, ip: false },
    values: valuesOf(quota),
  }
  for (const { entityType, entityName } of quota?.entity ?? []) {
    form.names[entityType] = entityName ?? ''
    form.isDefault[entityType] = entityName === null
  }
  return form
}

export const valuesOf = (quota: ClientQuota | undefined) =>
  Object.fromEntries(QUOTA_NAMES.map(name => [name, String(quota?.values[name] ?? '')])) as Record<QuotaName, string>

export const entityOf = ({ kind, names, isDefault }: QuotaForm): QuotaEntity =>
  PARTS[kind].map(entityType => ({ entityType, entityName: isDefault[entityType] ? null : names[entityType].trim() }))

/** Parts without a name, which are not the default either. */
export const namelessOf = (form: QuotaForm): ReadonlySet<QuotaEntityType> =>
  new Set(entityOf(form).flatMap(({ entityType, entityName }) => (entityName === '' ? entityType : [])))

/** What is wrong with a value that was typed. */
export function valueProblem(name: QuotaName, text: string): 'positive' | 'whole' | undefined {
  if (text.trim() === '') return undefined
  const value = Number(text)
  if (WHOLE.has(name)) return Number.isSafeInteger(value) && value > 0 ? undefined : 'whole'
  return Number.isFinite(value) && value > 0 ? undefined : 'positive'
}

export const keyOf = (entity: QuotaEntity) => entity.map(({ entityType, entityName }) => `${entityType} ${entityName ?? '\0'}`).join('\n')

export interface QuotaChange {
  readonly name: string
  /** Null takes it away. */
  readonly value: number | null
}

/** What has to be changed so that the entity has what the form says. */
export function changesOf(form: QuotaForm, before: ClientQuota | undefined): QuotaChange[] {
  return quotaNamesOf(form.kind).flatMap(name => {
    const text = form.values[name].trim()
    const value = text === '' ? null : Number(text)
    return value === (before?.values[name] ?? null) ? [] : [{ name, value }]
  })
}
