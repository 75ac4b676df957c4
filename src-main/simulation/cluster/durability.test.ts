import { expect, it } from 'vitest'
import { DurabilityScenario } from './durability.ts'

const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1)

it.each(SEEDS)('keeps what was acknowledged while brokers are killed, frozen and cut off (seed %i)', async seed => {
  const scenario = new DurabilityScenario({ seed })
  try {
    await scenario.run()
    expect(scenario.acknowledged.length).toBeGreaterThan(50)
  } finally {
    scenario.cluster.close()
  }
})
