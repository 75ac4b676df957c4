import type { Logger } from '../../base/logger.ts'
import { RACK_AWARE_SELECTOR } from '../../broker/replication/replicaSelector.ts'
import { seededRandom } from '../seededRandom.ts'
import type { FaultKind } from './faults.ts'

/** Who may be left out of a scenario, so that a story gets shorter. */
export const clientKinds = [
  'plain',
  'consumers',
  'seconds',
  'mover',
  'operator',
  'churn',
  'configs',
  'shared',
  'joined',
  'alone',
  'risky',
] as const
export type ClientKind = (typeof clientKinds)[number]

/** What makes a course of events, all of it: the same options lead to the same course. */
export interface Course {
  readonly seed: number
  /** How long faults happen. */
  readonly faultsMs: number
  /** Three unless given. */
  readonly brokers?: number
  readonly kinds?: readonly FaultKind[]
  /** Of all faults that the seed draws, only those with these indices happen. */
  readonly keep?: readonly number[]
  /** Clients that stay away. */
  readonly without?: readonly ClientKind[]
  /** Log folders of each broker; every other seed has two. */
  readonly logDirs?: number
  /** By Kafka's names, instead of what the seed draws. */
  readonly settings?: Readonly<Record<string, string>>
  /** Clients rest so many times as long as busy ones do, instead of what the seed draws: faults find more than load does. */
  readonly pace?: number
  /** How long things may take to become well; 30 s unless given. */
  readonly healingMs?: number
}

export interface ClusterScenarioOptions extends Course {
  readonly logger?: (brokerId: number) => Logger
  /** Hears of every event and of everything that is done, a line each. */
  readonly log?: (line: string) => void
}

/** What to type to see a course of events again. */
export function replayCommand({ seed, faultsMs, brokers, kinds, keep, without, logDirs, settings, pace, healingMs }: Course): string {
  return [
    `npm run sim -- --seeds 1 --from ${seed} --ms ${faultsMs}`,
    ...(brokers === undefined ? [] : [`--brokers ${brokers}`]),
    ...(kinds === undefined ? [] : [`--kinds ${kinds.join()}`]),
    ...(keep === undefined ? [] : [`--keep ${keep.length === 0 ? 'none' : keep.join()}`]),
    ...(without === undefined || without.length === 0 ? [] : [`--without ${without.join()}`]),
    ...(logDirs === undefined ? [] : [`--log-dirs ${logDirs}`]),
    ...(pace === undefined ? [] : [`--pace ${pace}`]),
    ...(healingMs === undefined ? [] : [`--healing-ms ${healingMs}`]),
    ...Object.entries(settings ?? {}).map(([key, value]) => `--set ${key}=${value}`),
  ].join(' ')
}

/** Snapshots all the time, and a log that keeps so little that who was away for a second or so needs one. */
const SHORT_METADATA_LOG = {
  'metadata.log.max.record.bytes.between.snapshots': '1500',
  'metadata.log.max.snapshot.interval.ms': '700',
  'metadata.max.retention.bytes': '1',
  'internal.metadata.log.segment.bytes': '3000',
  'controller.quorum.fetch.snapshot.max.bytes': '2000',
}

const BUSY_PACE = 2

/** Which of two timeouts is the shorter decides which of two races is run: each seed has its own. */
export function settingsOf(seed: number, pace: number): Record<string, string> {
  const random = seededRandom(`settings of ${seed}`)
  const isBusy = pace <= BUSY_PACE
  const one = (...values: readonly string[]) => values[random.below(values.length)]!
  return {
    'replica.lag.time.max.ms': one('300', '1000', '3000', '3000', '10000'),
    'broker.session.timeout.ms': one('700', '2000', '2000', '6000'),
    'broker.heartbeat.interval.ms': one(isBusy ? '100' : '250', '500'),
    'replica.fetch.wait.max.ms': one(isBusy ? '50' : '200', '500', '500'),
    'leader.imbalance.check.interval.seconds': one('1', '5'),
    'replica.high.watermark.checkpoint.interval.ms': one('200', '5000'),
    ...(random.chance(0.5) && SHORT_METADATA_LOG),
  }
}

/** Some seeds have busy clients, and brokers that ask each other all the time; most leave the time to faults. */
export function paceOf(seed: number): number {
  const random = seededRandom(`pace of ${seed}`)
  return random.chance(1 / 20) ? BUSY_PACE : random.chance(0.5) ? 10 : 16
}

/** Each broker stands in a rack of its own, with a consumer in it now and then that rather reads there than from the leader. */
export function rackOf(brokerId: number): string {
  return `rack-${brokerId}`
}

export function settingsOfBroker(brokerId: number): Record<string, string> {
  return { 'broker.rack': rackOf(brokerId), 'replica.selector.class': RACK_AWARE_SELECTOR }
}
