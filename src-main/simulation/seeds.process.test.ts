import { expect, it } from 'vitest'
import type { ClusterOutcome } from './cluster/clusterScenario.ts'
import { type FailedCourse, runCourses } from './coursePool.ts'

const SEEDS = 100
const FAULTS_MS = 20_000
/** Of so many seeds, one has five brokers and one has four. */
const LARGER_EVERY = 10
const MS_A_DAY = 86_400_000
/** Seeds of different days are far apart. */
const SEEDS_A_DAY = 1000

/** Other seeds each day (UTC), so that the search goes on; the same ones for everybody on that day. */
const firstSeed = 1_000_000 + Math.floor(Date.now() / MS_A_DAY) * SEEDS_A_DAY

it(
  `clusters keep every promise through ${SEEDS} courses of events that are new today, from seed ${firstSeed} on`,
  { timeout: 1_200_000 },
  async () => {
    const failed: FailedCourse[] = []
    const outcomes: ClusterOutcome[] = []
    console.log(`simulating ${SEEDS} seeds from ${firstSeed} on`)
    const tasks = Array.from({ length: SEEDS }, (_, index) => ({
      course: { seed: firstSeed + index, faultsMs: FAULTS_MS, ...sizeOf(index) },
      tries: 0,
    }))
    await runCourses(tasks, {
      ended: report => void ('outcome' in report ? outcomes.push(report.outcome) : failed.push(report)),
    })
    expect(failed.map(({ course, message }) => `seed ${course.seed}: ${message}`).join('\n\n')).toBe('')
    expect(outcomes).toHaveLength(SEEDS)
    for (const { acknowledged } of outcomes) expect(acknowledged).toBeGreaterThan(0)
  },
)

function sizeOf(index: number): { brokers?: number } {
  if (index % LARGER_EVERY === 3) return { brokers: 5 }
  if (index % LARGER_EVERY === 7) return { brokers: 4 }
  return {}
}
