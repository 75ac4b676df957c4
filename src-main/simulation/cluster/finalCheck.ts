import type { Uuid } from '../../base/uuid.ts'
import { baseOffset, baseSequence, batchesIn, batchSize, lastSequence, nextOffset, producerId } from '../../protocol/records/batch.ts'
import { decodeRecords } from '../../protocol/records/record.ts'
import type { PartitionLog } from '../../storage/partitionLog.ts'
import type { Checks } from './checks.ts'
import { BrokenPromise, type History, type PartitionHistory } from './history.ts'
import type { MetadataWatch } from './metadataWatch.ts'
import type { ProducerSession } from './producers.ts'
import type { RiskyTopic } from './riskyTopic.ts'
import type { SimulatedCluster } from './simulatedCluster.ts'

const READ_BYTES = 1_000_000

/** Replicas of one partition, on those of these brokers that are up. */
function logsOf(cluster: SimulatedCluster, topicId: Uuid, { partition, on }: { partition: number; on: readonly number[] }): PartitionLog[] {
  return on.flatMap(id => {
    const found = cluster.broker(id).server?.replicas.findById(topicId, partition)
    return found === undefined || typeof found === 'string' || found.log === undefined ? [] : [found.log]
  })
}

/** Whether all replicas of all partitions have the same ends, all of it committed. */
export function hasSettled(cluster: SimulatedCluster): boolean {
  const image = cluster.brokers[0]?.server?.metadata.image
  if (image === undefined || !cluster.isInSync) return false
  for (const { topicId, partitions } of image.topicsById.values()) {
    for (const { partition, replicas } of partitions) {
      const logs = logsOf(cluster, topicId, { partition, on: replicas })
      const [first] = logs
      if (first === undefined || logs.length < replicas.length) return false
      if (logs.some(log => log.logEndOffset !== first.logEndOffset || log.highWatermark !== first.logEndOffset)) return false
    }
  }
  return true
}

/** All that clients were told. */
export interface Told {
  readonly history: History
  /** Of idempotent producers, all of them drained. */
  readonly sessions: readonly ProducerSession[]
  readonly checks: Checks
  readonly riskyTopic: { readonly topic: RiskyTopic; readonly metadata: MetadataWatch }
}

/** Reads every replica of every partition and holds it against all that clients were told. Only once the cluster has settled. */
export async function checkInTheEnd(cluster: SimulatedCluster, told: Told): Promise<void> {
  const { history, sessions, checks, riskyTopic } = told
  const { image } = cluster.brokers[0]!.server!.metadata
  for (const [topicId, name] of history.created) {
    if (!image.topicsById.has(topicId)) throw new BrokenPromise('confirmed topics exist', `${name} (${topicId}) is gone`)
  }
  for (const topicId of history.deleted) {
    if (image.topicsById.has(topicId)) throw new BrokenPromise('deleted topics stay deleted', `${topicId} is back`)
  }
  for (const { topicId, name, partitions } of image.topicsById.values()) {
    for (const { partition, isr } of partitions) {
      // A move may have been asked for before everything settled, and have come after.
      const logs = logsOf(cluster, topicId, { partition, on: isr })
      // What an old leader was asked to delete, its successor may not have heard of.
      const logStartOffset = Math.max(...logs.map(log => log.logStartOffset))
      const contents = await Promise.all(logs.map(log => readFrom(log, logStartOffset)))
      const [first] = contents
      if (first === undefined) continue
      if (!contents.every(each => each.equals(first)))
        throw new BrokenPromise('replicas are the same', `those of ${name}-${partition} differ: ${differenceOf(contents)}`)
      checks.count('replicas are the same')
      const id = `${topicId}:${partition}`
      if (name === riskyTopic.topic.name) riskyTopic.topic.checkInTheEnd(first, riskyTopic.metadata.uncleanEpochs(id))
      const known = history.partitions.get(id)
      checks.count('only what was to be deleted is gone')
      if (logStartOffset > (known?.deletedBelow ?? 0))
        throw new BrokenPromise('only what was to be deleted is gone', `${name}-${partition} begins at ${logStartOffset}`)
      if (known !== undefined) {
        checks.count('acknowledged records stay', known.acknowledged.size)
        checks.count('what was read stays', known.read.size)
        checkContents(known, first, logStartOffset)
      }
      checks.count('idempotent records are stored once, in order')
      checkSequences(
        `${name}-${partition}`,
        first,
        sessions.filter(session => session.topic === name && session.partition === partition),
      )
    }
  }
}

