import type { Random } from '../env/env.ts'
import type { ElectionWait } from './state.ts'

/** Kafka's `controller.quorum.*` configs in camelCase. */
export interface QuorumConfig {
  readonly electionTimeoutMs: number
  /** A follower that has not fetched for so long campaigns; a leader from which no majority fetched for 1.5 times as long resigns. */
  readonly fetchTimeoutMs: number
  readonly electionBackoffMaxMs: number
  readonly requestTimeoutMs: number
  readonly retryBackoffMs: number
  readonly fetchMaxBytes: number
  /** How long the leader keeps a fetch that brings nothing. */
  readonly fetchMaxWaitMs: number
  /** Of a snapshot in one answer. */
  readonly fetchSnapshotMaxBytes: number
  readonly metadataLogMaxRecordBytesBetweenSnapshots: number
  /** 0: only the bytes count. */
  readonly metadataLogMaxSnapshotIntervalMs: number
  /** Of the log and its snapshots together. -1: for ever, as with the next. */
  readonly metadataMaxRetentionBytes: number
  readonly metadataMaxRetentionMs: number
}

export const defaultQuorumConfig: QuorumConfig = {
  electionTimeoutMs: 1_000,
  fetchTimeoutMs: 2_000,
  electionBackoffMaxMs: 1_000,
  requestTimeoutMs: 2_000,
  retryBackoffMs: 20,
  fetchMaxBytes: 1_048_576,
  fetchMaxWaitMs: 500,
  fetchSnapshotMaxBytes: 1_048_576,
  metadataLogMaxRecordBytesBetweenSnapshots: 20_971_520,
  metadataLogMaxSnapshotIntervalMs: 3_600_000,
  metadataMaxRetentionBytes: 104_857_600,
  metadataMaxRetentionMs: 604_800_000,
}

/** The first campaign comes after this, [from, to) in ms: long enough apart that two voters seldom meet, short enough not to be waited for. */
const FIRST_CAMPAIGN_MS = [20, 150] as const
/** The first time, ballots are waited for so long: some round trips and a sync of the vote. */
const FIRST_BALLOTS_MS = [150, 300] as const

/**
 * Draws how long to wait before an election. What failed waits up to twice as long the next time, so that however slow disks and links are, one
 * candidate at last has the time it takes to itself.
 */
export function electionWaitMs(wait: ElectionWait, config: QuorumConfig, random: Random): number {
  switch (wait.type) {
    case 'campaign':
      return grown(FIRST_CAMPAIGN_MS, wait.attempt, config.electionBackoffMaxMs, random)
    case 'ballots':
      return grown(FIRST_BALLOTS_MS, wait.attempt, 2 * config.electionTimeoutMs, random)
    case 'fetchTimeout':
      return config.fetchTimeoutMs + random.below(FIRST_CAMPAIGN_MS[1])
    case 'electionTimeout':
      return config.electionTimeoutMs + random.below(config.electionTimeoutMs + 1)
  }
}

function grown([from, to]: readonly [number, number], attempt: number, capMs: number, random: Random): number {
  const factor = 2 ** Math.min(attempt, 16)
  const upTo = Math.max(1, Math.min(to * factor, capMs))
  const least = Math.min(from * factor, upTo / 2)
  return least + random.below(Math.ceil(upTo - least))
}
