import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DiskError } from '../../env/env.ts'
import { encodeOffsetIndexEntry } from '../../protocol/files/indexEntries.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { baseOffset, batchesIn } from '../../protocol/records/batch.ts'
import { simulatedWorld } from '../../simulation/world.ts'
import type { FilePiece } from './filePieces.ts'
import { type PieceSizes, piecesOfSegment } from './filePieces.ts'

const BASE = 1_000

/** A segment of batches of these many records, an index entry for each of those marked. */
async function segmentOf(batches: readonly { records: number; isIndexed: boolean; isWrong: boolean }[]) {
  const world = simulatedWorld(1)
  const { disk } = world.env('a')
  const path = '/log/00000000000000001000.log'
  let offset = BASE
  let position = 0
  const index: Buffer[] = []
  const bytes = batches.map(({ records, isIndexed, isWrong }) => {
    const batch = buildBatch({
      baseOffset: offset,
      records: Array.from({ length: records }, () => ({ key: null, value: null, timestamp: 1 })),
    })
    const entry = { offset: offset + records - 1, position: position + (isWrong ? 1 : 0) }
    if (isIndexed) index.push(encodeOffsetIndexEntry(entry, BASE))
    offset += records
    position += batch.length
    return batch
  })
  await world.settle(disk.makeDirectory('/log'))
  await world.settle(disk.replaceFile(path, Buffer.concat(bytes)))
  // Laid out in advance: zeros behind the entries.
  await world.settle(disk.replaceFile(path.replace('.log', '.index'), Buffer.concat([...index, Buffer.alloc(80)])))
  const segment = { baseOffset: BASE, next: offset, path, size: position }
  return { world, disk, segment, bytes: Buffer.concat(bytes), end: offset }
}

const smallPieces = { next: () => 200 } as PieceSizes

describe('the pieces of a segment file', () => {
  it('hold every batch of the wanted offsets once, begin with a batch, and know their offsets', async () => {
    const batch = fc.record({
      records: fc.integer({ min: 1, max: 9 }),
      isIndexed: fc.boolean(),
      isWrong: fc.constantFrom(false, false, false, true),
    })
    const some = fc.array(batch, { minLength: 1, maxLength: 25 })
    await fc.assert(
      fc.asyncProperty(some, fc.nat(120), fc.nat(120), fc.boolean(), async (batches, first, length, isNewest) => {
        const { world, disk, segment, bytes, end } = await segmentOf(batches)
        const bounds = { from: Math.min(BASE + first, end - 1), to: Math.min(BASE + first + length + 1, end) }
        fc.pre(bounds.from < bounds.to)
        const pieces = await world.settle(
          piecesOfSegment(disk, segment, { bounds, order: isNewest ? 'newestFirst' : 'oldestFirst', sizes: smallPieces }),
        )
        world.close()
        const ascending: FilePiece[] = isNewest ? pieces.toReversed() : pieces
        const found: number[] = []
        for (const [index, piece] of ascending.entries()) {
          if (index > 0) expect([piece.position, piece.from]).toEqual([ascending[index - 1]!.end, ascending[index - 1]!.to])
          for (const at of batchesIn(bytes.subarray(piece.position, piece.end))) {
            const offset = baseOffset(bytes, piece.position + at)
            expect(offset).toBeGreaterThanOrEqual(piece.from)
            expect(offset).toBeLessThan(piece.to)
            found.push(offset)
          }
        }
        const wanted = [...batchesIn(bytes)]
          .map(at => baseOffset(bytes, at))
          .filter((offset, index, all) => offset < bounds.to && (all[index + 1] ?? end) > bounds.from)
        expect(found.filter(offset => wanted.includes(offset))).toEqual(wanted)
      }),
      { numRuns: 150 },
    )
  })

  it('are one where there is no index', async () => {
    const { world, disk, segment } = await segmentOf([{ records: 3, isIndexed: true, isWrong: false }])
    await world.settle(disk.remove(segment.path.replace('.log', '.index')))
    const pieces = await world.settle(
      piecesOfSegment(disk, segment, { bounds: { from: BASE, to: BASE + 3 }, order: 'newestFirst', sizes: smallPieces }),
    )
    world.close()
    expect(pieces).toEqual([{ path: segment.path, position: 0, end: segment.size, from: BASE, to: BASE + 3 }])
  })

  it('are still made of a file that is gone: whoever reads it finds out', async () => {
    const disk = {
      open: (path: string) => Promise.reject(new DiskError('ENOENT', path, 'gone')),
      readFile: () => Promise.resolve(encodeOffsetIndexEntry({ offset: BASE + 5, position: 900 }, BASE)),
    }
    const segment = { baseOffset: BASE, next: BASE + 9, path: '/log/00000000000000001000.log', size: 2_000 }
    const pieces = await piecesOfSegment(disk, segment, { bounds: { from: BASE, to: BASE + 9 }, order: 'oldestFirst', sizes: smallPieces })
    expect(pieces).toHaveLength(1)
  })
})
