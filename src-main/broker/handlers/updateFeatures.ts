import { errorCode, errorMessage } from '../../protocol/errors.ts'
import { UpdateFeatures } from '../../protocol/messages/updateFeatures.ts'
import { forward, OWN_METADATA_PATIENCE_MS } from './forward.ts'
import { handle } from './handle.ts'

const UPGRADE = 1
const SAFE_DOWNGRADE = 2
const FIRST_VERSION_WITH_TYPES = 1

export const updateFeatures = handle(UpdateFeatures, async (request, parts, call) => {
  const { timeoutMs, validateOnly } = request
  if (!parts.allowed(call, 'alter', { type: 'cluster', name: 'kafka-cluster' })) return refused('CLUSTER_AUTHORIZATION_FAILED')
  const featureUpdates = request.featureUpdates.map(({ feature, maxVersionLevel, allowDowngrade, upgradeType }) => {
    const typeOfVersion0 = allowDowngrade ? SAFE_DOWNGRADE : UPGRADE
    return { feature, maxVersionLevel, upgradeType: call.apiVersion < FIRST_VERSION_WITH_TYPES ? typeOfVersion0 : upgradeType }
  })
  const { errorCode: code, errorMessage: message } = await forward(
    parts,
    UpdateFeatures,
    { timeoutMs, featureUpdates, validateOnly },
    { timeoutMs, unreachable: () => refused('REQUEST_TIMED_OUT') },
  )
  if (code !== 0) return { throttleTimeMs: 0, errorCode: code, errorMessage: message }
  if (!validateOnly) {
    await parts.metadataReaches(
      ({ features }) => featureUpdates.every(({ feature, maxVersionLevel }) => (features.get(feature) ?? 0) === maxVersionLevel),
      OWN_METADATA_PATIENCE_MS,
    )
  }
  // Dropped by versions that have only one answer for all.
  const results = featureUpdates.map(({ feature }) => ({ feature, errorCode: 0, errorMessage: null }))
  return { throttleTimeMs: 0, errorCode: 0, errorMessage: null, results }
})

function refused(error: 'CLUSTER_AUTHORIZATION_FAILED' | 'REQUEST_TIMED_OUT') {
  return { throttleTimeMs: 0, errorCode: errorCode(error), errorMessage: errorMessage(error) }
}
