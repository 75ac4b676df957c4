import type { Uuid } from '../base/uuid.ts'
import type { ErrorName } from '../protocol/errors.ts'
import type { SnapshotId } from '../protocol/files/fileNames.ts'

export type NodeId = number
/** The quorum's leader epoch: which election we are in. Never falls. */
export type Epoch = number

/** A voter by its id and by the directory its log lies in (KIP-853). */
export interface VoterKey {
  readonly id: NodeId
  readonly directoryId: Uuid
}

/** Missing: not answered yet. A request that failed counts as refused. `harmless`: from this voter, a newcomer has nothing to fear (see `Standing`). */
export type Ballots = ReadonlyMap<NodeId, 'granted' | 'refused' | 'harmless'>

/**
 * What a node may do in the quorum.
 *
 * `voter`: it votes, may lead, and what it has on its disk counts.
 *
 * `observer`: it is not in the set of voters. It fetches what is committed, and that is all.
 *
 * `newcomer`: it is in the set, but its disk has no `quorum-state`: it was destroyed, or never used. Whatever this voter promised before, it has
 * forgotten: which candidates it voted for, and which records it told leaders to have. It must not promise anything that goes against that; so it
 * promises nothing, which is to others as if it were down: it grants no vote and no pre-vote, does not campaign, and fetches as nobody in particular,
 * so that what it has does not count. It becomes a voter again in one of three ways.
 *
 * 1. A leader has committed a record that it appended after the newcomer asked it to (UpdateRaftVoter), and the newcomer has all up to that record
 *    on its disk. Then it writes down the leader's epoch `e` and that its vote in it is given. Call that record `r`. Why this is safe:
 *    - `r` is held by a majority `M` that does not count the newcomer, since nothing it has counts. Each of `M` was in epoch `e` when it got `r`.
 *    - A record that was committed with the help of the forgotten disk is in the leader's log before `r`: leaders are elected by others or by what
 *      the disk knew while it still knew it, so Raft's own argument holds for this one; and one that a leader of an epoch after `e` had committed
 *      so before `r` was appended is impossible, because those who elected that leader share a voter with `M`, who would not have taken `r` in the
 *      older epoch `e`. So the newcomer has again all that it once helped to commit.
 *    - A vote of the forgotten disk for a candidate `c` in an epoch `x > e`, on its way or counted already, does no harm: for a majority, `c` needs
 *      others, and those share a voter with `M`. Had that voter voted for `c` before it got `r`, it would not have taken `r` in the older epoch. After
 *      it, it refuses: `c` asked for the forgotten vote before `r` was appended, so the log that it asks with lacks `r`, and has nothing of a later epoch
 *      than `e`, because there was no leader of one. An epoch `x = e` is the leader's, and the vote in it counts as given; one below is over.
 *    - Several disks may be lost, also at the same time, also again before the first has recovered: the same holds for the first of them that comes
 *      back, then for the second, and so on. Too many at a time, and there is no `M`: the quorum stands still, and nothing that it committed is denied.
 *    - Of three, two are too many: what the two once committed, the third need not have, and they may have elected one another without it. Nor does it
 *      help that one of them has fetched the log again: how far that would have to be, only the two could tell. So to let it in on the word of one voter
 *      may lose records. One disk after the other may be lost if each is lost only after the one before has become a voter. That can be well after it has all
 *      records again, when what it asks its leader is lost on the way; so its broker stays fenced until then, and who waits for it to serve may go on.
 * 2. All other voters answer that they have never heard of any epoch. Then there is neither a candidate nor a leader to whom the forgotten disk could have
 *    promised anything, and later ones ask this one: the cluster is new. Who makes a new cluster had better write an empty `quorum-state` for each
 *    voter: then a majority is enough to begin.
 * 3. There are two voters, and the other one has answered. Nothing was committed without it and nobody elected: it knows every epoch in which this voter
 *    can have voted for it, and without its vote, which nobody gets whose log lacks anything, nobody will be elected. Until this one has fetched, the records
 *    are on the other disk alone: to lose that one as well, then, is to lose them.
 *
 * An empty log says nothing: a voter that has its `quorum-state` knows what it promised, and votes freely however empty its log is. So a crash before the
 * first commit keeps no quorum, of even size or odd, from electing a leader.
 *
 * Differs from Kafka: static voters (kraft.version 0) are not protected there, and with KIP-853 an operator removes the lost directory from the set and
 * adds the new one. Here the set of ids stays, and the newcomer's first record does both at once.
 */
export type Standing = 'voter' | 'newcomer' | 'observer'

/**
 * What a voter is to the quorum.
 *
 *   unattached, follower ──(no leader heard of in time)──▶ prospective ──(majority would vote for us)──▶ candidate ──(majority did)──▶ leader
 *   prospective ──(a majority would not)──▶ follower of the leader it had, or another try;   candidate ──(lost)──▶ prospective
 *   leader ──(shutdown, or no majority fetches)──▶ resigned ──(election timeout)──▶ prospective
 *   any ──(a higher epoch)──▶ unattached, or follower when its leader is named
 */
