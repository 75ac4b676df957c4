import type { AbortedTransactionEntry } from '../../protocol/files/indexEntries.ts'
import { baseOffset, batchesIn, batchSize, isControl, lastOffset, recordCount } from '../../protocol/records/batch.ts'
import { recordBytes, walkRecords } from '../../protocol/records/record.ts'
import type { Segment } from '../segment.ts'
import { UNFOLDED_BYTES } from './cleanBatch.ts'
import { CleanedTransactions } from './cleanedTransactions.ts'
import type { OffsetMap } from './offsetMap.ts'
import type { PoliteReader } from './politeReader.ts'

/**
 * Fills `map` with the last offset of each key of the dirty part, as far as it goes in. Records of aborted transactions do not count: they replace
 * nothing.
 */
export async function mapKeys(
  map: OffsetMap,
  reader: PoliteReader,
  {
    segments,
    aborted,
    firstDirtyOffset,
    firstUncleanableOffset,
  }: {
    readonly segments: readonly Segment[]
    readonly aborted: readonly AbortedTransactionEntry[]
    readonly firstDirtyOffset: number
    readonly firstUncleanableOffset: number
  },
): Promise<void> {
  const transactions = new CleanedTransactions(aborted.filter(({ lastOffset }) => lastOffset >= firstDirtyOffset))
  for (const [index, segment] of segments.entries()) {
    const end = segments[index + 1]?.baseOffset ?? firstUncleanableOffset
    if (end <= firstDirtyOffset) continue
    if (segment.baseOffset >= firstUncleanableOffset) return
    const from = segment.baseOffset < firstDirtyOffset ? await reader.using(segment, () => segment.positionBefore(firstDirtyOffset)) : 0
    for await (const chunk of reader.chunks(segment, { from, end })) {
      for (const at of batchesIn(chunk)) {
        const batch = chunk.subarray(at, at + batchSize(chunk, at))
        if (lastOffset(batch) < firstDirtyOffset) continue
        if (isControl(batch)) transactions.marker(batch)
        else if (!transactions.isAborted(batch) && !mapBatch(map, batch, firstDirtyOffset)) return
        map.raiseLatestOffset(lastOffset(batch))
        await reader.breathe()
      }
    }
    // Offsets that are gone already belong to what was mapped.
    map.raiseLatestOffset(end - 1)
  }
}

/** `false` when the map was full before the end of the batch: what came before that is in it, and a later pass goes on there. */
function mapBatch(map: OffsetMap, batch: Buffer, firstDirtyOffset: number): boolean {
  const base = baseOffset(batch)
  const records = recordBytes(batch, 0, UNFOLDED_BYTES)
  let hasRoom = true
  walkRecords(records, recordCount(batch), (_index, offsetDelta, _timestampDelta, keyAt, keyLength) => {
    const offset = base + offsetDelta
    if (!hasRoom || keyLength < 0 || offset < firstDirtyOffset) return
    hasRoom = map.put(records.subarray(keyAt, keyAt + keyLength), offset)
    if (!hasRoom) map.raiseLatestOffset(offset - 1)
  })
  return hasRoom
}
