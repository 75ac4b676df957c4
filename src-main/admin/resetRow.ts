import type { ResetNote, ResetRow } from '../contract/offsetReset.ts'

/** What is known of one partition before a reset. */
export interface ResetGround {
  readonly topic: string
  readonly partition: number
  readonly committed: number | null
  /** Undefined where no leader told. */
  readonly start: number | undefined
  readonly end: number | undefined
}

/** Where to, and in which words if it is not simply there; a note alone leaves the partition as it is. */
export type Wish = { readonly offset: number; readonly note?: ResetNote } | { readonly note: ResetNote }

/** What a reset does to one partition: never before the start of its log or behind its end, as Kafka's own tool has it. */
export function resetRow({ topic, partition, committed, start, end }: ResetGround, wish: Wish): ResetRow {
  const untouched = (note: ResetNote): ResetRow => ({ topic, partition, before: committed, after: null, readAgain: 0, skipped: 0, note })
  if (start === undefined || end === undefined) return untouched('unknown')
  if (!('offset' in wish)) return untouched(wish.note)
  const after = Math.max(start, Math.min(end, wish.offset))
  const note = wish.offset < start ? 'atStart' : wish.offset > end ? 'atEnd' : (wish.note ?? 'asAsked')
  // Of what was committed only that counts which the log still has.
  const from = committed === null ? null : Math.max(start, Math.min(end, committed))
  return {
    topic,
    partition,
    before: committed,
    after,
    readAgain: from === null ? 0 : Math.max(0, from - after),
    skipped: from === null ? 0 : Math.max(0, after - from),
    note,
  }
}
