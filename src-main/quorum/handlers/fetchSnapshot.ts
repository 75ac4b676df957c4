import { FetchSnapshot } from '../../protocol/messages/fetchSnapshot.ts'
import { handle } from './handle.ts'

export const fetchSnapshot = handle(FetchSnapshot, (request, { quorum }) => quorum.fetchSnapshot(request))
