import { rowsOf, type Desk } from '../desk.ts'
import type { Row } from '../figures.ts'
import { askForTopics, deleteTopics, untilAllInSync } from '../topics.ts'

const COUNT = 1_000
/** A look at so many topics is work for the brokers. */
const LOOK_EVERY_MS = 100
const PATIENCE_MS = 180_000

/** 1,000 topics of one partition and three replicas, asked for in one request. */
export async function topics(desk: Desk): Promise<Row[]> {
  const outcomes = await desk.measure(desk.isQuick ? 1 : 3, async (cluster, round) => {
    const asked = Array.from({ length: COUNT }, (_, index) => ({ name: `topics-${round}-${index}`, partitions: 1, replicas: 3 }))
    const startedAt = performance.now()
    await askForTopics(cluster, asked)
    const answered = performance.now() - startedAt
    await untilAllInSync(cluster, asked, { everyMs: LOOK_EVERY_MS, withinMs: PATIENCE_MS, replicas: 3 })
    const whole = performance.now() - startedAt
    await deleteTopics(
      cluster,
      asked.map(each => each.name),
    )
    return { answered, whole }
  })
  return [
    ...rowsOf('CreateTopics of 1,000 topics, replication 3: answered', 'ms', outcomes, each => each.answered),
    ...rowsOf('  every broker knows a leader and three replicas in sync for each', 'ms', outcomes, each => each.whole),
  ]
}
