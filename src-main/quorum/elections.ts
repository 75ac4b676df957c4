import { assert } from '../base/assert.ts'
import type { ErrorName } from '../protocol/errors.ts'
import {
  type Ballots,
  type Effect,
  type ElectionWait,
  type Epoch,
  type LeaderAndEpoch,
  type LogView,
  majorityOf,
  type NodeId,
  type QuorumAnswer,
  type QuorumEvent,
  type QuorumRequest,
  type QuorumState,
} from './state.ts'

export type Step = readonly [next: QuorumState, effects: readonly Effect[]]

type VoteRequest = Extract<QuorumRequest, { type: 'vote' }>
type EndEpochRequest = Extract<QuorumRequest, { type: 'endEpoch' }>

/** No leader was heard of in time: asks the others whether they would vote for us. A quorum of one need not ask. */
export function startPreVote(state: QuorumState, log: LogView): Step {
  const { role, self, failedCampaigns, standing, voters } = state
  assert(role.type !== 'leader', 'a leader does not campaign')
  if (standing === 'observer') return lookForLeader(state)
  if (standing === 'newcomer' && voters.length === 1) return startPreVote({ ...state, standing: 'voter' }, log)
  const formerLeaderId = role.type === 'follower' ? role.leaderId : role.type === 'prospective' ? role.formerLeaderId : undefined
  const triedBefore = role.type === 'prospective' || role.type === 'candidate'
  const next: QuorumState = {
    ...state,
    role: { type: 'prospective', formerLeaderId, ballots: new Map([[self.id, 'granted']]) },
    failedCampaigns: failedCampaigns + (triedBefore ? 1 : 0),
  }
  if (majorityOf(state) === 1) return startCampaign(next, log)
  return [next, askForVotes(next, log, true)]
}

/** An observer asks one voter after the other; all answer with whom they follow. */
function lookForLeader(state: QuorumState): Step {
  const { epoch, voters, failedCampaigns } = state
  const from = voters[failedCampaigns % voters.length]!
  return [
    { ...state, role: { type: 'unattached' }, failedCampaigns: failedCampaigns + 1 },
    [armElectionTimer('campaign', failedCampaigns), { type: 'fetch', from, epoch, when: 'now' }],
  ]
}

function startCampaign(state: QuorumState, log: LogView): Step {
  const { self, standing } = state
  assert(standing === 'voter', 'only a voter campaigns')
  const next: QuorumState = {
    ...state,
    epoch: state.epoch + 1,
    votedFor: self,
    role: { type: 'candidate', ballots: new Map([[self.id, 'granted']]) },
  }
  if (majorityOf(state) === 1) return becomeLeader(next, [self.id], log)
  return [next, askForVotes(next, log, false)]
}

function askForVotes(state: QuorumState, { lastEpoch, endOffset }: LogView, preVote: boolean): Effect[] {
  const request: QuorumRequest = { type: 'vote', preVote, epoch: state.epoch, candidate: state.self, lastEpoch, endOffset }
  return [...sendToOthers(state, request), { type: 'armElectionTimer', wait: { type: 'ballots', attempt: state.failedCampaigns } }]
}

function becomeLeader(state: QuorumState, grantingVoters: readonly NodeId[], log: LogView): Step {
  const { self, epoch } = state
  const next: QuorumState = {
    ...state,
    failedCampaigns: 0,
    role: {
      type: 'leader',
      epochStartOffset: log.endOffset,
      syncedEndOffset: 0, // what lies in the log unsynced must not count: the first sync of the epoch tells
      fetchOffsets: new Map(),
      recentlyFetched: new Set(),
    },
  }
  const alone = majorityOf(state) === 1
  return [
    next,
    [
      { type: 'cancelElectionTimer' },
      ...sendToOthers(state, { type: 'beginEpoch', leaderId: self.id, epoch }),
      { type: 'startLeading', epoch, grantingVoters },
      ...(alone ? [] : ([{ type: 'armAnnounceTimer' }, { type: 'armCheckQuorumTimer' }] as const)),
    ],
  ]
}

