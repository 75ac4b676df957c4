import { type ClusterOutcome, runClusterScenario, ScenarioFailure } from './clusterScenario.ts'
import { clientKinds, type Course } from './scenarioOptions.ts'

/** A failure that was made as short as the tries allowed. */
export interface ShortestStory {
  readonly failure: ScenarioFailure
  readonly tries: number
}

/**
 * Looks for a shorter course of events that breaks the same promise: faults end sooner, clients stay away, and faults are left out, many at a time and then
 * one by one. Each try is a whole run, and one that goes well, or breaks something else, is forgotten.
 */
export async function shortestStory(
  failure: ScenarioFailure,
  { tries: most = 60, run = runClusterScenario }: { tries?: number; run?: (course: Course) => Promise<ClusterOutcome> } = {},
): Promise<ShortestStory> {
  let best = failure
  let tries = 0

  /** Whether the change was taken. */
  async function attempt(change: Partial<Course>): Promise<boolean> {
    if (tries === most) return false
    tries++
    try {
      await run({ ...best.course, ...change })
    } catch (problem) {
      if (!(problem instanceof ScenarioFailure)) throw problem
      if (problem.invariant !== best.invariant) return false
      best = problem
      return true
    }
    return false
  }

  await endSooner()
  for (const kind of clientKinds) {
    if (best.course.without?.includes(kind) !== true) await attempt({ without: [...(best.course.without ?? []), kind] })
  }
  for (let size = Math.ceil(best.happened.length / 2); size >= 1 && tries < most; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < best.happened.length && tries < most;) {
      const keep = best.happened.map(each => each.index).filter((_, at) => at < from || at >= from + size)
      if (!(await attempt({ keep }))) from += size
    }
  }
  await endSooner()
  return { failure: best, tries }

  /** Faults that come after the break have no part in it. */
  async function endSooner(): Promise<void> {
    const faultsMs = Math.min(best.course.faultsMs, Math.ceil(best.afterMs) + 1)
    if (faultsMs < best.course.faultsMs) await attempt({ faultsMs })
  }
}
