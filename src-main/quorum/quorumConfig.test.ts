import { expect, it } from 'vitest'
import { seededRandom } from '../simulation/seededRandom.ts'
import { defaultQuorumConfig, electionWaitMs } from './quorumConfig.ts'

const random = seededRandom(1)
const draws = (type: 'campaign' | 'ballots', attempt: number): number[] =>
  Array.from({ length: 500 }, () => electionWaitMs({ type, attempt }, defaultQuorumConfig, random))

it.each([
  { type: 'campaign', attempt: 0, from: 20, to: 150 },
  { type: 'campaign', attempt: 1, from: 40, to: 300 },
  { type: 'campaign', attempt: 60, from: 500, to: defaultQuorumConfig.electionBackoffMaxMs },
  { type: 'ballots', attempt: 0, from: 150, to: 300 },
  { type: 'ballots', attempt: 60, from: 1_000, to: 2 * defaultQuorumConfig.electionTimeoutMs },
] as const)('waits between $from and $to ms for $type, attempt $attempt', ({ type, attempt, from, to }) => {
  const waits = draws(type, attempt)
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(from)
  expect(Math.max(...waits)).toBeLessThan(to)
  expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan((to - from) / 2) // spread, so that two seldom meet
})

it('gives a leader at least the fetch timeout, and an election at least its own', () => {
  for (let count = 0; count < 100; count++) {
    expect(electionWaitMs({ type: 'fetchTimeout' }, defaultQuorumConfig, random)).toBeGreaterThanOrEqual(2_000)
    expect(electionWaitMs({ type: 'electionTimeout' }, defaultQuorumConfig, random)).toBeGreaterThanOrEqual(1_000)
  }
})
