import { UpdateRaftVoter } from '../../protocol/messages/updateRaftVoter.ts'
import { handle } from './handle.ts'

export const updateRaftVoter = handle(UpdateRaftVoter, (request, { quorum }) => quorum.updateVoter(request))
