import { beforeAll, describe, expect, it } from 'vitest'
import { type MutationReport, runMutations } from './mutationPool.ts'
import { isCaught, mutations } from './mutations.ts'

describe('the invariants notice when', () => {
  const reports = new Map<string, MutationReport>()

  beforeAll(async () => {
    await runMutations(mutations, {
      seedsOf: ({ from, within }) => ({ from, seeds: within }),
      ended: report => void reports.set(report.mutation.broken, report),
    })
  }, 1_200_000)

  it.each(mutations)('$broken', ({ broken, within }) => {
    const report = reports.get(broken)!
    expect(report.caught ?? `nothing in ${within} seeds`).toEqual(report.caught)
    expect(isCaught(report) ? '' : report.caught?.message).toBe('')
  })
})