async function readFrom(log: PartitionLog, from: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  for (let offset = from; offset < log.logEndOffset;) {
    const read = await log.read(offset, { maxBytes: READ_BYTES, upTo: log.logEndOffset, atLeastOneBatch: true })
    if (read.error !== 'NONE') throw new Error(`${log.topic}-${log.partition} cannot be read at ${offset}: ${read.error}`)
    const starts = [...batchesIn(read.records)]
    if (starts.length === 0) throw new Error(`nothing is read of ${log.topic}-${log.partition} at ${offset}, below ${log.logEndOffset}`)
    offset = nextOffset(read.records, starts.at(-1))
    pieces.push(read.records)
  }
  return Buffer.concat(pieces)
}

function differenceOf(contents: readonly Buffer[]): string {
  const listed = contents.map(content => [...batchesIn(content)].map(at => content.subarray(at, at + batchSize(content, at))))
  const longest = Math.max(...listed.map(each => each.length))
  for (let index = 0; index < longest; index++) {
    const batches = listed.map(each => each[index])
    if (batches.every(each => each?.equals(batches[0]!) === true)) continue
    return `at batch ${index} they have ${batches.map(each => (each === undefined ? 'nothing' : `${baseOffset(each)} of ${each.length} bytes`)).join(', ')}`
  }
  return 'in length'
}

function checkContents(told: PartitionHistory, content: Buffer, logStartOffset: number): void {
  const batches = new Map<number, Buffer>()
  const values = new Map<number, string>()
  const offsets = new Map<string, number>()
  let expected: number | undefined
  for (const at of batchesIn(content)) {
    const batch = content.subarray(at, at + batchSize(content, at))
    if (expected !== undefined && baseOffset(batch) !== expected)
      throw new BrokenPromise('logs have no gaps', `${told.name} goes from ${expected} to ${baseOffset(batch)}`)
    expected = nextOffset(batch)
    batches.set(baseOffset(batch), batch)
    for (const { offset, value } of decodeRecords(batch, 0, READ_BYTES)) {
      values.set(offset, String(value))
      if (producerId(batch) < 0) continue
      const before = offsets.get(String(value))
      if (before !== undefined)
        throw new BrokenPromise(
          'idempotent records are stored once, in order',
          `${told.name} has ${String(value)} at ${before} and ${offset}`,
        )
      offsets.set(String(value), offset)
    }
  }
  for (const { baseOffset: base, values: acknowledged } of told.acknowledged.values()) {
    for (const [index, value] of acknowledged.entries()) {
      if (base + index >= logStartOffset && values.get(base + index) !== value)
        throw new BrokenPromise(
          'acknowledged records stay',
          `${value} was acknowledged at ${base + index} of ${told.name}, where now is ${values.get(base + index)}`,
        )
    }
  }
  for (const [base, batch] of told.read) {
    if (base >= logStartOffset && batches.get(base)?.equals(batch) !== true)
      throw new BrokenPromise('what was read stays', `the batch that was read at ${base} of ${told.name} is not there`)
  }
}

/** All that a drained producer sent under one id is there, in order, without a hole. */
function checkSequences(name: string, content: Buffer, sessions: readonly ProducerSession[]): void {
  // The beginning may have been deleted; from the first batch that is left on, there is all.
  const isWhole = content.length === 0 || baseOffset(content) === 0
  const next = new Map<number, number | undefined>(sessions.map(session => [session.producerId, isWhole ? 0 : undefined]))
  for (const at of batchesIn(content)) {
    const id = producerId(content, at)
    if (!next.has(id)) continue
    const expected = next.get(id) ?? baseSequence(content, at)
    if (baseSequence(content, at) !== expected)
      throw new BrokenPromise(
        'idempotent records are stored once, in order',
        `${name} goes from sequence ${expected} of producer id ${id} to ${baseSequence(content, at)}`,
      )
    next.set(id, lastSequence(content, at) + 1)
  }
  for (const { producerId: id, nextSequence } of sessions) {
    const end = next.get(id)
    if (end !== undefined && end !== nextSequence)
      throw new BrokenPromise('acknowledged records stay', `${name} ends at sequence ${end} of producer id ${id}, not ${nextSequence}`)
  }
}
