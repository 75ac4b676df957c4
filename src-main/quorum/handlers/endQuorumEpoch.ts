import { EndQuorumEpoch } from '../../protocol/messages/endQuorumEpoch.ts'
import { endEpochRequestFrom, epochResponse } from '../messages.ts'
import { handle } from './handle.ts'

export const endQuorumEpoch = handle(EndQuorumEpoch, async (request, { quorum }) => {
  const meant = endEpochRequestFrom(request, quorum.addressee)
  return epochResponse(typeof meant === 'string' ? meant : ((await quorum.answer(meant)) ?? 'BROKER_NOT_AVAILABLE'))
})
