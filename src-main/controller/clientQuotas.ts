import { quotaEntityKey } from '../metadata/delta.ts'
import { quotaEntityProblem, quotaProblem } from '../metadata/quotaDefinitions.ts'
import type { AlterClientQuotas, AlterClientQuotasRequest } from '../protocol/messages/alterClientQuotas.ts'
import { type MetadataRecord, metadataRecord } from '../protocol/messages/metadataRecords.ts'
import type { ResponseInput } from '../protocol/schema.ts'
import { accepted, type ControllerState, type Decision, isRefusal, type Refusal, refusal, refused, repeated } from './decision.ts'

type AskedEntry = AlterClientQuotasRequest['entries'][number]

/** Sets and removes quotas of users, client ids and addresses (KIP-546). Each entity is changed as a whole or not at all. */
export function decideClientQuotas(
  { image }: ControllerState,
  { entries, validateOnly }: AlterClientQuotasRequest,
): Decision<ResponseInput<typeof AlterClientQuotas>> {
  const twice = repeated(entries.map(({ entity }) => quotaEntityKey(entity)))
  const records: MetadataRecord[] = []
  const answered = entries.map(entry => {
    const key = quotaEntityKey(entry.entity)
    const outcome = twice.has(key)
      ? refusal('INVALID_REQUEST', 'The entity is named twice in the request.')
      : changed(image.quotas.get(key)?.values ?? new Map(), entry)
    if (isRefusal(outcome)) return { ...refused(outcome), entity: entry.entity }
    records.push(...outcome)
    return { ...accepted, entity: entry.entity }
  })
  return { records: validateOnly ? [] : records, reply: { throttleTimeMs: 0, entries: answered } }
}

function changed(current: ReadonlyMap<string, number>, { entity, ops }: AskedEntry): readonly MetadataRecord[] | Refusal {
  const stranger = quotaEntityProblem(entity)
  if (stranger !== undefined) return refusal('INVALID_REQUEST', stranger)
  const [key] = repeated(ops.map(op => op.key))
  if (key !== undefined) return refusal('INVALID_REQUEST', `The quota ${key} is named twice for the same entity.`)

  const records: MetadataRecord[] = []
  for (const op of ops) {
    // What nobody sets any more may be left from another time, and can be removed.
    const problem = op.remove ? undefined : quotaProblem(entity, op.key, op.value)
    if (problem !== undefined) return refusal('INVALID_REQUEST', problem)
    if (op.remove ? !current.has(op.key) : current.get(op.key) === op.value) continue
    records.push(metadataRecord({ type: 'ClientQuotaRecord', entity, ...op, value: op.remove ? 0 : op.value }))
  }
  return records
}

/** For `refuse`-ing a whole request. */
export function refusedQuotas({ entries }: AlterClientQuotasRequest, reason: Refusal): ResponseInput<typeof AlterClientQuotas> {
  return { throttleTimeMs: 0, entries: entries.map(({ entity }) => ({ ...refused(reason), entity })) }
}