/** An answer to a request for a vote, or its failure, which counts as a refusal. */
export function stepBallot(state: QuorumState, event: Extract<QuorumEvent, { type: 'voteAnswered' | 'voteFailed' }>, log: LogView): Step {
  if (event.type === 'voteAnswered') {
    const heard = hearOfLeader(state, event.from, event.answer)
    if (heard[0] !== state) return heard
  }
  const { role } = state
  if (role.type !== (event.preVote ? 'prospective' : 'candidate')) return [state, []]
  if (event.epoch !== state.epoch || role.ballots.has(event.from) || !state.voters.includes(event.from)) return [state, []]

  const answer = event.type === 'voteAnswered' && event.answer.error === 'NONE' ? event.answer : undefined
  // A newcomer does not ask for votes: it asks who leads, and whether there is anything that it could have forgotten.
  const isNewcomer = state.standing === 'newcomer'
  const granted = answer?.voteGranted === true && !isNewcomer
  const isHarmless = isNewcomer && answer !== undefined && (answer.epoch === 0 || state.voters.length === 2)
  const ballots: Ballots = new Map([...role.ballots, [event.from, granted ? 'granted' : isHarmless ? 'harmless' : 'refused']])
  const next: QuorumState = { ...state, role: { ...role, ballots } }
  if (isHarmless && [...ballots.values()].filter(ballot => ballot === 'harmless').length === state.voters.length - 1) {
    return startPreVote({ ...next, standing: 'voter' }, log)
  }
  const grantingVoters = [...ballots].filter(([, ballot]) => ballot === 'granted').map(([id]) => id)
  if (granted && grantingVoters.length === majorityOf(state)) {
    return event.preVote ? startCampaign(next, log) : becomeLeader(next, grantingVoters, log)
  }
  const refusals = [...ballots.values()].filter(ballot => ballot === 'refused').length
  const enoughToLose = state.voters.length - majorityOf(state) + 1
  if (ballots.get(event.from) === 'refused' && refusals === enoughToLose) return loseElection(next)
  return [next, []]
}

/** A majority will not vote for us. Who had a leader goes back to it; who had none tries again, each time after a longer random while. */
function loseElection(state: QuorumState): Step {
  const { role, failedCampaigns, epoch } = state
  if (role.type === 'prospective' && role.formerLeaderId !== undefined) {
    const leaderId = role.formerLeaderId
    return [
      { ...state, role: { type: 'follower', leaderId, contact: 'lost' }, failedCampaigns: failedCampaigns + 1 },
      [armElectionTimer('campaign', failedCampaigns + 1), { type: 'fetch', from: leaderId, epoch, when: 'now' }],
    ]
  }
  return [state, [armElectionTimer('campaign', failedCampaigns)]]
}

/** Someone asks for our vote, or whether it would get it. */
export function stepVoteRequest(state: QuorumState, request: VoteRequest, log: LogView): Step {
  const { candidate, preVote } = request
  if (!state.voters.includes(candidate.id)) return [state, [answer(state, 'INCONSISTENT_VOTER_SET')]]
  if (request.epoch < state.epoch) return [state, [answer(state, 'FENCED_LEADER_EPOCH')]]
  // A candidate's own epoch is above all that it has seen; a pre-vote does not raise the epoch first.
  const lastEpochIsPossible = preVote ? request.lastEpoch <= request.epoch : request.lastEpoch < request.epoch
  if (candidate.id === state.self.id || !lastEpochIsPossible) return [state, [answer(state, 'INVALID_REQUEST')]]

  const [current, moved] = request.epoch > state.epoch ? becomeUnattached(state, request.epoch) : ([state, []] as const)
  if (!mayGrant(current, request, log)) return [current, [...moved, answer(current, 'NONE')]]
  if (preVote) return [current, [...moved, answer(current, 'NONE', true)]]
  const voted: QuorumState = { ...current, votedFor: candidate, role: { type: 'unattached' } }
  return [voted, [...moved, armElectionTimer('ballots', voted.failedCampaigns), answer(voted, 'NONE', true)]]
}