export type Role =
  | { readonly type: 'unattached' }
  | {
      readonly type: 'follower'
      readonly leaderId: NodeId
      /** Whether a fetch from this leader has succeeded, and whether there is reason to think that it is gone. */
      readonly contact: 'awaited' | 'made' | 'lost'
      /** A newcomer: this leader has committed the record for it. */
      readonly isWelcome?: boolean
    }
  /** Asks around before it raises the epoch, so that a voter who was merely cut off disturbs nobody (KIP-996). */
  | { readonly type: 'prospective'; readonly formerLeaderId: NodeId | undefined; readonly ballots: Ballots }
  | { readonly type: 'candidate'; readonly ballots: Ballots }
  | {
      readonly type: 'leader'
      /** Offset of the LeaderChange record; nothing is committed before this record is. */
      readonly epochStartOffset: number
      /** The own log is on the own disk below this. */
      readonly syncedEndOffset: number
      /** Where each other voter fetches from, which it does only when all before is on its disk. Missing: has not fetched in this epoch. */
      readonly fetchOffsets: ReadonlyMap<NodeId, number>
      /** Voters that fetched since the check-quorum timer was last armed. */
      readonly recentlyFetched: ReadonlySet<NodeId>
    }
  | { readonly type: 'resigned' }

export type RoleName = Role['type']

export interface QuorumState {
  readonly self: VoterKey
  /** Ascending; including ourselves, unless we are an observer. */
  readonly voters: readonly NodeId[]
  readonly standing: Standing
  readonly epoch: Epoch
  /** In this epoch. */
  readonly votedFor: VoterKey | undefined
  readonly role: Role
  /** What is below is committed. Until a leader told more, the end of the snapshot this voter has, or 0: it remembers no other. */
  readonly highWatermark: number
  /** Elections tried since there was a leader: each waits longer than the one before. */
  readonly failedCampaigns: number
}

/** What has to be on disk before anybody may hear of it: the content of the quorum-state file. */
export interface Vote {
  readonly epoch: Epoch
  readonly votedFor: VoterKey | undefined
  readonly leaderId: NodeId | undefined
}

/** How a log ends, for comparing two of them and for finding where they part. */
export interface LogView {
  /** Not 0 when a snapshot stands for what was before. */
  readonly startOffset: number
  /** Of the last record before the start; 0 when the log goes back to the first record. */
  readonly epochBeforeStart: Epoch
  /** There is one when the start is not 0. */
  readonly latestSnapshot: SnapshotId | undefined
  readonly endOffset: number
  /** Of the last record; 0 while there is none. */
  readonly lastEpoch: Epoch
  endOffsetFor(epoch: Epoch): { readonly epoch: Epoch; readonly endOffset: number }
}

/** Who leads, as one node tells another in an answer. `leaderId` is -1 on the wire when unknown. */
export interface LeaderAndEpoch {
  readonly leaderId: NodeId | undefined
  readonly epoch: Epoch
}

export type QuorumRequest =
  | {
      readonly type: 'vote'
      readonly preVote: boolean
      readonly epoch: Epoch
      readonly candidate: VoterKey
      readonly lastEpoch: Epoch
      readonly endOffset: number
    }
  | { readonly type: 'beginEpoch'; readonly leaderId: NodeId; readonly epoch: Epoch }
  | { readonly type: 'endEpoch'; readonly leaderId: NodeId; readonly epoch: Epoch; readonly preferredSuccessors: readonly NodeId[] }

/** A newcomer asks the leader to commit a record for it. Answered when that is done. */
export interface JoinRequest {
  readonly type: 'join'
  readonly voter: VoterKey
  readonly epoch: Epoch
}

export type QuorumAnswer = LeaderAndEpoch & { readonly error: ErrorName; readonly voteGranted: boolean }

export type FetchVerdict =
  | { readonly type: 'read' }
  | { readonly type: 'diverging'; readonly epoch: Epoch; readonly endOffset: number }
  /** The log does not go back far enough: this snapshot is to be fetched first. */
  | { readonly type: 'snapshot'; readonly id: SnapshotId }
  | { readonly type: 'refused'; readonly error: ErrorName }

