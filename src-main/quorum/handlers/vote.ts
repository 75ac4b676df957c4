import { Vote } from '../../protocol/messages/vote.ts'
import { voteRequestFrom, voteResponse } from '../messages.ts'
import { handle } from './handle.ts'

export const vote = handle(Vote, async (request, { quorum }) => {
  const meant = voteRequestFrom(request, quorum.addressee)
  return voteResponse(typeof meant === 'string' ? meant : ((await quorum.answer(meant)) ?? 'BROKER_NOT_AVAILABLE'))
})
