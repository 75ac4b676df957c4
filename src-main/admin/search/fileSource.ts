import { KafkaError } from '../kafkaError.ts'
import { type FilePiece, PieceSizes, piecesOfSegment } from './filePieces.ts'
import type { PartitionFiles, ReplicaFiles } from './replicaFiles.ts'
import type { SearchFeed, SearchSource, Stretch } from './search.ts'

/** Reads segment files of this machine, as far as they are known to be committed. All partitions take turns. */
export const fileSource =
  (files: ReplicaFiles, topic: string, logs: readonly PartitionFiles[]): SearchSource =>
  async feed => {
    const byPartition = new Map(logs.map(log => [log.partition, log]))
    let waiting = feed.bounds.map(bounds => turnsOf(files, byPartition.get(bounds.partition)?.segments ?? [], bounds, feed))
    while (waiting.length > 0) {
      const left: typeof waiting = []
      for (const turns of waiting) {
        await feed.room()
        if (feed.signal.aborted) return
        const { value, done } = await turns.next()
        if (done === true) continue
        left.push(turns)
        const { piece, stretch } = value
        if (piece === undefined) feed.skip(stretch)
        else feed.scanFile(piece, stretch, () => throwUnlessDeleted(files, topic, stretch))
      }
      waiting = left
    }
  }

/** What retention took meanwhile is no loss. Files that compaction put others in the place of have to be searched again. */
async function throwUnlessDeleted(files: ReplicaFiles, topic: string, { partition, to }: Stretch): Promise<void> {
  const log = (await files.of(topic)).find(each => each.partition === partition)
  if (log === undefined || to <= log.logStartOffset) return
  throw new KafkaError('KAFKA_STORAGE_ERROR', `Files of ${topic}-${partition} were replaced while they were searched. Search again.`, {
    isFinal: true,
  })
}

/** Without a piece where no file has anything. */
interface Turn {
  readonly piece: FilePiece | undefined
  readonly stretch: Stretch
}

/** Stretches that cover the bounds without a gap, in the order of the search. */
async function* turnsOf(
  { disk }: ReplicaFiles,
  segments: PartitionFiles['segments'],
  bounds: Stretch,
  { order }: SearchFeed,
): AsyncGenerator<Turn, void, undefined> {
  const { partition } = bounds
  const sizes = new PieceSizes()
  const within = segments
    .map((segment, index) => ({ ...segment, next: segments[index + 1]?.baseOffset ?? Infinity }))
    .filter(({ baseOffset, next }) => next > bounds.from && baseOffset < bounds.to)
  let frontier = order === 'oldestFirst' ? bounds.from : bounds.to
  const upTo = function* (end: number, piece: FilePiece | undefined): Generator<Turn, void, undefined> {
    const [from, to] = order === 'oldestFirst' ? [frontier, Math.min(end, bounds.to)] : [Math.max(end, bounds.from), frontier]
    if (from >= to) return
    frontier = order === 'oldestFirst' ? to : from
    yield { piece, stretch: { partition, from, to } }
  }
  for (const segment of order === 'oldestFirst' ? within : within.reverse()) {
    for (const piece of await piecesOfSegment(disk, segment, { bounds, order, sizes })) {
      yield* upTo(order === 'oldestFirst' ? piece.to : piece.from, piece)
    }
  }
  yield* upTo(order === 'oldestFirst' ? bounds.to : bounds.from, undefined)
}
