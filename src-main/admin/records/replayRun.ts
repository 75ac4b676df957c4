import type { RecordSelection, ReplayTarget, ReplayWarning } from '../../contract/records.ts'
import type { CompressionName } from '../../protocol/records/batch.ts'
import type { ClusterSession } from '../clusterSession.ts'
import { topicConfigs } from '../configs.ts'
import type { KafkaClient } from '../kafkaClient.ts'
import { KafkaError } from '../kafkaError.ts'
import { Outflow, sizeOf } from '../outflow.ts'
import { Partitioner } from '../partitioner.ts'
import { scanned } from './exportRun.ts'
import { ParcelSorter } from './parcels.ts'
import { Missing } from './missing.ts'
import type { RunWork } from './runs.ts'
import { lengthOf, selectedBounds, type SelectedRecords } from './selection.ts'

export interface ReplayRun {
  readonly selected: SelectedRecords
  readonly target: ClusterSession
  readonly to: ReplayTarget
  readonly compression: CompressionName
}

/** Appends the records of a selection again: the next part is not read before the last is stored. */
export function replayRun({ selected, target: { client, producer }, to, compression }: ReplayRun): RunWork {
  const outflow = new Outflow(producer, to.toTopic)
  let records = 0

  return {
    steps: async function* (stop) {
      const topic = await client.topic(to.toTopic, { isFresh: true })
      const partitioner = new Partitioner({ kind: 'byKey' }, topic, client.random)
      const known = new Set(topic.partitions.map(({ partition }) => partition))
      const parts = selected.parts(stop)
      try {
        for (;;) {
          const part = await parts.next()
          if (part.done === true) return part.value
          const sorter = new ParcelSorter(compression)
          const now = client.clock.now()
          for (const { partition, record } of part.value) {
            if (to.keepsPartitions && !known.has(partition)) {
              throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `${to.toTopic} has no partition ${partition}.`, { isFinal: true })
            }
            const { key, value, headers } = record
            const goesTo = to.keepsPartitions ? partition : partitioner.partitionOf(key, sizeOf(record))
            sorter.add(goesTo, { key, value, headers, timestamp: to.keepsTimestamps ? record.timestamp : now })
          }
          await outflow.send(sorter.parcels(), stop)
          records += part.value.length
          yield
        }
      } finally {
        await parts.return(false)
      }
    },
    progress: () => ({ records, bytes: outflow.bytes, acknowledged: outflow.acknowledged, perhaps: outflow.perhaps, ...scanned(selected) }),
    last: () => outflow.last,
  }
}

/** What a replay would go through, and come upon. */
export async function planReplay(
  source: KafkaClient,
  target: KafkaClient,
  { clusterId, selection, ...to }: ReplayTarget & { readonly clusterId: string; readonly selection: RecordSelection },
) {
  const missing = new Missing()
  const [from, into, bounds, configs] = await Promise.all([
    source.topic(selection.topic, { isFresh: true }),
    target.topic(to.toTopic, { isFresh: true }),
    selectedBounds(source, selection, missing),
    topicConfigs(target, to.toTopic),
  ])
  const config = (name: string) => configs.find(each => each.name === name)?.value ?? ''
  const warnings: ReplayWarning[] = []
  if (to.toCluster === clusterId && to.toTopic === selection.topic) warnings.push('sameTopic')
  if (into.partitions.length < from.partitions.length) warnings.push('fewerPartitions')
  if (config('message.timestamp.type') === 'LogAppendTime') warnings.push('logAppendTime')
  if (config('cleanup.policy').includes('compact')) warnings.push('compacted')
  return {
    offsets: lengthOf(bounds),
    gone: missing.told.missing,
    sourcePartitions: from.partitions.length,
    targetPartitions: into.partitions.length,
    warnings,
  }
}
