import { describedQuotas } from '../../metadata/describedQuotas.ts'
import { errorCode, errorMessage } from '../../protocol/errors.ts'
import { DescribeClientQuotas } from '../../protocol/messages/describeClientQuotas.ts'
import { handle } from './handle.ts'

export const describeClientQuotas = handle(DescribeClientQuotas, (request, parts, call) => {
  const described = parts.allowed(call, 'describeConfigs', { type: 'cluster', name: 'kafka-cluster' })
    ? describedQuotas(parts.metadata(), request)
    : ({ error: 'CLUSTER_AUTHORIZATION_FAILED', message: errorMessage('CLUSTER_AUTHORIZATION_FAILED') } as const)
  return 'entries' in described
    ? { throttleTimeMs: 0, errorCode: 0, errorMessage: null, entries: described.entries }
    : { throttleTimeMs: 0, errorCode: errorCode(described.error), errorMessage: described.message ?? null, entries: null }
})
