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
]

it.each(regressions)('$found', { timeout: 600_000 }, async ({ options }) => {
  const outcome = await runClusterScenario(options)
  expect(outcome.acknowledged).toBeGreaterThan(0)
})
