import { BATCH_HEADER_BYTES, batchSize, MAGIC, magic } from '../../protocol/records/batch.ts'
import { type ReadableFile, wrong, type Wrong } from './items.ts'

const CHUNK_BYTES = 1024 * 1024
/** No request and no answer carries a larger one; a length field that says more is a wrong one, and would take memory for nothing. */
const MAX_BATCH_BYTES = 128 * 1024 * 1024

/** A whole batch by its length field, which may still be corrupt in every other respect. */
export interface ScannedBatch {
  readonly bytes: Buffer
  readonly position: number
}

/** Why there is nothing more to read, other than the file's end. */
export interface ScanProblem {
  readonly problem: Wrong
  readonly position: number
}

/**
 * The batches of a file from its beginning, a chunk's worth at a time; the return value says where and why that ended before the end of the file. A length
 * that cannot be ends it, since nothing tells where the next batch would begin.
 */
export async function* scanBatches(file: ReadableFile): AsyncGenerator<readonly ScannedBatch[], ScanProblem | undefined> {
  const end = file.size
  let wanted = CHUNK_BYTES
  for (let position = 0; position < end;) {
    const asked = Math.min(wanted, end - position)
    const chunk = await file.read(position, asked)
    if (chunk.length < asked) return { position, problem: wrong('shorterNow', { bytes: end }) }
    wanted = CHUNK_BYTES
    const batches: ScannedBatch[] = []
    let problem: Wrong | undefined
    for (let at = 0; position < end;) {
      const available = end - position
      const remains = chunk.length - at
      if (remains < Math.min(BATCH_HEADER_BYTES, available)) break
      problem = problemOf(chunk, at, available)
      if (problem !== undefined) break
      const size = batchSize(chunk, at)
      if (size > remains) {
        wanted = Math.max(CHUNK_BYTES, size)
        break
      }
      batches.push({ bytes: chunk.subarray(at, at + size), position })
      position += size
      at += size
    }
    if (batches.length > 0) yield batches
    if (problem !== undefined) return { position, problem }
  }
  return undefined
}

function problemOf(chunk: Buffer, at: number, available: number): Wrong | undefined {
  if (available < BATCH_HEADER_BYTES) return wrong('tornHeader', { bytes: available })
  const size = batchSize(chunk, at)
  if (size < BATCH_HEADER_BYTES) return wrong('impossibleBatch', { size, left: available })
  if (magic(chunk, at) !== MAGIC) return wrong('unknownMagic', { magic: magic(chunk, at), left: available })
  if (size > available) return wrong('tornBatch', { size, left: available })
  if (size > MAX_BATCH_BYTES) return wrong('hugeBatch', { size, most: MAX_BATCH_BYTES })
  return undefined
}