export type QuorumEvent =
  | { readonly type: 'electionTimeout' }
  | { readonly type: 'checkQuorumTimeout' }
  | { readonly type: 'announceTimeout' }
  | { readonly type: 'request'; readonly request: QuorumRequest }
  | {
      readonly type: 'voteAnswered'
      readonly from: NodeId
      readonly epoch: Epoch
      readonly preVote: boolean
      readonly answer: QuorumAnswer
    }
  | { readonly type: 'voteFailed'; readonly from: NodeId; readonly epoch: Epoch; readonly preVote: boolean }
  /** The leader has committed a record that it appended after it was asked to. */
  | { readonly type: 'welcomed'; readonly from: NodeId; readonly epoch: Epoch }
  /** Someone answered a request of ours with what it knows of the leader. */
  | { readonly type: 'leaderHeardOf'; readonly from: NodeId; readonly leader: LeaderAndEpoch }
  /** A replica asks us for records. */
  | {
      readonly type: 'fetch'
      readonly replicaId: NodeId
      /** -1: does not care. */
      readonly epoch: Epoch
      readonly fetchOffset: number
      /** -1: does not say. */
      readonly lastFetchedEpoch: Epoch
    }
  /** A replica asks us for a piece of a snapshot. */
  | { readonly type: 'fetchSnapshot'; readonly replicaId: NodeId; readonly epoch: Epoch }
  /** The leader answered our fetch. */
  | {
      readonly type: 'fetchAnswered'
      readonly from: NodeId
      readonly epoch: Epoch
      readonly error: ErrorName
      readonly leader: LeaderAndEpoch
      readonly diverging: { readonly epoch: Epoch; readonly endOffset: number } | undefined
      readonly snapshot: SnapshotId | undefined
      readonly highWatermark: number
      readonly records: Buffer
    }
  /** The leader answered our fetch of a piece of a snapshot, which has `size` bytes in all. */
  | {
      readonly type: 'snapshotPieceAnswered'
      readonly from: NodeId
      readonly epoch: Epoch
      readonly error: ErrorName
      readonly leader: LeaderAndEpoch
      readonly id: SnapshotId
      readonly size: number
      readonly position: number
      readonly bytes: Buffer
    }
  /** A fetched snapshot was found whole, and the log goes on, empty, from its end. */
  | { readonly type: 'snapshotInstalled'; readonly epoch: Epoch; readonly id: SnapshotId }
  | { readonly type: 'fetchFailed'; readonly from: NodeId; readonly epoch: Epoch }
  /** What a fetch brought lies in the own log, synced. */
  | { readonly type: 'replicated'; readonly epoch: Epoch; readonly leaderHighWatermark: number }
  /** As leader: the own log is on disk below `endOffset`. */
  | { readonly type: 'synced'; readonly epoch: Epoch; readonly endOffset: number }
  | { readonly type: 'peerDisconnected'; readonly peer: NodeId }
  /** Give up leading, if we do. */
  | { readonly type: 'resign' }

/** How long to wait for a leader before an election. The driver draws the number; `attempt` counts failed tries. */
export type ElectionWait =
  /** A short, random time. */
  | { readonly type: 'campaign'; readonly attempt: number }
  /** Long enough for answers to come in. */
  | { readonly type: 'ballots'; readonly attempt: number }
  | { readonly type: 'fetchTimeout' }
  | { readonly type: 'electionTimeout' }

export type Effect =
  | { readonly type: 'persistVote'; readonly vote: Vote }
  | { readonly type: 'send'; readonly to: NodeId; readonly request: QuorumRequest | JoinRequest }
  /** To the request that was the event. */
  | { readonly type: 'answer'; readonly answer: QuorumAnswer }
  /** To the fetch that was the event. */
  | { readonly type: 'answerFetch'; readonly verdict: FetchVerdict; readonly leader: LeaderAndEpoch }
  | { readonly type: 'armElectionTimer'; readonly wait: ElectionWait }
  | { readonly type: 'cancelElectionTimer' }
  | { readonly type: 'armCheckQuorumTimer' }
  | { readonly type: 'armAnnounceTimer' }
  /** Appends the LeaderChange record and lets the controller append. */
  | { readonly type: 'startLeading'; readonly epoch: Epoch; readonly grantingVoters: readonly NodeId[] }
  /** Fails what waits for a commit and lets the log come to rest. */
  | { readonly type: 'stopLeading' }
  | { readonly type: 'fetch'; readonly from: NodeId; readonly epoch: Epoch; readonly when: 'now' | 'afterBackoff' }
  /** Appends what a fetch brought, syncs, and reports `replicated`. */
  | { readonly type: 'replicate'; readonly records: Buffer; readonly epoch: Epoch; readonly leaderHighWatermark: number }
  | { readonly type: 'truncate'; readonly to: number }
  | {
      readonly type: 'fetchSnapshotPiece'
      readonly from: NodeId
      readonly epoch: Epoch
      readonly id: SnapshotId
      readonly position: number
    }
  /**
   * Keeps a piece and fetches the next. After the last one, verifies the snapshot, lets it take the place of the log and of the state, and reports
   * `snapshotInstalled`.
   */
  | {
      readonly type: 'keepSnapshotPiece'
      readonly from: NodeId
      readonly epoch: Epoch
      readonly id: SnapshotId
      readonly position: number
      readonly bytes: Buffer
      readonly isLast: boolean
    }
  | { readonly type: 'commit'; readonly highWatermark: number }

/** The leader that this voter knows of, itself included. */
export function knownLeader({ role, self }: Pick<QuorumState, 'role' | 'self'>): NodeId | undefined {
  switch (role.type) {
    case 'follower':
      return role.leaderId
    case 'prospective':
      return role.formerLeaderId
    case 'leader':
    case 'resigned':
      return self.id
    case 'unattached':
    case 'candidate':
      return undefined
  }
}

export function majorityOf({ voters }: Pick<QuorumState, 'voters'>): number {
  return Math.floor(voters.length / 2) + 1
}
