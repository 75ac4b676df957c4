import type { AllocateProducerIds, AllocateProducerIdsRequest } from '../protocol/messages/allocateProducerIds.ts'
import { errorCode } from '../protocol/errors.ts'
import { metadataRecord } from '../protocol/messages/metadataRecords.ts'
import type { ResponseInput } from '../protocol/schema.ts'
import { type ControllerState, type Decision, refuse } from './decision.ts'
import { brokerEpochError } from './registrations.ts'

/** Producer ids that a broker gets at a time. */
export const PRODUCER_IDS_PER_BLOCK = 1000

/** Gives a broker the next block. Ids of a block that its broker does not use up are lost, never given out again. */
export function decideProducerIds(
  { image }: ControllerState,
  { brokerId, brokerEpoch }: AllocateProducerIdsRequest,
): Decision<ResponseInput<typeof AllocateProducerIds>> {
  const error = brokerEpochError(image, brokerId, brokerEpoch)
  if (error !== undefined) return refuse({ throttleTimeMs: 0, errorCode: errorCode(error), producerIdStart: -1, producerIdLen: 0 })
  const start = image.nextProducerId
  const nextProducerId = start + PRODUCER_IDS_PER_BLOCK
  return {
    records: [metadataRecord({ type: 'ProducerIdsRecord', brokerId, brokerEpoch, nextProducerId })],
    reply: { throttleTimeMs: 0, errorCode: 0, producerIdStart: start, producerIdLen: PRODUCER_IDS_PER_BLOCK },
  }
}
