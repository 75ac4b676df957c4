import { describe, expect, it } from 'vitest'
import { seededRandom } from '../simulation/seededRandom.ts'
import { simulatedWorld } from '../simulation/world.ts'
import { NODE, Workload, check } from './crashes.suite.ts'

/** As many as anybody wants; a few every time. */
const COUNT = Number(process.env['TRILOG_SEEDS'] ?? 40)
const seeds = (count: number, from = 1) => Array.from({ length: count }, (_, index) => from + index)

describe.each([
  { death: 'killed', loseUnsynced: false },
  { death: 'cut from power', loseUnsynced: true },
])('a log whose process is $death', ({ loseUnsynced }) => {
  it.each(seeds(COUNT))('is a beginning of itself that holds all that was synced (seed %i)', async seed => {
    const world = simulatedWorld(seed)
    const random = seededRandom(`crash ${seed}`)
    const workload = new Workload(random)
    await world.settle(workload.open(world.env(NODE)))
    for (let life = 0; life < 6; life++) {
      const end = random.below(120)
      let events = 0
      const running = workload.run(1000)
      await world.run(() => events++ >= end)
      void running
      // A killed process loses nothing that the system has.
      if (!loseUnsynced && !workload.expected.isCutting) workload.expected.surelyUpTo = workload.log.logEndOffset
      world.crash(NODE, { loseUnsynced })
      // Now and then it dies again while it recovers.
      while (random.chance(0.4)) {
        let recovered = 0
        const dies = random.below(40)
        let isOpen = false
        void workload.open(world.env(NODE)).then(() => (isOpen = true))
        await world.run(() => isOpen || recovered++ >= dies)
        world.crash(NODE, { loseUnsynced })
      }
      await world.settle(workload.open(world.env(NODE)))
      await check(world, workload)
    }
    await world.settle(workload.close())
    const { logStartOffset, logEndOffset } = workload.log
    await world.settle(workload.open(world.env(NODE)))
    expect(workload.log).toMatchObject({ logStartOffset, logEndOffset })
    await check(world, workload)
    world.close()
  })
})
