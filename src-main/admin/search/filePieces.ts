import { type DiskFile, DiskError } from '../../env/env.ts'
import { OFFSET_INDEX_ENTRY_BYTES, type OffsetIndexEntry, readOffsetIndexEntry } from '../../protocol/files/indexEntries.ts'
import { BATCH_HEADER_BYTES, baseOffset, batchSize, MAGIC, magic } from '../../protocol/records/batch.ts'
import type { SearchOrder } from './ledger.ts'
import type { ReplicaFiles } from './replicaFiles.ts'

/** The first pieces are small, for the sake of the first hits. */
const FIRST_PIECE_BYTES = 512 * 1024
const PIECE_BYTES = 16 * 1024 * 1024
const GROWTH = 4

/** How much of a file is gone through in one go, as a search gets on. */
export class PieceSizes {
  #size = FIRST_PIECE_BYTES

  next(): number {
    const size = this.#size
    this.#size = Math.min(PIECE_BYTES, size * GROWTH)
    return size
  }
}

/** A part of a segment file that begins with a batch, and the offsets [from, to) that are to be found in it, if anywhere. */
export interface FilePiece {
  readonly path: string
  readonly position: number
  readonly end: number
  readonly from: number
  readonly to: number
}

interface Segment {
  readonly baseOffset: number
  /** Where the segment behind it begins. */
  readonly next: number
  readonly path: string
  readonly size: number
}

interface Wanted {
  readonly bounds: { readonly from: number; readonly to: number }
  readonly order: SearchOrder
  readonly sizes: PieceSizes
}

interface Cut {
  readonly position: number
  readonly offset: number
}

/** Cuts what is wanted of a segment at batches that its index names. Without an index it is one piece. In the order of the search. */
export async function piecesOfSegment(
  disk: ReplicaFiles['disk'],
  segment: Segment,
  { bounds, order, sizes }: Wanted,
): Promise<FilePiece[]> {
  const { path, size, baseOffset: base, next } = segment
  const entries = await indexOf(disk, segment)
  // An entry names the last offset of a batch: the one behind a batch that ends below the bounds may hold their first record.
  const start = entries.findLast(({ offset }) => offset < bounds.from)
  const behind = entries.find(({ offset }, index) => offset >= bounds.to && index > 0 && entries[index - 1]!.offset >= bounds.to)
  const end = behind?.position ?? size
  const first = start?.position ?? 0
  const inside = entries.filter(({ position }) => position > first && position < end)
  const wanted = [start, ...chosen(inside, { first, end, order, sizes }), behind].filter(each => each !== undefined)
  const edges = [{ position: 0, offset: base }, ...(await verified(disk, segment, wanted)), { position: size, offset: next }]
  const pieces = edges
    .slice(1)
    .map((edge, index): FilePiece => {
      const before = edges[index]!
      return { path, position: before.position, end: edge.position, from: before.offset, to: edge.offset }
    })
    .filter(({ from, to }) => from < bounds.to && to > bounds.from)
  return order === 'oldestFirst' ? pieces : pieces.reverse()
}

async function indexOf(disk: ReplicaFiles['disk'], { path, baseOffset: base, size }: Segment): Promise<OffsetIndexEntry[]> {
  const bytes = await disk.readFile(path.replace(/\.log$/, '.index')).catch((problem: unknown) => {
    if (problem instanceof DiskError && problem.code === 'ENOENT') return Buffer.alloc(0)
    throw problem
  })
  const entries: OffsetIndexEntry[] = []
  for (let index = 0; index < Math.floor(bytes.length / OFFSET_INDEX_ENTRY_BYTES); index++) {
    const entry = readOffsetIndexEntry(bytes, index, base)
    // An index is laid out in advance: what was not written yet is zero.
    if (entry.position > (entries.at(-1)?.position ?? 0) && entry.position < size) entries.push(entry)
  }
  return entries
}

function chosen(
  entries: readonly OffsetIndexEntry[],
  { first, end, order, sizes }: { readonly first: number; readonly end: number } & Pick<Wanted, 'order' | 'sizes'>,
): OffsetIndexEntry[] {
  const cuts: OffsetIndexEntry[] = []
  if (order === 'oldestFirst') {
    let least = first + sizes.next()
    for (const entry of entries) {
      if (entry.position < least) continue
      cuts.push(entry)
      least = entry.position + sizes.next()
    }
    return cuts
  }
  let most = end - sizes.next()
  for (const entry of entries.toReversed()) {
    if (entry.position > most) continue
    cuts.push(entry)
    most = entry.position - sizes.next()
  }
  return cuts.reverse()
}

/** Those at which a batch begins that ends where the index says: an index may be damaged, or older than its file. */
async function verified(
  disk: ReplicaFiles['disk'],
  { path, baseOffset: base, next }: Segment,
  entries: readonly OffsetIndexEntry[],
): Promise<Cut[]> {
  if (entries.length === 0) return []
  let file: DiskFile
  try {
    file = await disk.open(path)
  } catch (problem) {
    if (problem instanceof DiskError && problem.code === 'ENOENT') return [] // whoever reads the piece will find that out as well
    throw problem
  }
  try {
    const cuts: Cut[] = []
    for (const { position, offset } of entries) {
      const header = await file.read(position, BATCH_HEADER_BYTES)
      if (header.length < BATCH_HEADER_BYTES || magic(header) !== MAGIC || batchSize(header) < BATCH_HEADER_BYTES) continue
      const from = baseOffset(header)
      if (from > (cuts.at(-1)?.offset ?? base) && from <= offset && from < next) cuts.push({ position, offset: from })
    }
    return cuts
  } finally {
    await file.close()
  }
}
