import type { CloneProgress } from '../contract/topics.ts'
import type { ClusterSession } from './clusterSession.ts'
import { topicConfigs } from './configs.ts'
import { Outflow, type Parcel } from './outflow.ts'
import { createTopic } from './topicChanges.ts'
import { scan, type ScannedBatch, wholeExtent } from './topicScan.ts'

const TELL_EVERY_MS = 250

/**
 * Makes a topic like another one, and then, if wanted, copies its records up to the end as of the beginning. Differs from a mirror: offsets are
 * counted anew where compaction left gaps, and records of transactions are copied as plain ones, aborted ones included.
 */
export async function* cloneTopic(
  { client, producer }: ClusterSession,
  { topic, name, withRecords }: { readonly topic: string; readonly name: string; readonly withRecords: boolean },
  signal: AbortSignal,
): AsyncGenerator<CloneProgress, void, undefined> {
  const source = await client.topic(topic, { isFresh: true })
  const configs = await topicConfigs(client, topic)
  const extents = withRecords ? await wholeExtent(client, topic) : []
  await createTopic(client, {
    name,
    partitions: source.partitions.length,
    replicationFactor: Math.max(1, ...source.partitions.map(({ replicas }) => replicas.length)),
    configs: Object.fromEntries(
      configs.flatMap(({ name: config, value, isDefault, isSensitive }) =>
        isDefault || isSensitive || value === null ? [] : [[config, value]],
      ),
    ),
  })
  const all = extents.reduce((sum, { start, end }) => sum + end - start, 0)
  const outflow = new Outflow(producer, name)
  let read = 0
  const told = (phase: CloneProgress['phase']): CloneProgress => ({
    phase,
    read,
    all,
    records: outflow.acknowledged,
    bytes: outflow.bytes,
  })
  yield told('created')
  const runs = extents.filter(({ start, end }) => end > start).map(({ partition, start, end }) => ({ partition, from: start, to: end }))
  let toldAt = client.clock.elapsed()
  for await (const { batches, parts } of scan(client, topic, runs, signal)) {
    await outflow.send([...Map.groupBy(batches, ({ partition }) => partition).values()].flatMap(parcelsOf), signal)
    read += parts.reduce((sum, { from, to }) => sum + to - from, 0)
    if (client.clock.elapsed() - toldAt < TELL_EVERY_MS) continue
    toldAt = client.clock.elapsed()
    yield told('copying')
  }
  if (!signal.aborted) yield told('done')
}

/** Small batches put together, as long as their codec is the same. Where a record stood in its old batch means nothing in the new one. */
function parcelsOf(batches: readonly ScannedBatch[]): Parcel[] {
  const parcels: (Parcel & { readonly records: Parcel['records'][number][] })[] = []
  for (const { partition, batch, from, to } of batches) {
    const codec = batch.header.compression
    const records = batch.records.filter(({ offset }) => offset >= from && offset < to)
    const last = parcels.at(-1)
    if (last?.codec === codec) for (const record of records) last.records.push(record)
    else parcels.push({ partition, codec, records })
  }
  return parcels
}
