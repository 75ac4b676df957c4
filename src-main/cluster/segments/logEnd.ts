import { join } from 'node:path'
import type { SegmentFile } from '../../contract/segments.ts'
import { lastOffset } from '../../protocol/records/batch.ts'
import type { ReadableFiles } from '../dump/items.ts'
import { batchBefore, walkLog } from './logWalk.ts'
import { openLog } from './openLog.ts'

export interface LogEnd {
  /** Behind the last whole batch; null without a log, or where its end is not to be made out. */
  readonly logEndOffset: number | null
  /** What follows it. */
  readonly tornBytes: number
}

/** Where the log ends, from its last pages alone. `logs` are its segments, oldest first. */
export async function logEnd(files: ReadableFiles, folder: string, logs: readonly SegmentFile[]): Promise<LogEnd> {
  const last = logs.at(-1)
  if (last === undefined || last.offset === null) return { logEndOffset: null, tornBytes: 0 }
  await using log = await openLog(files, join(folder, last.name), last.offset)
  let end: number | null = last.offset
  let tornBytes = 0
  for await (const each of walkLog(log, await batchBefore(log, { position: log.window.size }))) {
    if (each.kind === 'broken') tornBytes += each.sizeBytes
    else {
      end = lastOffset(each.header) + 1
      tornBytes = 0
    }
  }
  return { logEndOffset: Number.isSafeInteger(end) ? end : null, tornBytes }
}
