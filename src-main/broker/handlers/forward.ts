import { NetworkError } from '../../env/env.ts'
import type { AnyApi, RequestInput, ResponseInput, ResponseOf } from '../../protocol/schema.ts'
import type { BrokerParts } from './handle.ts'

/**
 * Sends a request on to the active controller and gives back its answer, or what `unreachable` makes of there being none in time. Differs from
 * Kafka: no Envelope, because there is no principal to carry as long as there is no authentication.
 */
export async function forward<A extends AnyApi>(
  { controllerLink }: Pick<BrokerParts, 'controllerLink'>,
  api: A,
  request: RequestInput<A>,
  { timeoutMs, unreachable }: { timeoutMs: number; unreachable: () => ResponseInput<A> },
): Promise<ResponseOf<A> | ResponseInput<A>> {
  try {
    return await controllerLink.send(api, request, { timeoutMs: Math.max(LEAST_PATIENCE_MS, timeoutMs) })
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error
    return unreachable()
  }
}

/** Some clients send no timeout; an election has to fit in. */
const LEAST_PATIENCE_MS = 5000

/** How long an answer waits for this broker's own metadata, so that the client's next request finds here what it was just told. */
export const OWN_METADATA_PATIENCE_MS = 1000
