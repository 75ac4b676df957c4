import { residentBytes, sleep } from '../brokers.ts'
import { rowsOf, type Desk } from '../desk.ts'
import type { Row } from '../figures.ts'

/** From nothing to a cluster that serves clients, and what it holds when it has been left alone. */
export async function start(desk: Desk): Promise<Row[]> {
  const idleMs = desk.isQuick ? 5_000 : 10_000
  const outcomes = await desk.inTurn(desk.isQuick ? 2 : 5, async contender => {
    const { cluster, ...took } = await contender.timedStart()
    await sleep(idleMs)
    const resident = residentBytes(cluster)
    await cluster.stop()
    return { ...took, resident }
  })
  return [
    ...rowsOf('up to ready, empty folder', 'ms', outcomes, each => each.readyMs, { bar: '≤ 1,500; ratio ≤ 0.2' }),
    ...rowsOf('  the same as the host counts it (readyMs)', 'ms', { ...outcomes, kafka: [] }, each => each.ownMs),
    ...rowsOf('  with the formatting of the folders', 'ms', outcomes, each => each.readyMs + (each.formatMs ?? 0)),
    ...rowsOf('resident memory of three idle brokers, summed', 'MB', outcomes, each => each.resident && each.resident / 1e6, {
      bar: '≤ 300; ratio ≤ 0.25',
    }),
  ]
}
