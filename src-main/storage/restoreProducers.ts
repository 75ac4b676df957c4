import { baseOffset, lastOffset } from '../protocol/records/batch.ts'
import { CorruptLog } from './corruptLog.ts'
import { producerBatchOf, replayInto } from './producerBatches.ts'
import type { ProducerSnapshots } from './producerSnapshots.ts'
import type { ProducerBatch, ProducerState } from './producerState.ts'
import { scanBatches } from './scanBatches.ts'
import type { Segment } from './segment.ts'

/** How far back producers are looked for behind a snapshot: as many offsets as come to no more than so many bytes. */
const RECALLED_OFFSETS = [1000, 100, 10]
const RECALLED_BYTES = 1024 * 1024

/** Brings the producers to where they were at `offset`: from the newest snapshot, and the batches between. */
export async function restoreProducers(
  producers: ProducerState,
  snapshots: ProducerSnapshots,
  segments: readonly Segment[],
  offset: number,
): Promise<void> {
  const snapshot = await snapshots.loadNewest(offset)
  producers.load(snapshot?.entries ?? [])
  if (snapshot !== undefined && snapshot.entries.length > 0) producers.recall(await producerBatchesBefore(segments, snapshot.offset))
  const from = snapshot?.offset ?? segments[0]!.baseOffset
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1]?.baseOffset
    if (from >= offset || segment.baseOffset >= offset || (next !== undefined && next <= from)) continue
    const position = from > segment.baseOffset ? await segment.positionBefore(from) : 0
    let nextOffset = segment.baseOffset
    const { end, problem } = await scanBatches(
      segment,
      { from: position, to: segment.size, fromOffset: segment.baseOffset, checksums: false },
      batch => {
        nextOffset = lastOffset(batch) + 1
        if (baseOffset(batch) >= offset) return false
        if (baseOffset(batch) >= from) replayInto(producers, batch)
        return true
      },
    )
    if (problem !== undefined) throw new CorruptLog(problem, { place: { path: segment.path, position: end, offset: nextOffset } })
  }
}

/**
 * The latest batches of producers before an offset. Differs from Kafka, which knows only the newest batch of each producer after a restart, and so
 * refuses the retry of an earlier one that was in flight.
 */
async function producerBatchesBefore(segments: readonly Segment[], offset: number): Promise<ProducerBatch[]> {
  for (const span of RECALLED_OFFSETS) {
    const parts: { segment: Segment; from: number; to: number }[] = []
    for (const [index, segment] of segments.entries()) {
      const next = segments[index + 1]?.baseOffset ?? Infinity
      if (segment.baseOffset >= offset || next <= offset - span) continue
      const from = segment.baseOffset < offset - span ? await segment.positionBefore(offset - span) : 0
      parts.push({ segment, from, to: next <= offset ? segment.size : await segment.positionBefore(offset) })
    }
    if (parts.reduce((bytes, { from, to }) => bytes + to - from, 0) > RECALLED_BYTES) continue
    const found: ProducerBatch[] = []
    for (const { segment, from } of parts) {
      // Damage is not looked for here: whoever needs what is damaged finds it.
      await scanBatches(segment, { from, to: segment.size, fromOffset: segment.baseOffset, checksums: false }, batch => {
        if (baseOffset(batch) >= offset) return false
        const data = producerBatchOf(batch)
        if (data !== undefined) found.push(data)
        return true
      })
    }
    return found
  }
  return []
}
