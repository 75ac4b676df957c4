import type { SeriesEntry, SeriesStore } from '../env/seriesStore.ts'

/** A store for who has no file: what is written lasts as long as the process. */
export class MemorySeriesStore implements SeriesStore {
  readonly setAside = undefined
  readonly isKept = false
  readonly #series = new Map<string, SeriesEntry[]>()
  readonly #texts = new Map<string, string>()

  write(entries: readonly (SeriesEntry & { readonly series: string })[]): void {
    for (const { series, fromMs, untilMs, bytes } of entries) {
      const known = this.#series.get(series) ?? []
      this.#series.set(series, known)
      const at = known.findLastIndex(each => each.fromMs <= fromMs)
      const isSame = known[at]?.fromMs === fromMs
      known.splice(isSame ? at : at + 1, isSame ? 1 : 0, { fromMs, untilMs, bytes })
    }
  }

  read(series: string, { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): SeriesEntry[] {
    return (this.#series.get(series) ?? []).filter(each => each.untilMs >= fromMs && each.fromMs <= toMs)
  }

  times(series: string): number[] {
    return (this.#series.get(series) ?? []).map(({ fromMs }) => fromMs)
  }

  remove(series: string, times: readonly number[]): void {
    const gone = new Set(times)
    const left = (this.#series.get(series) ?? []).filter(({ fromMs }) => !gone.has(fromMs))
    if (left.length > 0) this.#series.set(series, left)
    else this.#series.delete(series)
  }

  series(): string[] {
    return [...this.#series.keys()]
  }

  text(name: string): string | undefined {
    return this.#texts.get(name)
  }

  setText(name: string, text: string | undefined): void {
    if (text === undefined) this.#texts.delete(name)
    else this.#texts.set(name, text)
  }

  close(): void {
    this.#series.clear()
  }
}
