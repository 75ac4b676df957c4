import { expect, it } from 'vitest'
import type { ClusterOutcome } from './cluster/clusterScenario.ts'
import { type FailedCourse, runCourses } from './coursePool.ts'
import { seedsOfTheDay } from './seedsOfTheDay.ts'

const SEEDS = 100
const FAULTS_MS = 20_000
/** Of so many seeds, one has five brokers and one has four. */
const LARGER_EVERY = 10

const seeds = seedsOfTheDay(SEEDS)

it(`clusters keep every promise through ${SEEDS} courses of events, other ones each day: today from seed ${seeds[0]} on`, async () => {
  const failed: FailedCourse[] = []
  const outcomes: ClusterOutcome[] = []
  const tasks = seeds.map((seed, index) => ({ course: { seed, faultsMs: FAULTS_MS, ...sizeOf(index) }, tries: 0 }))
  await runCourses(tasks, {
    ended: report => {
      if ('outcome' in report) outcomes.push(report.outcome)
      else failed.push(report)
      // At once: the others take minutes.
      if ('message' in report) console.log(`seed ${report.course.seed} FAILED\n${report.message}`)
    },
  })
  expect(failed.map(({ course, message }) => `seed ${course.seed}: ${message}`).join('\n\n')).toBe('')
  expect(outcomes).toHaveLength(SEEDS)
  for (const { acknowledged } of outcomes) expect(acknowledged).toBeGreaterThan(0)
}, 3_600_000)

function sizeOf(index: number): { brokers?: number } {
  if (index % LARGER_EVERY === 3) return { brokers: 5 }
  if (index % LARGER_EVERY === 7) return { brokers: 4 }
  return {}
}
