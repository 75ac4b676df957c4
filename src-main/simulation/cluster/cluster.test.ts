import { expect, it } from 'vitest'
import { runClusterScenario } from './clusterScenario.ts'
import type { FaultKind } from './faults.ts'

it('brokers follow one that comes back from a power failure of which nobody heard, whatever they had asked it before', async () => {
  const kinds = ['powerLoss', 'powerLoss', 'powerLoss', 'stop', 'stopAll', 'freeze', 'freeze', 'isolate'] as const
  const settings = { 'replica.lag.time.max.ms': '1000', 'broker.session.timeout.ms': '700', 'broker.heartbeat.interval.ms': '100' }
  await runClusterScenario({ seed: 10, faultsMs: 8000, healingMs: 10_000, kinds, settings })
}, 60_000)

it.each([
  { brokers: 4, seed: 1 },
  { brokers: 5, seed: 2 },
])('$brokers brokers keep every promise through whatever happens to them', { timeout: 120_000 }, async ({ brokers, seed }) => {
  const outcome = await runClusterScenario({ seed, brokers, faultsMs: 5000 })
  expect(outcome.acknowledged).toBeGreaterThan(50)
})

it('brokers whose disks are destroyed, one at a time, get everything from the others', { timeout: 120_000 }, async () => {
  const kinds: readonly FaultKind[] = ['wipe', 'wipe', 'freeze', 'stop', 'slowLink', 'isolate']
  const outcome = await runClusterScenario({ seed: 3, faultsMs: 8000, kinds })
  expect(outcome.faults.get('wipe')).toBeGreaterThan(0)
})

it('one seed is one course of events, to the byte', { timeout: 60_000 }, async () => {
  const logs = [new Array<string>(), new Array<string>()]
  const outcomes = []
  for (const log of logs) outcomes.push(await runClusterScenario({ seed: 77, pace: 1, faultsMs: 3000, log: line => void log.push(line) }))
  expect(outcomes[1]).toEqual(outcomes[0])
  expect(logs[0]!.length).toBeGreaterThan(10_000)
  expect(logs[1]!.length).toBe(logs[0]!.length)
  expect(logs[1]!.findIndex((line, index) => line !== logs[0]![index])).toBe(-1)
})
