import { lastOffset } from '../protocol/records/batch.ts'
import { CorruptLog } from './corruptLog.ts'
import { scanBatches } from './scanBatches.ts'
import { type Segment, placed } from './segment.ts'

/** Goes on with a segment whose batches and indexes are sure. Its end is found from the last index entry on; an empty one ends at `emptyEnd`. */
export async function resumeSegment(segment: Segment, emptyEnd: number, { isFinished = false } = {}): Promise<number> {
  const { position } = await segment.load({ isFinished })
  let logEndOffset = emptyEnd
  const { end, problem } = await scanBatches(
    segment,
    { from: position, to: segment.size, fromOffset: segment.baseOffset, checksums: false },
    batch => {
      segment.resume(placed(batch))
      logEndOffset = lastOffset(batch) + 1
    },
  )
  if (problem !== undefined) throw new CorruptLog(problem, { place: { path: segment.path, position: end, offset: logEndOffset } })
  return logEndOffset
}
