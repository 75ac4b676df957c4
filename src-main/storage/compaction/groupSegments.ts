/** What the grouping must know of a segment. */
export interface GroupedSegment {
  readonly baseOffset: number
  readonly sizeInBytes: number
  readonly indexBytes: number
  readonly timeIndexBytes: number
}

const MAX_RELATIVE_OFFSET = 0x7fff_ffff

/**
 * Neighbours that become one segment, so that segments do not get smaller with each pass: as many as fit into one by what they take now, before any
 * of it is cleaned away. `end` is the offset behind the last one.
 */
export function groupSegments<T extends GroupedSegment>(
  segments: readonly T[],
  { segmentBytes, segmentIndexBytes, end }: { readonly segmentBytes: number; readonly segmentIndexBytes: number; readonly end: number },
): T[][] {
  const groups: T[][] = []
  let total = { sizeInBytes: 0, indexBytes: 0, timeIndexBytes: 0 }
  for (const [index, segment] of segments.entries()) {
    const group = groups.at(-1)
    const sum = {
      sizeInBytes: total.sizeInBytes + segment.sizeInBytes,
      indexBytes: total.indexBytes + segment.indexBytes,
      timeIndexBytes: total.timeIndexBytes + segment.timeIndexBytes,
    }
    const lastOffset = (segments[index + 1]?.baseOffset ?? end) - 1
    const fits =
      group !== undefined &&
      sum.sizeInBytes <= segmentBytes &&
      sum.indexBytes <= segmentIndexBytes &&
      sum.timeIndexBytes <= segmentIndexBytes &&
      // An empty segment has no offset that could be too far away.
      (segment.sizeInBytes === 0 || lastOffset - group[0]!.baseOffset <= MAX_RELATIVE_OFFSET)
    if (fits) {
      group.push(segment)
      total = sum
    } else {
      groups.push([segment])
      total = segment
    }
  }
  return groups
}
