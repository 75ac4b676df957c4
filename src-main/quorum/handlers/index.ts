import type { Handler } from '../../wire/handler.ts'
import { beginQuorumEpoch } from './beginQuorumEpoch.ts'
import { endQuorumEpoch } from './endQuorumEpoch.ts'
import { fetchSnapshot } from './fetchSnapshot.ts'
import type { QuorumParts } from './handle.ts'
import { updateRaftVoter } from './updateRaftVoter.ts'
import { vote } from './vote.ts'

export type { QuorumParts } from './handle.ts'

/** What voters ask each other, beside Fetch: that one is also how brokers replicate, and whoever answers it turns to `Quorum.fetchMetadata`. */
export const quorumHandlers: readonly Handler<QuorumParts>[] = [vote, beginQuorumEpoch, endQuorumEpoch, fetchSnapshot, updateRaftVoter]