function mayGrant(state: QuorumState, request: VoteRequest, log: LogView): boolean {
  const { role, votedFor, standing } = state
  if (standing !== 'voter' || !isUpToDate(request, log)) return false
  switch (role.type) {
    case 'leader':
      return false
    case 'resigned':
    case 'candidate':
      return request.preVote
    case 'follower':
      return request.preVote && role.contact !== 'made'
    case 'prospective':
    case 'unattached': {
      if (request.preVote) return true
      if (role.type === 'prospective' && role.formerLeaderId !== undefined) return false // this epoch has a leader already
      return votedFor === undefined || (votedFor.id === request.candidate.id && votedFor.directoryId === request.candidate.directoryId)
    }
  }
}

/** Whether the candidate's log holds at least what ours holds, by Raft's measure: the last record's epoch, then the length. */
function isUpToDate(candidate: { lastEpoch: Epoch; endOffset: number }, own: LogView): boolean {
  return candidate.lastEpoch > own.lastEpoch || (candidate.lastEpoch === own.lastEpoch && candidate.endOffset >= own.endOffset)
}

/** A leader makes itself known. */
export function stepBeginEpoch(state: QuorumState, request: Extract<QuorumRequest, { type: 'beginEpoch' }>): Step {
  const { leaderId, epoch } = request
  if (!state.voters.includes(leaderId)) return [state, [answer(state, 'INCONSISTENT_VOTER_SET')]]
  if (epoch < state.epoch) return [state, [answer(state, 'FENCED_LEADER_EPOCH')]]
  if (leaderId === state.self.id) return [state, [answer(state, 'INVALID_REQUEST')]]
  const [next, effects] = hearOfLeader(state, leaderId, request)
  const follows = next.role.type === 'follower' && next.role.leaderId === leaderId
  return [next, [...effects, answer(next, follows ? 'NONE' : 'INVALID_REQUEST')]]
}

/** The leader steps down: the first successor it names campaigns at once, the others leave it some time. */
export function stepEndEpoch(state: QuorumState, request: EndEpochRequest, log: LogView): Step {
  const { leaderId, epoch } = request
  if (!state.voters.includes(leaderId)) return [state, [answer(state, 'INCONSISTENT_VOTER_SET')]]
  if (epoch < state.epoch) return [state, [answer(state, 'FENCED_LEADER_EPOCH')]]
  if (leaderId === state.self.id) return [state, [answer(state, 'INVALID_REQUEST')]]
  const [current, moved] = epoch > state.epoch ? becomeFollower(state, leaderId, epoch) : ([state, []] as const)
  const { role } = current
  const concerned = role.type === 'unattached' || (role.type === 'follower' && role.leaderId === leaderId)
  if (!concerned) return [current, [...moved, answer(current, 'NONE')]]

  const place = request.preferredSuccessors.indexOf(current.self.id)
  const left: QuorumState = { ...current, role: role.type === 'follower' ? { ...role, contact: 'lost' } : role }
  if (place !== 0) {
    const attempt = place === -1 ? request.preferredSuccessors.length : place
    return [left, [...moved, answer(left, 'NONE'), armElectionTimer('campaign', attempt)]]
  }
  const [campaigning, effects] = startPreVote(left, log)
  return [campaigning, [...moved, answer(campaigning, 'NONE'), ...effects]]
}

/** Takes up what an answer or a request says about the leader, if it is news. The same state when it is not. */
export function hearOfLeader(state: QuorumState, from: NodeId, { leaderId, epoch }: LeaderAndEpoch): Step {
  if (epoch < state.epoch) return [state, []]
  // To hear that we lead an epoch we know nothing of means that our disk was replaced: we do not.
  const usable = leaderId !== undefined && leaderId !== state.self.id && state.voters.includes(leaderId)
  if (epoch > state.epoch) return usable ? becomeFollower(state, leaderId, epoch) : becomeUnattached(state, epoch)
  if (!usable) return [state, []]
  switch (state.role.type) {
    case 'unattached':
    case 'candidate':
      return becomeFollower(state, leaderId, epoch)
    case 'prospective':
      // That others still believe in the leader we lost is no news; to hear from itself is.
      return state.role.formerLeaderId === undefined || leaderId === from ? becomeFollower(state, leaderId, epoch) : [state, []]
    case 'follower':
    case 'leader':
    case 'resigned':
      return [state, []]
  }
}

