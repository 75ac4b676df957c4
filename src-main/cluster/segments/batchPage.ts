import type { BatchPage, BatchRow, LogPlace, LogRow } from '../../contract/segments.ts'
import { crc, lastOffset } from '../../protocol/records/batch.ts'
import { crc32c } from '../../protocol/records/crc32c.ts'
import { judged, type Surroundings } from './judgeBatches.ts'
import { batchBefore, type IndexedLog, type Walked, walkLog } from './logWalk.ts'

/** Bytes of a batch that its checksum does not cover. */
export const CRC_FROM = 21
/** What one page reads to check sums; beyond it rows say that they were not checked. */
const CHECKED_BYTES = 16 * 1024 * 1024
/** Between two entries of an index lie 4 KB or a batch, by default: the first step back to find earlier rows. */
const FIRST_STEP_BYTES = 64 * 1024

export interface PageWish {
  readonly place: LogPlace
  readonly before: number
  readonly after: number
}

/** The rows around a place. What it costs depends on the rows, not on the file, as long as there is an index. */
export async function batchPage(log: IndexedLog, surroundings: Surroundings, wish: PageWish): Promise<BatchPage> {
  const { walked, at } = await around(log, wish)
  const all = judged(walked, surroundings)
  // The first and the last were there for their neighbours to be judged by.
  const from = Math.max(0, (at ?? all.length) - wish.before)
  const rows = all.slice(from, at === undefined ? undefined : at + 1 + wish.after)
  await checkSums(log, rows, at === undefined ? 0 : at - from)
  const [first, last] = [rows[0], rows.at(-1)]
  return {
    rows,
    at: at === undefined ? null : at - from,
    from: first?.position ?? 0,
    to: last === undefined ? 0 : last.position + last.sizeBytes,
    fileBytes: log.window.size,
  }
}

/** One row more than wished on either side, as far as there is one. */
async function around(log: IndexedLog, { place, before, after }: PageWish): Promise<{ walked: Walked[]; at: number | undefined }> {
  const { window } = log
  const target = 'end' in place ? { position: Math.max(0, window.size - 1) } : place
  const isThere = (each: Walked) =>
    'position' in target
      ? each.position + each.sizeBytes > target.position
      : each.kind === 'batch' && lastOffset(each.header) >= target.offset
  const anchor = await batchBefore(log, target)
  let begin = anchor
  for (let step = FIRST_STEP_BYTES; ; step *= 4) {
    let walked: Walked[] = []
    let at: number | undefined
    for await (const each of walkLog(log, begin)) {
      walked.push(each)
      if (at === undefined && isThere(each)) at = walked.length - 1
      if (at === undefined && walked.length > 4 * (before + 2)) walked = walked.slice(-before - 2)
      if (at !== undefined && walked.length > at + after + 1) break
    }
    if ((at ?? walked.length) > before || begin === 0) return { walked, at }
    begin = await batchBefore(log, { position: Math.max(0, anchor - step) })
  }
}

async function checkSums({ window }: IndexedLog, rows: readonly LogRow[], at: number): Promise<void> {
  let left = CHECKED_BYTES
  for (const row of [...rows.slice(at), ...rows.slice(0, at)]) {
    if (row.kind === 'broken' || row.sizeBytes > left) continue
    left -= row.sizeBytes
    const bytes = await window.read(row.position, row.sizeBytes)
    if (bytes.length < row.sizeBytes) continue // cut off meanwhile
    noteSum(row, { stored: crc(bytes), computed: crc32c(bytes, CRC_FROM) })
  }
}

/** Puts the verdict of the checksum into the row, before all other findings. */
export function noteSum(row: BatchRow, { stored, computed }: { readonly stored: number; readonly computed: number }): void {
  row.isCrcValid = stored === computed
  if (!row.isCrcValid) row.findings.unshift({ code: 'crcWrong', field: 'crc', found: hex(stored), expected: hex(computed), byte: null })
}

/** As a checksum is written. */
export const hex = (value: number, digits = 8): string => `0x${(value >>> 0).toString(16).padStart(digits, '0')}`
