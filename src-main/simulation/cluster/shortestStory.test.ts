import { expect, it } from 'vitest'
import { Partition } from '../../broker/replication/partition.ts'
import { runClusterScenario, ScenarioFailure } from './clusterScenario.ts'
import { replayCommand } from './scenarioOptions.ts'
import { shortestStory } from './shortestStory.ts'

const SEEDS = 20

it('the story of a broken promise gets shorter, and still breaks the same promise', { timeout: 600_000 }, async () => {
  const mend = showWhatIsNotCommitted()
  try {
    const failure = await firstFailure()
    const { failure: shorter, tries } = await shortestStory(failure, { tries: 15 })
    expect(shorter.invariant).toBe(failure.invariant)
    expect(tries).toBeLessThanOrEqual(15)
    const { course } = shorter
    expect(course.without?.length).toBeGreaterThan(0)
    expect(shorter.happened.length).toBeLessThanOrEqual(failure.happened.length)
    expect(shorter.transcript).toContain('leads in epoch')
    expect(shorter.message).toContain(`replay: ${replayCommand(course)}`)
    expect(replayCommand(course)).toContain(`npm run sim -- --seeds 1 --from ${failure.course.seed} --ms `)
    await expect(runClusterScenario(course)).rejects.toMatchObject({ invariant: failure.invariant, transcript: shorter.transcript })
  } finally {
    mend()
  }
})

/** Of the first seed in which it is noticed. */
async function firstFailure(): Promise<ScenarioFailure> {
  for (let seed = 1; seed <= SEEDS; seed++) {
    try {
      await runClusterScenario({ seed, pace: 1, faultsMs: 4000, kinds: ['kill', 'stop', 'freeze', 'isolate'] })
    } catch (problem) {
      if (problem instanceof ScenarioFailure) return problem
      throw problem
    }
  }
  throw new Error(`nobody noticed within ${SEEDS} seeds`)
}

/** Breaks the rule that consumers see only what is committed; returns what mends it. */
function showWhatIsNotCommitted(): () => void {
  const original = Partition.prototype.planFetch
  Partition.prototype.planFetch = function (asked, reader, isFirst) {
    const plan = original.call(this, asked, reader, isFirst)
    return plan.type === 'read' ? { ...plan, upTo: plan.log.logEndOffset } : plan
  }
  return () => void (Partition.prototype.planFetch = original)
}
