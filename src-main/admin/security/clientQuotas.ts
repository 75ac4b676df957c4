import { type ClientQuota, type QuotaEntity, QuotaEntityType } from '../../contract/security.ts'
import { AlterClientQuotas } from '../../protocol/messages/alterClientQuotas.ts'
import { DescribeClientQuotas } from '../../protocol/messages/describeClientQuotas.ts'
import type { KafkaClient } from '../kafkaClient.ts'
import { throwIfRefused } from '../kafkaError.ts'

/** Every quota that is set, the defaults of each kind of entity before those with names. */
export async function clientQuotas(client: KafkaClient): Promise<ClientQuota[]> {
  const { entries } = await client.retrying(async () => {
    const told = await client.any(DescribeClientQuotas, () => ({ components: [], strict: false }))
    throwIfRefused(told.errorCode, told.errorMessage)
    return told
  })
  return (entries ?? [])
    .flatMap(({ entity, values }) => {
      const known = entityOf(entity)
      if (known === undefined || values.length === 0) return []
      return [{ entity: known, values: Object.fromEntries(values.map(({ key, value }) => [key, value])) }]
    })
    .sort((one, other) => (keyOf(one.entity) < keyOf(other.entity) ? -1 : 1))
}

/** Sets and takes away quotas of one entity, as a whole or not at all. */
export async function alterQuotas(
  client: KafkaClient,
  entity: QuotaEntity,
  changes: readonly { readonly name: string; readonly value: number | null }[],
): Promise<void> {
  const ops = changes.map(({ name, value }) => ({ key: name, value: value ?? 0, remove: value === null }))
  await client.retrying(async () => {
    const { entries } = await client.controller(AlterClientQuotas, () => ({ entries: [{ entity, ops }], validateOnly: false }))
    for (const { errorCode, errorMessage } of entries) throwIfRefused(errorCode, errorMessage)
  })
}

/** Undefined for a kind of entity that is newer than Trilog. */
function entityOf(told: readonly { readonly entityType: string; readonly entityName: string | null }[]): QuotaEntity | undefined {
  const entity = told.flatMap(({ entityType, entityName }) => {
    const { data } = QuotaEntityType.safeParse(entityType)
    return data === undefined ? [] : [{ entityType: data, entityName }]
  })
  if (entity.length !== told.length || entity.length === 0) return undefined
  return entity.sort((one, other) => ORDER.indexOf(one.entityType) - ORDER.indexOf(other.entityType))
}

const ORDER: readonly QuotaEntityType[] = ['user', 'client-id', 'ip']

/** Users alone, users with client ids, client ids alone, addresses; in each the defaults first. */
const keyOf = (entity: QuotaEntity) =>
  entity.map(({ entityType, entityName }) => `${ORDER.indexOf(entityType)}${entityName === null ? '' : ` ${entityName}`}`).join('\0')
