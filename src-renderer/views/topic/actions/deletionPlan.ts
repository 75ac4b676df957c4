import type { PartitionExtent } from '../../../../src-main/contract/messages.ts'

/** What would go of one partition. */
export interface DeletionStep {
  readonly partition: number
  readonly start: number
  readonly end: number
  /** Where the partition would start; null while what was typed is no offset of it. */
  readonly to: number | null
  readonly goes: number
}

/** Of each partition, how many offsets go when it starts where somebody typed. Nothing typed leaves it as it is. */
export function deletionPlan(extents: readonly PartitionExtent[], typed: ReadonlyMap<number, string>): DeletionStep[] {
  return extents.map(({ partition, start, end }) => {
    const text = (typed.get(partition) ?? '').trim().replaceAll(',', '')
    if (text === '') return { partition, start, end, to: start, goes: 0 }
    const offset = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
    if (Number.isNaN(offset) || offset > end) return { partition, start, end, to: null, goes: 0 }
    return { partition, start, end, to: Math.max(start, offset), goes: Math.max(0, offset - start) }
  })
}
