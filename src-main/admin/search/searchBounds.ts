import type { OffsetRange } from '../../contract/messages.ts'
import type { TopicMetadata } from '../clusterMetadata.ts'
import type { KafkaClient } from '../kafkaClient.ts'
import { KafkaError } from '../kafkaError.ts'
import { EARLIEST, LATEST, listOffsets, NO_OFFSET } from '../offsets.ts'

const OFFSETS_PATIENCE_MS = 6_000

interface Wanted {
  readonly topic: string
  /** `null`: every partition, from its start to its end as of now. */
  readonly ranges: readonly OffsetRange[] | null
  readonly fromMs: number | null
}

/**
 * All there is of each wanted partition that is young enough. Throws when somebody of whom all depends cannot be asked: what left out a partition
 * without a word would be worth nothing.
 */
export async function extentsAt(client: KafkaClient, { topic: name, ranges, fromMs }: Wanted): Promise<OffsetRange[]> {
  const whole = await client.topic(name, { isFresh: true })
  const wanted = ranges === null ? undefined : new Set(ranges.map(({ partition }) => partition))
  const topic: TopicMetadata = { ...whole, partitions: whole.partitions.filter(({ partition }) => wanted?.has(partition) ?? true) }
  const deadline = client.deadline(OFFSETS_PATIENCE_MS)
  const [starts, ends, young] = await Promise.all([
    listOffsets(client, [topic], EARLIEST, deadline),
    listOffsets(client, [topic], LATEST, deadline),
    fromMs === null || fromMs < 0 ? undefined : listOffsets(client, [topic], fromMs, deadline),
  ])
  return topic.partitions.map(({ partition }) => {
    const [start, end, first] = [starts.get(name, partition), ends.get(name, partition), young?.get(name, partition)]
    if (start === undefined || end === undefined) throw starts.problem ?? ends.problem ?? new KafkaError('LEADER_NOT_AVAILABLE')
    // All before the first record that is young enough is too old.
    const from = first === undefined ? start : first === NO_OFFSET ? end : Math.max(start, first)
    return { partition, from, to: end }
  })
}

/** What is asked for of what there is: disjoint, in order. What is gone, or not yet there, is left out. */
export function boundsOf(extents: readonly OffsetRange[], { topic, ranges }: Pick<Wanted, 'topic' | 'ranges'>): OffsetRange[] {
  if (ranges === null) return extents.filter(({ from, to }) => from < to)
  const bounds: OffsetRange[] = []
  const extentOf = new Map(extents.map(each => [each.partition, each]))
  const sorted = ranges.toSorted((one, other) => one.partition - other.partition || one.from - other.from)
  for (const { partition, ...range } of sorted) {
    const extent = extentOf.get(partition)
    if (extent === undefined) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `${topic} has no partition ${partition}.`)
    const last = bounds.at(-1)
    const behind = last?.partition === partition ? last.to : 0
    const [from, to] = [Math.max(range.from, extent.from, behind), Math.min(range.to, extent.to)]
    if (from < to) bounds.push({ partition, from, to })
  }
  return bounds
}
