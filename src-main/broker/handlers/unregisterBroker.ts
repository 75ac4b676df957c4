import { errorCode, errorMessage } from '../../protocol/errors.ts'
import { UnregisterBroker } from '../../protocol/messages/unregisterBroker.ts'
import { forward } from './forward.ts'
import { handle } from './handle.ts'

export const unregisterBroker = handle(UnregisterBroker, (request, parts, call) => {
  if (!parts.allowed(call, 'alter', { type: 'cluster', name: 'kafka-cluster' })) return refused('CLUSTER_AUTHORIZATION_FAILED')
  return forward(parts, UnregisterBroker, request, {
    timeoutMs: parts.config.requestTimeoutMs,
    unreachable: () => refused('REQUEST_TIMED_OUT'),
  })
})

function refused(error: 'CLUSTER_AUTHORIZATION_FAILED' | 'REQUEST_TIMED_OUT') {
  return { throttleTimeMs: 0, errorCode: errorCode(error), errorMessage: errorMessage(error) }
}
