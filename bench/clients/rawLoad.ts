import { buildBatch } from '../../src-main/protocol/records/batchBuilder.ts'
import type { MeasuredCluster } from '../cluster.ts'
import { leaderOf } from '../topics.ts'
import { DIFFERENT, orders, RECORD_BYTES } from './payload.ts'
import { RawConnection } from './rawConnection.ts'
import { fetchedBytes, fetchFrame, produceFrame, produceVerdict } from './rawFrames.ts'

const IN_FLIGHT = 8
/** Of one answer to a fetch. */
const FETCH_BYTES = 8_000_000

/** One batch of orders, as the raw generator sends it again and again. */
export function batchOf(batchBytes: number): { readonly records: Buffer; readonly count: number } {
  const count = Math.max(1, Math.floor(batchBytes / RECORD_BYTES))
  const timestamp = Date.now()
  const values = orders(Math.min(count, DIFFERENT))
  return { count, records: buildBatch({ records: values.map(value => ({ key: null, value, timestamp })) }) }
}

export interface RawProduce {
  readonly topic: string
  readonly acks: -1 | 1
  readonly records: Buffer
  readonly batches: number
  readonly inFlight?: number
}

/** One connection to the leader of partition 0; resolves with the seconds from the first request to the last acknowledgement. */
export async function rawProduce(cluster: MeasuredCluster, { topic, acks, records, batches, inFlight = IN_FLIGHT }: RawProduce) {
  const leader = await RawConnection.open(cluster.portOf(await leaderOf(cluster, topic)))
  try {
    const frame = produceFrame({ topic, partition: 0, acks, records })
    const startedAt = performance.now()
    await leader.pipeline(frame, { count: batches, inFlight, onAnswer: start => expectNone(produceVerdict(start, topic)) })
    return (performance.now() - startedAt) / 1_000
  } finally {
    leader.close()
  }
}

/** Reads partition 0 from its beginning, on one connection, so many bytes of batches that are all the same; resolves with the seconds that took. */
export async function rawFetch(
  cluster: MeasuredCluster,
  { topic, batch, bytes }: { readonly topic: string; readonly batch: ReturnType<typeof batchOf>; readonly bytes: number },
): Promise<number> {
  const leader = await RawConnection.open(cluster.portOf(await leaderOf(cluster, topic)))
  try {
    const startedAt = performance.now()
    let batches = 0
    while (batches * batch.records.length < bytes) {
      await leader.ask(fetchFrame({ topic, partition: 0, offset: batches * batch.count, maxBytes: FETCH_BYTES }), start => {
        const answer = fetchedBytes(start, topic)
        expectNone(answer.error)
        // The last one may be cut off.
        const whole = Math.floor(answer.bytes / batch.records.length)
        if (whole === 0) throw new Error('there is less in the log than was produced')
        batches += whole
      })
    }
    return (performance.now() - startedAt) / 1_000
  } finally {
    leader.close()
  }
}

export function expectNone(error: string): void {
  if (error !== 'NONE') throw new Error(`the broker answered with ${error}`)
}
