import type { Course } from './cluster/scenarioOptions.ts'

/** A rule that is broken on purpose, to see which invariant notices. */
export interface Mutation {
  /** What is wrong then, in words. */
  readonly broken: string
  readonly edits: readonly Edit[]
  readonly stage: Stage
  /** Invariants, or beginnings of failures, by which it may be caught: which one it is depends on the course of events. */
  readonly caughtBy: readonly string[]
  /** A seed that is known to lead there soon. */
  readonly from: number
  /** In how many seeds from there on it must be caught, a few times as many as it took when this was written. */
  readonly within: number
}

/** Takes the place of a text that a source file has exactly once. */
export interface Edit {
  /** Below `src-main`. */
  readonly file: string
  readonly is: string
  readonly becomes: string
}

/** Where it is looked for. */
export type Stage =
  /** Whole brokers with clients. */
  | { readonly type: 'cluster'; readonly course?: Partial<Omit<Course, 'seed'>> }
  /** Nothing but the metadata quorum: with all faults, with voters that restart when they have voted, or with a leader that is cut off. */
  | { readonly type: 'quorum' | 'elections' | 'cutOff'; readonly size: number }
