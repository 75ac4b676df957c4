import { join } from 'node:path'
import type { SegmentSpan } from '../../contract/segments.ts'
import { DiskError } from '../../env/env.ts'
import { readTimeIndexEntry } from '../../protocol/files/indexEntries.ts'
import { logFileName } from '../../protocol/files/fileNames.ts'
import { BATCH_HEADER_BYTES, baseTimestamp, lastOffset, maxTimestamp } from '../../protocol/records/batch.ts'
import type { ReadableFiles } from '../dump/items.ts'
import { indexPage } from './entryPage.ts'
import { batchBefore, isPlausible, walkLog } from './logWalk.ts'
import { openLog } from './openLog.ts'
import { openFile } from './replicaFolders.ts'

/** Offsets and times of segments, from their first batch, their last pages and the end of their time index. */
export async function segmentSpans(files: ReadableFiles, folder: string, baseOffsets: readonly number[]): Promise<SegmentSpan[]> {
  const spans: SegmentSpan[] = []
  for (const baseOffset of baseOffsets) {
    try {
      spans.push(await spanOf(files, folder, baseOffset))
    } catch (problem) {
      if (!(problem instanceof DiskError)) throw problem
      spans.push({ baseOffset, endOffset: null, firstTimestampMs: null, lastTimestampMs: null })
    }
  }
  return spans
}

async function spanOf(files: ReadableFiles, folder: string, baseOffset: number): Promise<SegmentSpan> {
  await using log = await openLog(files, join(folder, logFileName(baseOffset, 'log')), baseOffset)
  const { window } = log
  const hasFirst = await isPlausible(window, 0)
  const firstMs = hasFirst ? baseTimestamp(await window.read(0, BATCH_HEADER_BYTES)) : null
  let end: number | null = null
  let newestMs = await newestInIndex(files, join(folder, logFileName(baseOffset, 'timeindex')), baseOffset)
  for await (const each of walkLog(log, await batchBefore(log, { position: window.size }))) {
    if (each.kind === 'broken') continue
    end = lastOffset(each.header) + 1
    newestMs = Math.max(newestMs, maxTimestamp(each.header))
  }
  return { baseOffset, endOffset: exact(end), firstTimestampMs: exact(firstMs), lastTimestampMs: newestMs < 0 ? null : exact(newestMs) }
}

async function newestInIndex(files: ReadableFiles, path: string, baseOffset: number): Promise<number> {
  if ((await files.stat(path)) === undefined) return -1
  await using opened = await openFile(files, path)
  const { file } = opened
  const { total } = await indexPage({ kind: 'timeindex', file, baseOffset, log: undefined }, { from: 0, count: 0 })
  return total === 0 ? -1 : readTimeIndexEntry(await file.read((total - 1) * 12, 12), 0, baseOffset).timestamp
}

/** Damage can make anything of a number. */
const exact = (value: number | null): number | null => (Number.isSafeInteger(value) ? value : null)
