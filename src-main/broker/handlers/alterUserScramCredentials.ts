import { scramCredentialKey } from '../../metadata/image.ts'
import { errorCode, errorMessage } from '../../protocol/errors.ts'
import { AlterUserScramCredentials } from '../../protocol/messages/alterUserScramCredentials.ts'
import { forward, OWN_METADATA_PATIENCE_MS } from './forward.ts'
import { handle } from './handle.ts'

export const alterUserScramCredentials = handle(AlterUserScramCredentials, async (request, parts, call) => {
  const { deletions, upsertions } = request
  const refused = (error: 'CLUSTER_AUTHORIZATION_FAILED' | 'REQUEST_TIMED_OUT') => ({
    throttleTimeMs: 0,
    results: [...new Set([...deletions, ...upsertions].map(({ name }) => name))].map(user => ({
      user,
      errorCode: errorCode(error),
      errorMessage: errorMessage(error),
    })),
  })
  if (!parts.allowed(call, 'alter', { type: 'cluster', name: 'kafka-cluster' })) return refused('CLUSTER_AUTHORIZATION_FAILED')
  const response = await forward(parts, AlterUserScramCredentials, request, {
    timeoutMs: parts.config.requestTimeoutMs,
    unreachable: () => refused('REQUEST_TIMED_OUT'),
  })
  const done = new Set(response.results.filter(each => each.errorCode === 0).map(({ user }) => user))
  await parts.metadataReaches(
    ({ scramCredentials }) =>
      deletions.every(each => !done.has(each.name) || !scramCredentials.has(scramCredentialKey(each))) &&
      upsertions.every(each => !done.has(each.name) || scramCredentials.get(scramCredentialKey(each))?.salt.equals(each.salt) === true),
    OWN_METADATA_PATIENCE_MS,
  )
  return response
})
