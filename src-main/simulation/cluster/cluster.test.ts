import { expect, it } from 'vitest'
import { runClusterScenario } from './clusterScenario.ts'

const SEEDS = Array.from({ length: 15 }, (_, index) => index + 1)

it.each(SEEDS)('three brokers keep every promise through whatever happens to them (seed %i)', { timeout: 60_000 }, async seed => {
  const outcome = await runClusterScenario({ seed, faultsMs: 10_000 })
  expect(outcome.acknowledged).toBeGreaterThan(50)
  expect(outcome.commits).toBeGreaterThan(0)
})

it('brokers follow one that comes back from a power failure of which nobody heard, whatever they had asked it before', async () => {
  const kinds = ['powerLoss', 'powerLoss', 'powerLoss', 'stop', 'stopAll', 'freeze', 'freeze', 'isolate'] as const
  const settings = { 'replica.lag.time.max.ms': '1000', 'broker.session.timeout.ms': '700', 'broker.heartbeat.interval.ms': '100' }
  await runClusterScenario({ seed: 10, faultsMs: 8000, healingMs: 10_000, kinds, settings })
}, 60_000)

it('one seed is one course of events', { timeout: 60_000 }, async () => {
  const [first, second] = [await runClusterScenario({ seed: 77, faultsMs: 2000 }), await runClusterScenario({ seed: 77, faultsMs: 2000 })]
  expect(second).toEqual(first)
})
