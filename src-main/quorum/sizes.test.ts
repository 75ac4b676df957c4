import { describe, expect, it } from 'vitest'
import { runQuorumScenario } from '../simulation/quorum/quorumScenario.ts'
import { seedsOfTheDay } from '../simulation/seedsOfTheDay.ts'

/** Seeds that once found something, by the size of the quorum. */
const FOUND: Readonly<Record<number, readonly number[]>> = {}

describe.each([
  { size: 1, seeds: 6 },
  { size: 2, seeds: 10 },
  { size: 3, seeds: 24 },
  { size: 4, seeds: 12 },
  { size: 5, seeds: 14 },
  { size: 6, seeds: 8 },
  { size: 7, seeds: 8 },
])('a quorum of $size', ({ size, seeds }) => {
  it.each([...(FOUND[size] ?? []), ...seedsOfTheDay(seeds)])(
    'keeps its promises through crashes, power failures, lost disks, cuts, slow links and frozen voters, and goes on when they end (seed %i)',
    async seed => {
      const quorum = await runQuorumScenario(size, { seed })
      expect(quorum.acknowledged.size).toBeGreaterThan(0)
    },
  )
})
