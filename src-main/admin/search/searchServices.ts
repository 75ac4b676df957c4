import type { OffsetRange } from '../../contract/messages.ts'
import type { Served } from '../../contract/operations.ts'
import type { search, SearchItem } from '../../contract/search.ts'
import { AUTO_FORMATS } from '../../contract/formats.ts'
import type { Clock } from '../../env/env.ts'
import type { TopicMetadata } from '../clusterMetadata.ts'
import type { Schemas } from '../formats/schemas.ts'
import type { KafkaClient } from '../kafkaClient.ts'
import { KafkaError } from '../kafkaError.ts'
import { EARLIEST, LATEST, listOffsets, NO_OFFSET } from '../offsets.ts'
import { brokerSource } from './brokerSource.ts'
import { fileSource } from './fileSource.ts'
import { compileFilter } from './filter.ts'
import type { ReplicaFiles } from './replicaFiles.ts'
import { Search, type SearchSource } from './search.ts'
import type { SearchWorkers } from './searchWorkers.ts'

const OFFSETS_PATIENCE_MS = 6_000

/** Searches that go through everything, on any cluster. */
export interface SearchWorld {
  readonly clock: Clock
  readonly workers: SearchWorkers
  clientOf(clusterId: string): KafkaClient
  /** Undefined where the cluster's disks are not here. */
  filesOf(clusterId: string): ReplicaFiles | undefined
  schemasOf(clusterId: string): Schemas
}

type SearchInput = Parameters<Served<typeof search>['run']>[0]

export function searchServices(world: SearchWorld): Served<typeof search> {
  return { run: (input, signal) => run(world, input, signal) }
}

async function* run(world: SearchWorld, input: SearchInput, signal: AbortSignal): AsyncGenerator<SearchItem, void, undefined> {
  const { clusterId, topic, filter, fromMs, toMs, columns = [], formats = AUTO_FORMATS, order, maxHits } = input
  compileFilter(filter)
  const { extents, source } = await (input.source === 'files' ? inFiles(world, input) : atBrokers(world, input))
  const bounds = boundsOf(extents, input)
  const schemas = await world.schemasOf(clusterId).snapshot(topic)
  if (signal.aborted) return
  yield* new Search(
    world.clock,
    world.workers,
    {
      task: { filter, fromMs, toMs, columns, topic, formats, schemas },
      bounds,
      order,
      maxHits,
      source,
      workers: workersFor(world.workers, input),
    },
    signal,
  ).items()
}

/** Whoever reads files leaves this thread with little to do. */
const workersFor = ({ parallelism }: SearchWorkers, { source }: SearchInput) =>
  Math.max(1, source === 'files' ? parallelism + 1 : parallelism)

interface Plan {
  /** All there is of each partition. */
  readonly extents: readonly OffsetRange[]
  readonly source: SearchSource
}

/** Throws when somebody of whom all depends cannot be asked: a search that left out a partition without a word would be worth nothing. */
async function atBrokers({ clientOf }: SearchWorld, { clusterId, topic: name, ranges, fromMs }: SearchInput): Promise<Plan> {
  const client = clientOf(clusterId)
  const whole = await client.topic(name, { isFresh: true })
  const wanted = ranges === null ? undefined : new Set(ranges.map(({ partition }) => partition))
  const topic: TopicMetadata = { ...whole, partitions: whole.partitions.filter(({ partition }) => wanted?.has(partition) ?? true) }
  const deadline = client.deadline(OFFSETS_PATIENCE_MS)
  const [starts, ends, young] = await Promise.all([
    listOffsets(client, [topic], EARLIEST, deadline),
    listOffsets(client, [topic], LATEST, deadline),
    fromMs === null || fromMs < 0 ? undefined : listOffsets(client, [topic], fromMs, deadline),
  ])
  const extents = topic.partitions.map(({ partition }) => {
    const [start, end, first] = [starts.get(name, partition), ends.get(name, partition), young?.get(name, partition)]
    if (start === undefined || end === undefined) throw starts.problem ?? ends.problem ?? new KafkaError('LEADER_NOT_AVAILABLE')
    // All before the first record that is young enough is too old.
    const from = first === undefined ? start : first === NO_OFFSET ? end : Math.max(start, first)
    return { partition, from, to: end }
  })
  return { extents, source: brokerSource(client, name) }
}

async function inFiles({ filesOf }: SearchWorld, { clusterId, topic }: SearchInput): Promise<Plan> {
  const files = filesOf(clusterId)
  if (files === undefined) throw new KafkaError('INVALID_REQUEST', 'The files of this cluster are not on this machine.')
  const logs = await files.of(topic)
  if (logs.length === 0) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `No disk of this machine holds a topic ${topic}.`)
  const extents = logs.map(({ partition, logStartOffset, highWatermark }) => ({ partition, from: logStartOffset, to: highWatermark }))
  return { extents, source: fileSource(files, topic, logs) }
}

/** What is asked for of what there is: disjoint, in order. What is gone, or not yet there, needs no search. */
function boundsOf(extents: readonly OffsetRange[], { topic, ranges }: SearchInput): OffsetRange[] {
  if (ranges === null) return extents.filter(({ from, to }) => from < to)
  const bounds: OffsetRange[] = []
  const sorted = ranges.toSorted((one, other) => one.partition - other.partition || one.from - other.from)
  for (const { partition, ...range } of sorted) {
    const extent = extents.find(each => each.partition === partition)
    if (extent === undefined) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `${topic} has no partition ${partition}.`)
    const last = bounds.at(-1)
    const behind = last?.partition === partition ? last.to : 0
    const [from, to] = [Math.max(range.from, extent.from, behind), Math.min(range.to, extent.to)]
    if (from < to) bounds.push({ partition, from, to })
  }
  return bounds
}
