import { batchSize, baseOffset, BATCH_HEADER_BYTES, nextOffset } from '../../protocol/records/batch.ts'
import { logFileName } from '../../protocol/files/fileNames.ts'
import type { PartitionLog } from '../../storage/partitionLog.ts'
import type { SimulatedDisk } from '../simulatedDisk.ts'
import { BrokenPromise } from './history.ts'

export const COMMITTED_RECORDS_AGREE = 'committed records agree'

/** How far one replica's log was compared, and where in its files that is. */
interface Cursor {
  highWatermark: number
  offset: number
  segment: number
  position: number
}

/** The batches of one partition that were below somebody's high watermark, by base offset, for ever. */
interface Committed {
  readonly batches: Map<number, Buffer>
  end: number
}

/**
 * Once a record is below the high watermark of any replica, every replica that has it below its own has the same bytes there. Looks at what became
 * committed since it looked last, straight into the files of the disk; who comes back after a crash is looked at from its beginning.
 */
export class CommittedRecords {
  /** Batches that were compared. */
  compared = 0
  readonly #partitions = new Map<string, Committed>()
  readonly #cursors = new WeakMap<PartitionLog, Cursor>()

  /** One behind the last offset of which anybody has ever known that it is committed. */
  endOf(id: string): number {
    return this.#partitions.get(id)?.end ?? 0
  }

  /** To be called whenever a replica may have moved; `id` is the topic id and the partition. */
  look(id: string, log: PartitionLog, disk: SimulatedDisk): void {
    const { highWatermark } = log
    let cursor = this.#cursors.get(log)
    if (cursor?.highWatermark === highWatermark) return
    if (cursor === undefined || highWatermark < cursor.offset) {
      // A follower that was cut off below its high watermark has to be the same again from there on.
      const segment = log.segments[0]?.baseOffset
      if (segment === undefined) return // it starts over
      cursor = { highWatermark, offset: segment, segment, position: 0 }
      this.#cursors.set(log, cursor)
    }
    cursor.highWatermark = highWatermark
    let committed = this.#partitions.get(id)
    if (committed === undefined) this.#partitions.set(id, (committed = { batches: new Map(), end: 0 }))
    while (cursor.offset < highWatermark) {
      const batch = nextBatch(cursor, log, disk)
      if (batch === undefined || nextOffset(batch) > highWatermark) return
      cursor.offset = nextOffset(batch)
      cursor.position += batch.length
      this.compared++
      hold(committed, batch, () => `${log.topic}-${log.partition} in ${log.directory} with high watermark ${highWatermark}`)
    }
  }
}

/** The whole batch at the cursor, which moves to the next segment when it has to. Undefined when there is none yet. */
function nextBatch(cursor: Cursor, log: PartitionLog, disk: SimulatedDisk): Buffer | undefined {
  for (;;) {
    const path = `${log.directory}/${logFileName(cursor.segment, 'log')}`
    const header = disk.peek(path, cursor.position, BATCH_HEADER_BYTES)
    if (header?.length === BATCH_HEADER_BYTES) return disk.peek(path, cursor.position, batchSize(header))
    // At its end, or it was deleted.
    const next = log.segments.find(({ baseOffset: base }) => base > cursor.segment)
    if (next === undefined) return undefined
    cursor.segment = next.baseOffset
    cursor.position = 0
    cursor.offset = Math.max(cursor.offset, next.baseOffset)
  }
}

function hold(committed: Committed, batch: Buffer, where: () => string): void {
  const base = baseOffset(batch)
  const known = committed.batches.get(base)
  if (known === undefined && base >= committed.end) {
    committed.batches.set(base, Buffer.from(batch))
    committed.end = nextOffset(batch)
    return
  }
  // What nobody showed before, because it was deleted everywhere else when it was looked at.
  if (known === undefined && !isWithin(committed, base)) return
  if (known?.equals(batch) !== true)
    throw new BrokenPromise(
      COMMITTED_RECORDS_AGREE,
      `${where()} has another batch at ${base}, up to ${nextOffset(batch)}, than what was committed there`,
    )
}

/** Whether an offset without a batch of its own is inside one that is known. */
function isWithin({ batches }: Committed, offset: number): boolean {
  for (const [base, batch] of batches) if (base < offset && offset < nextOffset(batch)) return true
  return false
}
