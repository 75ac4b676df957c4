import { ZERO_UUID } from '../base/uuid.ts'
import type { Effect, LogView, QuorumRequest, QuorumState, Role, VoterKey } from './state.ts'

type RoleOf<Type extends Role['type']> = Extract<Role, { type: Type }>

export const aVoter = (id: number): VoterKey => ({ id, directoryId: ZERO_UUID })

/** Voter 1 of three, in epoch 5, unattached, unless said otherwise. */
export function aState(given: Partial<QuorumState> = {}): QuorumState {
  return {
    self: aVoter(1),
    voters: [1, 2, 3],
    standing: 'voter',
    epoch: 5,
    votedFor: undefined,
    role: { type: 'unattached' },
    highWatermark: 0,
    failedCampaigns: 0,
    ...given,
  }
}

export const aFollower = (given: Partial<RoleOf<'follower'>> = {}): Role => ({ type: 'follower', leaderId: 2, contact: 'made', ...given })

export const aProspective = (given: Partial<RoleOf<'prospective'>> = {}): Role => ({
  type: 'prospective',
  formerLeaderId: undefined,
  ballots: new Map([[1, 'granted']]),
  ...given,
})

export const aCandidate = (given: Partial<RoleOf<'candidate'>> = {}): Role => ({
  type: 'candidate',
  ballots: new Map([[1, 'granted']]),
  ...given,
})

export const aLeader = (given: Partial<RoleOf<'leader'>> = {}): Role => ({
  type: 'leader',
  epochStartOffset: 10,
  syncedEndOffset: 0,
  fetchOffsets: new Map(),
  recentlyFetched: new Set(),
  ...given,
})

/** A log by where its epochs start; it ends at `endOffset`. */
export function aLog(
  endOffset: number,
  starts: Readonly<Record<number, number>> = endOffset === 0 ? {} : { 4: 0 },
  given: Partial<Pick<LogView, 'startOffset' | 'epochBeforeStart' | 'latestSnapshot'>> = {},
): LogView {
  const epochs = Object.entries(starts).map(([epoch, start]) => ({ epoch: Number(epoch), start }))
  return {
    startOffset: 0,
    epochBeforeStart: 0,
    latestSnapshot: undefined,
    ...given,
    endOffset,
    lastEpoch: epochs.at(-1)?.epoch ?? 0,
    endOffsetFor(epoch) {
      const latest = epochs.at(-1)
      if (latest === undefined || epoch > latest.epoch) return { epoch: -1, endOffset: -1 }
      if (epoch === latest.epoch) return { epoch, endOffset }
      const after = epochs.findIndex(each => each.epoch > epoch)
      return { epoch: epochs[after - 1]?.epoch ?? epoch, endOffset: epochs[after]!.start }
    },
  }
}

type VoteRequest = Extract<QuorumRequest, { type: 'vote' }>

/** Voter 2 asks for a vote in epoch 6, with a log like `aLog(10)`. */
export const aVoteRequest = (given: Partial<VoteRequest> = {}): VoteRequest => ({
  type: 'vote',
  preVote: false,
  epoch: 6,
  candidate: aVoter(2),
  lastEpoch: 4,
  endOffset: 10,
  ...given,
})

export const typesOf = (effects: readonly Effect[]): string[] => effects.map(effect => effect.type)
