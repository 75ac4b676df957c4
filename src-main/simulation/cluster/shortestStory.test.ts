import { expect, it } from 'vitest'
import { Partition } from '../../broker/replication/partition.ts'
import { runClusterScenario, ScenarioFailure } from './clusterScenario.ts'
import { replayCommand } from './scenarioOptions.ts'
import { shortestStory } from './shortestStory.ts'

it('the story of a broken promise gets shorter, and still breaks the same promise', { timeout: 600_000 }, async () => {
  const mend = acknowledgeWhatOneBrokerHas()
  try {
    const failure = await runClusterScenario({ seed: 1, faultsMs: 6000, kinds: ['kill', 'stop', 'freeze', 'isolate'] }).then(
      () => undefined,
      (problem: unknown) => problem as ScenarioFailure,
    )
    expect(failure).toBeInstanceOf(ScenarioFailure)
    const { failure: shorter, tries } = await shortestStory(failure!, { tries: 15 })
    expect(shorter.invariant).toBe(failure!.invariant)
    expect(tries).toBeLessThanOrEqual(15)
    const { course } = shorter
    expect(course.faultsMs).toBeLessThan(6000)
    expect(course.without?.length).toBeGreaterThan(0)
    expect(shorter.happened.length).toBeLessThanOrEqual(failure!.happened.length)
    expect(shorter.transcript).toMatch(/ms {2}fault \d+: /)
    expect(shorter.transcript).toContain('leads in epoch')
    expect(shorter.message).toContain(`replay: ${replayCommand(course)}`)
    expect(replayCommand(course)).toContain('npm run sim -- --seeds 1 --from 1 --ms ')
    await expect(runClusterScenario(course)).rejects.toMatchObject({ invariant: failure!.invariant, transcript: shorter.transcript })
  } finally {
    mend()
  }
})

/** Breaks the rule that all in-sync replicas have what is acknowledged; returns what mends it. */
function acknowledgeWhatOneBrokerHas(): () => void {
  const original = Partition.prototype.whenCommitted
  Partition.prototype.whenCommitted = function (_requiredOffset, settle) {
    settle('NONE')
    return undefined
  }
  return () => void (Partition.prototype.whenCommitted = original)
}
