import { describedCredentials } from '../../metadata/describedCredentials.ts'
import { errorCode, errorMessage } from '../../protocol/errors.ts'
import { DescribeUserScramCredentials } from '../../protocol/messages/describeUserScramCredentials.ts'
import { handle } from './handle.ts'

export const describeUserScramCredentials = handle(DescribeUserScramCredentials, ({ users }, parts, call) => {
  if (!parts.allowed(call, 'describe', { type: 'cluster', name: 'kafka-cluster' })) {
    const error = 'CLUSTER_AUTHORIZATION_FAILED'
    return { throttleTimeMs: 0, errorCode: errorCode(error), errorMessage: errorMessage(error), results: [] }
  }
  return { throttleTimeMs: 0, errorCode: 0, errorMessage: null, results: describedCredentials(parts.metadata(), users) }
})
