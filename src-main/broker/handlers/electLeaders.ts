import { errorCode } from '../../protocol/errors.ts'
import { ElectLeaders } from '../../protocol/messages/electLeaders.ts'
import { forward } from './forward.ts'
import { handle } from './handle.ts'

export const electLeaders = handle(ElectLeaders, (request, parts, call) => {
  if (!parts.allowed(call, 'alter', { type: 'cluster', name: 'kafka-cluster' })) {
    return { throttleTimeMs: 0, errorCode: errorCode('CLUSTER_AUTHORIZATION_FAILED'), replicaElectionResults: [] }
  }
  const { timeoutMs } = request
  return forward(parts, ElectLeaders, request, {
    timeoutMs,
    unreachable: () => ({ throttleTimeMs: 0, errorCode: errorCode('REQUEST_TIMED_OUT'), replicaElectionResults: [] }),
  })
})