export function becomeFollower(state: QuorumState, leaderId: NodeId, epoch: Epoch): Step {
  const next: QuorumState = { ...inEpoch(state, epoch), role: { type: 'follower', leaderId, contact: 'awaited' } }
  return [
    next,
    [
      ...leave(state),
      { type: 'armElectionTimer', wait: { type: 'fetchTimeout' } },
      { type: 'fetch', from: leaderId, epoch, when: 'now' },
      ...(next.standing === 'newcomer' ? askToJoin(next) : []),
    ],
  ]
}

/** A newcomer asks its leader, if it has one, for the record that makes it a voter, and later again: a request may get lost. */
export function askToJoin({ role, self, epoch }: QuorumState): Effect[] {
  const isAsking = role.type === 'follower' && role.isWelcome !== true
  return [
    ...(isAsking ? [{ type: 'send', to: role.leaderId, request: { type: 'join', voter: self, epoch } } as const] : []),
    { type: 'armAnnounceTimer' },
  ]
}

/** The leader has committed the record. A fetch from now on tells how far the log has to go to have it; one under way may not know of it yet. */
export function stepWelcomed(state: QuorumState, { from, epoch }: Extract<QuorumEvent, { type: 'welcomed' }>): Step {
  const { role } = state
  if (state.standing !== 'newcomer' || role.type !== 'follower' || role.leaderId !== from || state.epoch !== epoch) return [state, []]
  if (role.isWelcome === true) return [state, []]
  return [{ ...state, role: { ...role, isWelcome: true } }, [{ type: 'fetch', from, epoch, when: 'now' }]]
}

export function becomeUnattached(state: QuorumState, epoch: Epoch): Step {
  return [
    { ...inEpoch(state, epoch), role: { type: 'unattached' } },
    [...leave(state), armElectionTimer('campaign', state.failedCampaigns)],
  ]
}

function inEpoch(state: QuorumState, epoch: Epoch): QuorumState {
  assert(epoch >= state.epoch, () => `the epoch never falls, here from ${state.epoch} to ${epoch}`)
  return epoch === state.epoch ? state : { ...state, epoch, votedFor: undefined }
}

/** A leader without a majority, or one that shuts down, says so to the others and does not lead this epoch any more. */
export function resign(state: QuorumState): Step {
  const { role, self, epoch } = state
  if (role.type !== 'leader') return [state, []]
  const preferredSuccessors = state.voters
    .filter(id => id !== self.id)
    .sort((one, other) => (role.fetchOffsets.get(other) ?? 0) - (role.fetchOffsets.get(one) ?? 0))
  return [
    { ...state, role: { type: 'resigned' } },
    [
      ...leave(state),
      ...sendToOthers(state, { type: 'endEpoch', leaderId: self.id, epoch, preferredSuccessors }),
      { type: 'armElectionTimer', wait: { type: 'electionTimeout' } },
    ],
  ]
}

function leave({ role }: QuorumState): Effect[] {
  return role.type === 'leader' ? [{ type: 'stopLeading' }] : []
}

/** The leader that others should turn to. One that we lost touch with is not passed on. */
export function leaderToTell({ role, self, epoch }: QuorumState): LeaderAndEpoch {
  if (role.type === 'leader') return { leaderId: self.id, epoch }
  return { leaderId: role.type === 'follower' && role.contact !== 'lost' ? role.leaderId : undefined, epoch }
}

export function answer(state: QuorumState, error: ErrorName, voteGranted = false): Effect {
  const answer: QuorumAnswer = { error, voteGranted, ...leaderToTell(state) }
  return { type: 'answer', answer }
}

export function sendToOthers({ voters, self }: QuorumState, request: QuorumRequest): Effect[] {
  return voters.filter(to => to !== self.id).map(to => ({ type: 'send', to, request }))
}

export function armElectionTimer(type: 'campaign' | 'ballots', attempt: number): Effect {
  const wait: ElectionWait = { type, attempt }
  return { type: 'armElectionTimer', wait }
}
