import { quotaEntityKey } from '../../metadata/delta.ts'
import { errorCode, errorMessage } from '../../protocol/errors.ts'
import { AlterClientQuotas } from '../../protocol/messages/alterClientQuotas.ts'
import { forward, OWN_METADATA_PATIENCE_MS } from './forward.ts'
import { handle } from './handle.ts'

export const alterClientQuotas = handle(AlterClientQuotas, async (request, parts, call) => {
  const refused = (error: 'CLUSTER_AUTHORIZATION_FAILED' | 'REQUEST_TIMED_OUT') => ({
    throttleTimeMs: 0,
    entries: request.entries.map(({ entity }) => ({ errorCode: errorCode(error), errorMessage: errorMessage(error), entity })),
  })
  if (!parts.allowed(call, 'alterConfigs', { type: 'cluster', name: 'kafka-cluster' })) return refused('CLUSTER_AUTHORIZATION_FAILED')
  const response = await forward(parts, AlterClientQuotas, request, {
    timeoutMs: parts.config.requestTimeoutMs,
    unreachable: () => refused('REQUEST_TIMED_OUT'),
  })
  const done = new Set(response.entries.filter(each => each.errorCode === 0).map(({ entity }) => quotaEntityKey(entity)))
  if (!request.validateOnly && done.size > 0) {
    const changed = request.entries.filter(({ entity }) => done.has(quotaEntityKey(entity)))
    await parts.metadataReaches(
      ({ quotas }) =>
        changed.every(({ entity, ops }) => {
          const values = quotas.get(quotaEntityKey(entity))?.values
          return ops.every(({ key, value, remove }) => values?.get(key) === (remove ? undefined : value))
        }),
      OWN_METADATA_PATIENCE_MS,
    )
  }
  return response
})
