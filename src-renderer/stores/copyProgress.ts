import type { Reassignment } from '../../src-main/contract/reassignments.ts'

/** What had been copied at a look, by partition. */
export interface Copied {
  readonly atMs: number
  readonly bytes: ReadonlyMap<string, number>
}

/** Bytes a second over some looks; a partition that came or went meanwhile says nothing. Null before there were two looks. */
export function rateOf(looks: readonly Copied[]): number | null {
  const [first, last] = [looks[0], looks.at(-1)]
  if (first === undefined || last === undefined || last.atMs <= first.atMs) return null
  let bytes = 0
  for (const [name, now] of last.bytes) {
    const before = first.bytes.get(name)
    if (before !== undefined) bytes += Math.max(0, now - before)
  }
  return (bytes * 1_000) / (last.atMs - first.atMs)
}

/** How much of so many moves is done, from 0 to 1: those that are not under way any more are. */
export function copiedShare(left: readonly Pick<Reassignment, 'bytes' | 'copiedBytes'>[], all: number): number {
  const done = left.reduce(
    (sum, { bytes, copiedBytes }) => sum + (bytes === null || bytes === 0 ? 0 : (copiedBytes ?? 0) / bytes),
    all - left.length,
  )
  return all === 0 ? 1 : done / all
}
