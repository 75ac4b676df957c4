/** The row that a key asks for, or `undefined` when it asks for none. Rows are numbered from 0. */
export function rowForKey(
  key: string,
  { at, count, page, firstInView }: { at: number | null; count: number; page: number; firstInView: number },
): number | undefined {
  const from = at ?? firstInView
  const step = at === null ? 0 : 1
  const wanted = { ArrowDown: from + step, ArrowUp: from - step, PageDown: from + page, PageUp: from - page, Home: 0, End: count - 1 }[key]
  return wanted === undefined ? undefined : Math.max(0, Math.min(count - 1, wanted))
}
