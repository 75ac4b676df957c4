import type { OffsetRange, PartitionExtent } from '../../contract/messages.ts'

/** Offsets that are read one after the other in a sample: about what a fetch brings anyway. */
export const RUN_LENGTH = 500

/** All offsets of these extents, or about `sample` of them, in runs that are spread evenly over each partition, large ones getting more. */
export function offsetRuns(extents: readonly PartitionExtent[], sample: number | null): OffsetRange[] {
  const all = extents.reduce((sum, { start, end }) => sum + end - start, 0)
  if (sample === null || sample >= all) {
    return extents.filter(({ start, end }) => end > start).map(({ partition, start, end }) => ({ partition, from: start, to: end }))
  }
  return extents.flatMap(({ partition, start, end }) => {
    const size = end - start
    const share = Math.min(size, Math.round((sample * size) / all))
    if (share === 0) return []
    const runs = Math.ceil(share / RUN_LENGTH)
    return Array.from({ length: runs }, (_, run) => {
      const from = start + Math.floor((run * size) / runs)
      const length = Math.floor(((run + 1) * share) / runs) - Math.floor((run * share) / runs)
      return { partition, from, to: Math.min(end, from + length) }
    })
  })
}
