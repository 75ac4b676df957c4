/**
 * Where each line of a text begins when lines longer than `columns` go on in the next: one number a line, so that a text of 50 MB in one line can be
 * shown by drawing what is in view.
 */
export function textLines(text: string, columns: number): Uint32Array {
  let starts = new Uint32Array(1_024)
  let length = 0
  const push = (at: number) => {
    if (length === starts.length) {
      const larger = new Uint32Array(length * 2)
      larger.set(starts)
      starts = larger
    }
    starts[length++] = at
  }
  let at = 0
  while (at < text.length || length === 0) {
    const lineFeed = text.indexOf('\n', at)
    const end = lineFeed < 0 ? text.length : lineFeed
    push(at)
    for (let next = at + columns; next < end; next += columns) {
      // The second half of a character that takes two stays with the first.
      if ((text.charCodeAt(next) & 0xfc00) === 0xdc00) next += 1
      if (next < end) push(next)
    }
    if (lineFeed < 0) break
    at = lineFeed + 1
    if (at === text.length) push(at)
  }
  return starts.subarray(0, length)
}

/** Line `index` without its line break. */
export function textLine(text: string, starts: Uint32Array, index: number): string {
  const end = index + 1 < starts.length ? starts[index + 1]! : text.length
  return text.slice(starts[index], end).replace(/\r?\n$/, '')
}
