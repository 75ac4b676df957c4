import { errorCode, type ErrorName, errorName } from '../protocol/errors.ts'
import type { UpdateRaftVoter, UpdateRaftVoterRequest, UpdateRaftVoterResponse } from '../protocol/messages/updateRaftVoter.ts'
import type { Address } from '../env/env.ts'
import type { RequestInput, ResponseInput } from '../protocol/schema.ts'
import { known, PEER_LISTENER } from './messages.ts'
import type { JoinRequest, LeaderAndEpoch, QuorumAnswer } from './state.ts'

/** kraft.version 0: the set of voters is as configured. */
const STATIC_VOTERS = { minSupportedVersion: 0, maxSupportedVersion: 0 }

export function joinRequest(
  { voter, epoch }: JoinRequest,
  from: { readonly clusterId: string; readonly address: Address | undefined },
): RequestInput<typeof UpdateRaftVoter> {
  return {
    clusterId: from.clusterId,
    currentLeaderEpoch: epoch,
    voterId: voter.id,
    voterDirectoryId: voter.directoryId,
    listeners: from.address === undefined ? [] : [{ name: PEER_LISTENER, ...from.address }],
    kRaftVersionFeature: STATIC_VOTERS,
  }
}

/** What a newcomer wants, or why it is not ours to give. */
export function joinRequestFrom(request: UpdateRaftVoterRequest, clusterId: string): JoinRequest | ErrorName {
  if (request.clusterId !== null && request.clusterId !== clusterId) return 'INCONSISTENT_CLUSTER_ID'
  return {
    type: 'join',
    voter: { id: request.voterId, directoryId: request.voterDirectoryId },
    epoch: request.currentLeaderEpoch,
  }
}

export function joinResponse(
  error: ErrorName,
  { leaderId, epoch }: LeaderAndEpoch,
  address: Address | undefined,
): ResponseInput<typeof UpdateRaftVoter> {
  const { host, port } = address ?? { host: '', port: 0 }
  return { throttleTimeMs: 0, errorCode: errorCode(error), currentLeader: { leaderId: leaderId ?? -1, leaderEpoch: epoch, host, port } }
}

export function joinAnswerFrom({ errorCode: code, currentLeader }: UpdateRaftVoterResponse): QuorumAnswer {
  return { error: errorName(code), leaderId: known(currentLeader.leaderId), epoch: currentLeader.leaderEpoch, voteGranted: false }
}
