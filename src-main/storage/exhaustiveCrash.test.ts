import { describe, expect, it } from 'vitest'
import { seededRandom } from '../simulation/seededRandom.ts'
import { type Crash, type World, simulatedWorld } from '../simulation/world.ts'
import { NODE, Workload, check } from './crashes.suite.ts'

/** All that happens to a log, once and in order. What is appended, and where it is cut, is drawn from a seed that never changes. */
const script: readonly (keyof Pick<
  Workload,
  'append' | 'flush' | 'startEpoch' | 'checkpoint' | 'compact' | 'truncate' | 'deleteRecords' | 'startOver' | 'restart'
>)[] = [
  ...([
    'startEpoch',
    'append',
    'append',
    'append',
    'flush',
    'append',
    'append',
    'checkpoint',
    'append',
    'append',
    'startEpoch',
    'append',
  ] as const),
  ...(['compact', 'append', 'truncate', 'append', 'append', 'flush', 'append', 'deleteRecords', 'append', 'compact', 'append'] as const),
  ...([
    'truncate',
    'startEpoch',
    'append',
    'restart',
    'append',
    'append',
    'checkpoint',
    'deleteRecords',
    'append',
    'compact',
    'append',
  ] as const),
  ...([
    'startOver',
    'append',
    'startEpoch',
    'append',
    'append',
    'truncate',
    'append',
    'flush',
    'compact',
    'append',
    'restart',
    'append',
  ] as const),
]

/** More of everything, for who has the time. */
const isThorough = process.env['TRILOG_SEEDS'] !== undefined
const TIMEOUT_MS = 600_000
const nothingSurvives = { below: () => 0, chance: () => false }
const deaths: readonly (readonly [how: string, crash: Crash])[] = [
  ['is killed', {}],
  ['loses power, and all that was not synced', { loseUnsynced: true, luck: nothingSurvives }],
  ...(isThorough ? [1, 2, 3, 4, 5, 6, 7, 8] : []).map(
    luck => [`loses power (luck ${luck})`, { loseUnsynced: true, luck: seededRandom(luck) }] as const,
  ),
]

/** Begins the script in a world of its own; it goes as far as events are let happen. */
async function begun(): Promise<{ readonly world: World; readonly workload: Workload; readonly isOver: () => boolean }> {
  const world = simulatedWorld(1)
  const workload = new Workload(seededRandom('an exhaustive search'))
  await world.settle(workload.open(world.env(NODE)))
  let isOver = false
  const act = async () => {
    for (const step of script) await workload[step]()
    isOver = true
  }
  void act()
  return { world, workload, isOver: () => isOver }
}

async function eventsOfScript(): Promise<number> {
  const { world, isOver } = await begun()
  let events = -1
  await world.run(() => {
    events += 1
    return isOver()
  })
  world.close()
  return events
}

/** Lets the process die after so many events. */
async function diedAfter(events: number, crash: Crash): Promise<{ readonly world: World; readonly workload: Workload }> {
  const { world, workload } = await begun()
  let happened = 0
  await world.run(() => happened++ >= events)
  if (crash.loseUnsynced !== true && !workload.expected.isCutting) workload.expected.surelyUpTo = workload.log.logEndOffset
  world.crash(NODE, crash)
  return { world, workload }
}

/** Whether it is open after so many events; otherwise the process dies again. */
async function diesRecovering(world: World, workload: Workload, events: number, crash: Crash): Promise<boolean> {
  let isOpen = false
  let happened = 0
  void workload.open(world.env(NODE)).then(() => (isOpen = true))
  await world.run(() => isOpen || happened++ >= events)
  if (!isOpen) world.crash(NODE, crash)
  return !isOpen
}

async function search(from: Iterable<number>, tryOne: (events: number) => Promise<void>): Promise<void> {
  for (const events of from) {
    try {
      await tryOne(events)
    } catch (problem) {
      throw new Error(`when it dies after ${events} events: ${(problem as Error).message}`, { cause: problem })
    }
  }
}

describe('a log', async () => {
  const total = await eventsOfScript()
  const moments = Array.from({ length: total }, (_, index) => index)

  it('is put through enough', () => {
    expect(total).toBeGreaterThan(400)
  })

  it.each(deaths)(
    'is a beginning of itself that holds all that was synced, whenever its process %s',
    async (_, crash) => {
      await search(moments, async events => {
        const { world, workload } = await diedAfter(events, crash)
        await world.settle(workload.open(world.env(NODE)))
        await check(world, workload)
        if (isThorough || events % 20 === 0) {
          await world.settle(workload.append())
          await world.settle(workload.restart())
          await check(world, workload)
        }
        world.close()
      })
    },
    TIMEOUT_MS,
  )

  it.each(deaths.slice(0, 3))(
    'is no worse for dying again at any step of its recovery, whenever its process %s',
    async (_, crash) => {
      await search(
        moments.filter(events => events % (isThorough ? 5 : 150) === 0),
        async events => {
          for (let steps = 0, again = true; again; steps++) {
            const { world, workload } = await diedAfter(events, crash)
            again = await diesRecovering(world, workload, steps, crash)
            if (again) await world.settle(workload.open(world.env(NODE)))
            await check(world, workload)
            world.close()
          }
        },
      )
    },
    TIMEOUT_MS,
  )
})
