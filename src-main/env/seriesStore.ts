/** So long an entry may last, and no longer: who looks for what was true at a time need not look further back. */
export const LONGEST_ENTRY_MS = 3_600_000

/** What was true of a series from `fromMs` until `untilMs`, as bytes that only their writer understands. */
export interface SeriesEntry {
  readonly fromMs: number
  readonly untilMs: number
  readonly bytes: Uint8Array
}

/**
 * Bytes by series and time, on disk, and texts by name beside them: history that a person would miss, and that a program can begin anew. So nothing
 * here throws because of the file. When it is damaged, or held by somebody else, it is set aside and another one begun; when there cannot be one at
 * all, what is written lasts as long as the process. Every call is done when it returns, and takes milliseconds.
 */
export interface SeriesStore {
  /** Where the file is that could not be used. */
  readonly setAside: string | undefined
  /** Whether what is written is there again after a restart. */
  readonly isKept: boolean
  /** All or none of them. An entry replaces that of the same series and `fromMs`. */
  write(entries: readonly (SeriesEntry & { readonly series: string })[]): void
  /** In order of time, those that were true at any time in [fromMs, toMs]. */
  read(series: string, range: { readonly fromMs: number; readonly toMs: number }): SeriesEntry[]
  /** When the entries of a series begin, ascending. */
  times(series: string): number[]
  /** The entries that begin at these times. */
  remove(series: string, times: readonly number[]): void
  /** The names of all series that have entries, in any order. */
  series(): string[]
  text(name: string): string | undefined
  /** Undefined forgets it. */
  setText(name: string, text: string | undefined): void
  close(): void
}
