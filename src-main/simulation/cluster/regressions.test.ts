import { expect, it } from 'vitest'
import { type ClusterScenarioOptions, runClusterScenario } from './clusterScenario.ts'

interface Regression {
  readonly found: string
  readonly options: ClusterScenarioOptions
}

/** Courses of events in which something was found once, each as short as it was known. What they find elsewhere by now is as welcome. */
const regressions: readonly Regression[] = [
  {
    found: 'a broker whose log folder failed was never started again when an earlier stop of it had been cut short by a kill',
    options: { seed: 6025, faultsMs: 20_000, pace: 1 },
  },
  {
    found: 'a broker that takes up an old leader epoch late need not have what a newer leader has committed',
    options: { seed: 3057, faultsMs: 20_000, pace: 1 },
  },
  {
    found: 'a log was deleted while a checkpoint synced its folder, which then had no name any more',
    options: { seed: 20602616, faultsMs: 52_052 },
  },
  {
    found: 'a move gave up the only living replica that had everything, for one whose disk had been destroyed unnoticed',
    options: { seed: 20310522, faultsMs: 45_000 },
  },
  {
    found: 'a move gave up the last replica that had everything, for one that had lost its power while nobody could register',
    options: { seed: 20311970, faultsMs: 60_000 },
  },
  {
    found: 'a follower kept, below a log start that its leader had raised, what nobody ever committed',
    options: { seed: 20311700, faultsMs: 5_984, keep: [0, 1, 4], without: ['churn', 'shared', 'alone'] },
  },
  {
    found: 'a follower was cut back to where its leader’s log started, and not to where they had parted before that',
    options: { seed: 20312859, faultsMs: 53_000 },
  },
  {
    found: 'a replica was expected to have everything that was only to be copied, by a move that came late',
    options: {
      seed: 42,
      faultsMs: 12_000,
      kinds: ['wipe', 'powerLoss', 'isolate', 'cut', 'freeze'],
      without: ['churn', 'shared', 'alone', 'joined', 'configs', 'seconds', 'risky'],
      settings: { 'replica.lag.time.max.ms': '1000', 'broker.session.timeout.ms': '700', 'broker.heartbeat.interval.ms': '100' },
      pace: 4,
    },
  },
  {
    found: 'a follower that began anew on a full disk took its folder offline',
    options: { seed: 20400202, faultsMs: 2_341, keep: [0], without: ['plain', 'churn', 'configs', 'shared', 'joined', 'risky'] },
  },
]

it.each(regressions)('$found', { timeout: 600_000 }, async ({ options }) => {
  const outcome = await runClusterScenario(options)
  expect(outcome.acknowledged).toBeGreaterThan(0)
})
