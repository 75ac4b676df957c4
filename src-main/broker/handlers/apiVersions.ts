import { supportedFeatures } from '../../metadata/features.ts'
import { errorCode } from '../../protocol/errors.ts'
import { ApiVersions } from '../../protocol/messages/apiVersions.ts'
import type { AnyApi } from '../../protocol/schema.ts'
import type { Handler } from '../../wire/handler.ts'
import { type BrokerParts, handle } from './handle.ts'

const SOFTWARE = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/
const FIRST_VERSION_WITH_SOFTWARE = 3
/** Older clients take a feature with a minimum of 0 for a malformed answer (KAFKA-17492). */
const FIRST_VERSION_WITH_MINIMUM_0 = 4

/** Answers with the APIs of that list, which is the same that is served. */
export function apiVersionsOf(served: () => readonly AnyApi[]): Handler<BrokerParts> {
  return handle(ApiVersions, (request, { metadata }, { apiVersion }) => {
    const isNamed = SOFTWARE.test(request.clientSoftwareName) && SOFTWARE.test(request.clientSoftwareVersion)
    if (apiVersion >= FIRST_VERSION_WITH_SOFTWARE && !isNamed) {
      return { errorCode: errorCode('INVALID_REQUEST'), apiKeys: [], throttleTimeMs: 0 }
    }
    const image = metadata()
    return {
      errorCode: 0,
      apiKeys: served().map(({ key, advertised: [minVersion, maxVersion] }) => ({ apiKey: key, minVersion, maxVersion })),
      throttleTimeMs: 0,
      supportedFeatures: supportedFeatures.filter(({ minVersion }) => minVersion > 0 || apiVersion >= FIRST_VERSION_WITH_MINIMUM_0),
      finalizedFeaturesEpoch: image.lastAppliedOffset,
      finalizedFeatures: [...image.features].map(([name, level]) => ({ name, maxVersionLevel: level, minVersionLevel: level })),
    }
  })
}
