import { BeginQuorumEpoch } from '../../protocol/messages/beginQuorumEpoch.ts'
import { beginEpochRequestFrom, epochResponse } from '../messages.ts'
import { handle } from './handle.ts'

export const beginQuorumEpoch = handle(BeginQuorumEpoch, async (request, { quorum }) => {
  const meant = beginEpochRequestFrom(request, quorum.addressee)
  return epochResponse(typeof meant === 'string' ? meant : ((await quorum.answer(meant)) ?? 'BROKER_NOT_AVAILABLE'))
})
