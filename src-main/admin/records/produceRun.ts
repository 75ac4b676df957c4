import type { ProduceSettings } from '../../contract/records.ts'
import type { ClusterSession } from '../clusterSession.ts'
import { Outflow, type Parcel, sizeOf } from '../outflow.ts'
import { Partitioner } from '../partitioner.ts'
import { sleep } from '../waiting.ts'
import { ParcelSorter } from './parcels.ts'
import type { RunWork } from './runs.ts'
import type { CompiledRecord } from './writtenRecord.ts'

/** Records that are made before they are sent. */
const PART_RECORDS = 20_000
const PART_BYTES = 4 * 1024 * 1024
/** A rate is kept in steps of this, so that slow ones are even and fast ones cheap. */
const PACE_MS = 50

export interface ProduceRun {
  readonly session: ClusterSession
  readonly topic: string
  readonly record: CompiledRecord
  readonly count: number
  readonly perSecond: number | null
  readonly settings: ProduceSettings
}

/** The same record many times, its templates filled in anew each time. */
export function produceRun({ session: { client, producer }, topic: name, record, count, perSecond, settings }: ProduceRun): RunWork {
  const outflow = new Outflow(producer, name, settings.acks)
  let made = 0

  async function* steps(stop: AbortSignal): AsyncGenerator<void, boolean, undefined> {
    const { clock, random } = client
    const partitioner = new Partitioner(settings.partitioner, await client.topic(name, { isFresh: true }), random)
    const beganAt = clock.elapsed()
    while (made < count) {
      const due = perSecond === null ? count : Math.min(count, 1 + Math.floor(((clock.elapsed() - beganAt) / 1000) * perSecond))
      if (made >= due) {
        await sleep(clock, Math.max(PACE_MS, (made / (perSecond ?? 1)) * 1000 - (clock.elapsed() - beganAt)), stop)
        if (stop.aborted) return false
        continue
      }
      await outflow.send(partOf(Math.min(due, made + PART_RECORDS), partitioner), stop)
      if (stop.aborted && outflow.acknowledged < count) return false
      yield
    }
    return true
  }

  function partOf(upTo: number, partitioner: Partitioner): Parcel[] {
    const { random, clock } = client
    const sorter = new ParcelSorter(settings.compression)
    const timestamp = clock.now()
    for (let bytes = 0; made < upTo && bytes < PART_BYTES; made++) {
      const context = { index: made, nowMs: timestamp, random }
      const next = { key: record.key(context), value: record.value(context), headers: record.headers(context), timestamp }
      const size = sizeOf(next)
      bytes += size
      sorter.add(partitioner.partitionOf(next.key, size), next)
    }
    return sorter.parcels()
  }

  return {
    steps,
    progress: () => ({
      records: made,
      bytes: outflow.bytes,
      acknowledged: outflow.acknowledged,
      perhaps: outflow.perhaps,
      done: outflow.acknowledged / count,
    }),
    last: () => outflow.last,
  }
}
