import type { OffsetRange } from '../../contract/messages.ts'
import type { Served } from '../../contract/operations.ts'
import type { search, SearchItem } from '../../contract/search.ts'
import { AUTO_FORMATS } from '../../contract/formats.ts'
import type { Clock } from '../../env/env.ts'
import type { Schemas } from '../formats/schemas.ts'
import type { KafkaClient } from '../kafkaClient.ts'
import { KafkaError } from '../kafkaError.ts'
import { brokerSource } from './brokerSource.ts'
import { fileSource } from './fileSource.ts'
import { compileFilter } from './filter.ts'
import type { ReplicaFiles } from './replicaFiles.ts'
import { Search, type SearchSource } from './search.ts'
import { boundsOf, extentsAt } from './searchBounds.ts'
import type { SearchWorkers } from './searchWorkers.ts'

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

async function atBrokers({ clientOf }: SearchWorld, { clusterId, topic, ranges, fromMs }: SearchInput): Promise<Plan> {
  const client = clientOf(clusterId)
  return { extents: await extentsAt(client, { topic, ranges, fromMs }), source: brokerSource(client, topic) }
}

async function inFiles({ filesOf }: SearchWorld, { clusterId, topic }: SearchInput): Promise<Plan> {
  const files = filesOf(clusterId)
  if (files === undefined) throw new KafkaError('INVALID_REQUEST', 'The files of this cluster are not on this machine.')
  const logs = await files.of(topic)
  if (logs.length === 0) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `No disk of this machine holds a topic ${topic}.`)
  const extents = logs.map(({ partition, logStartOffset, highWatermark }) => ({ partition, from: logStartOffset, to: highWatermark }))
  return { extents, source: fileSource(files, topic, logs) }
}
