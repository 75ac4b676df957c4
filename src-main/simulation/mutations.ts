import { clusterMutations } from './cluster/mutations.ts'
import type { Mutation } from './mutation.ts'
import { type MutationReport, runMutations } from './mutationPool.ts'
import { quorumMutations } from './quorum/mutations.ts'

export const mutations: readonly Mutation[] = [...quorumMutations, ...clusterMutations]

/** Whether it was noticed, and by an invariant that is there for it. */
export function isCaught({ mutation, caught }: MutationReport): boolean {
  return caught !== undefined && mutation.caughtBy.some(invariant => caught.invariant.includes(invariant))
}

/** Runs all of them from one seed on, prints a table of what caught them after how many seeds, and answers how many were not caught. */
export async function printMutations({ from, seeds, workers }: { from: number; seeds: number; workers: number }): Promise<number> {
  const width = Math.max(...mutations.map(({ broken }) => broken.length))
  const invariants = new Set<string>()
  let survivors = 0
  console.log(`| ${'what is broken'.padEnd(width)} | seeds | caught by |\n| ${'-'.repeat(width)} | ----: | --- |`)
  await runMutations(mutations, {
    workers,
    seedsOf: () => ({ from, seeds }),
    ended: report => {
      const { mutation, caught, seeds: tried } = report
      if (!isCaught(report)) survivors++
      if (caught !== undefined) invariants.add(caught.invariant)
      const what =
        caught === undefined ? 'NOT CAUGHT' : `${caught.invariant}${isCaught(report) ? '' : ` (NOT EXPECTED: ${caught.message})`}`
      console.log(`| ${mutation.broken.padEnd(width)} | ${String(tried).padStart(5)} | ${what} |`)
    },
  })
  console.log(`${mutations.length} mutations, ${mutations.length - survivors} of them caught, by ${invariants.size} invariants`)
  return survivors
}
