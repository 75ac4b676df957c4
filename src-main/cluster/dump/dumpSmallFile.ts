import { MalformedMessage } from '../../protocol/byteReader.ts'
import { decodeLeaderEpochCheckpoint, decodeOffsetCheckpoint } from '../../protocol/files/checkpoints.ts'
import { decodeCleanShutdown } from '../../protocol/files/cleanShutdown.ts'
import { parseJavaProperties } from '../../protocol/files/javaProperties.ts'
import { decodeMetaProperties } from '../../protocol/files/metaProperties.ts'
import { decodePartitionMetadata } from '../../protocol/files/partitionMetadata.ts'
import { decodeProducerSnapshot } from '../../protocol/files/producerSnapshot.ts'
import { decodeQuorumState } from '../../protocol/files/quorumState.ts'
import type { SmallFileKind } from './fileKind.ts'
import { type Complain, type DumpItem, type EntryItem, type Items, type ReadableFile, wrong, type Wrong } from './items.ts'

/** A million producers or partitions fit in; what is larger is no such file. */
const MAX_BYTES = 64 * 1024 * 1024
const SNAPSHOT_HEADER_BYTES = 10
const PRODUCER_BYTES = 46

interface SmallFile {
  readonly path: string
  readonly file: ReadableFile
  readonly complain: Complain
}

/** A file that is read whole, because it is small and means nothing in parts. */
export async function* dumpSmallFile(kind: SmallFileKind, source: SmallFile): AsyncGenerator<Items> {
  yield* dumped(source, bytes =>
    readers[kind](bytes, (entry, fields, position) => ({ type: 'entry', file: source.path, entry, position, fields })),
  )
}

/** A producer snapshot, which covers what is below `endOffset`. */
export async function* dumpProducerSnapshot(source: SmallFile, endOffset: number): AsyncGenerator<Items> {
  const { path, complain } = source
  yield* dumped(source, function* (bytes) {
    const seen = new Set<number>()
    for (const [index, producer] of decodeProducerSnapshot(bytes).entries()) {
      const position = SNAPSHOT_HEADER_BYTES + index * PRODUCER_BYTES
      yield { type: 'entry', file: path, entry: 'producer', position, fields: { ...producer } }
      if (seen.has(producer.producerId)) yield complain(wrong('producerTwice', { producer: producer.producerId }), { position })
      seen.add(producer.producerId)
      for (const offset of [producer.lastOffset, producer.currentTxnFirstOffset]) {
        if (offset >= endOffset) yield complain(wrong('notBelowEnd', { offset, end: endOffset }), { position, offset })
      }
    }
  })
}

async function* dumped({ file, complain }: SmallFile, read: (bytes: Buffer) => Iterable<DumpItem | Complaint>): AsyncGenerator<Items> {
  if (file.size > MAX_BYTES) {
    yield [complain(wrong('tooLarge', { bytes: file.size }), { position: 0 })]
    return
  }
  const bytes = await file.read(0, file.size)
  yield (function* () {
    try {
      for (const item of read(bytes)) yield 'at' in item ? complain(item.problem, item.at) : item
    } catch (problem) {
      if (!(problem instanceof MalformedMessage)) throw problem
      yield complain(wrong('malformed', { why: problem.reason }), { position: problem.position })
    }
  })()
}

/** A problem before it has the file's name. */
interface Complaint {
  readonly problem: Wrong
  readonly at: { readonly position: number; readonly offset?: number }
}

type MakeEntry = (entry: string, fields: Readonly<Record<string, unknown>>, position?: number) => EntryItem
type Reader = (bytes: Buffer, entry: MakeEntry) => Iterable<DumpItem | Complaint>

const readers: Readonly<Record<SmallFileKind, Reader>> = {
  *leaderEpochs(bytes, entry) {
    if (bytes.length === 0) return // Kafka makes its checkpoints empty, and writes them when there is something to tell
    const places = linePositions(bytes)
    let last = { epoch: -1, startOffset: -1 }
    for (const [index, each] of decodeLeaderEpochCheckpoint(bytes).entries()) {
      const position = places[index] ?? 0
      yield entry('leaderEpoch', { ...each }, position)
      if (each.epoch <= last.epoch) yield { problem: wrong('epochAfter', { epoch: each.epoch, last: last.epoch }), at: { position } }
      else if (each.startOffset <= last.startOffset) {
        const problem = wrong('epochBegins', { epoch: each.epoch, offset: each.startOffset, last: last.startOffset })
        yield { problem, at: { position, offset: each.startOffset } }
      }
      last = each
    }
  },
  *offsets(bytes, entry) {
    if (bytes.length === 0) return
    const places = linePositions(bytes)
    const seen = new Set<string>()
    for (const [index, each] of decodeOffsetCheckpoint(bytes).entries()) {
      const position = places[index] ?? 0
      yield entry('partitionOffset', { ...each }, position)
      const name = `${each.topic}-${each.partition}`
      if (seen.has(name)) yield { problem: wrong('partitionTwice', { name }), at: { position } }
      seen.add(name)
    }
  },
  *partitionMetadata(bytes, entry) {
    yield entry('partitionMetadata', { ...decodePartitionMetadata(bytes) })
  },
  *metaProperties(bytes, entry) {
    for (const [key, value] of parseJavaProperties(bytes.toString('utf8'))) yield entry('property', { key, value })
    decodeMetaProperties(bytes)
  },
  *cleanShutdown(bytes, entry) {
    yield entry('cleanShutdown', { ...decodeCleanShutdown(bytes) })
  },
  *quorumState(bytes, entry) {
    yield entry('quorumState', { ...decodeQuorumState(bytes) })
  },
}

/** Where the entries of a checkpoint begin: its third line and those that follow. */
function linePositions(bytes: Buffer): number[] {
  const positions: number[] = []
  for (let at = bytes.indexOf('\n'); at !== -1; at = bytes.indexOf('\n', at + 1)) positions.push(at + 1)
  return positions.slice(1)
}
