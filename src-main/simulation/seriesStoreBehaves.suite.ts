import { describe, expect, it } from 'vitest'
import type { SeriesStore } from '../env/seriesStore.ts'

const bytes = (text: string) => new Uint8Array(Buffer.from(text))
const entry = (fromMs: number, text: string, untilMs = fromMs) => ({ fromMs, untilMs, bytes: bytes(text) })

/** What every store of series does, on disk or in memory. */
export function seriesStoreBehaves(name: string, makeStore: () => SeriesStore): void {
  describe(`${name}, as every store of series`, () => {
    const read = (store: SeriesStore, series: string, fromMs: number, toMs: number) =>
      store.read(series, { fromMs, toMs }).map(each => [each.fromMs, each.untilMs, Buffer.from(each.bytes).toString()])

    it('gives back in order of time what was written in any', () => {
      const store = makeStore()
      for (const fromMs of [30, 10, 20]) store.write([{ series: 'a', ...entry(fromMs, String(fromMs)) }])
      store.write([{ series: 'b', ...entry(10, 'of b') }])
      expect(read(store, 'a', 0, 99)).toEqual([
        [10, 10, '10'],
        [20, 20, '20'],
        [30, 30, '30'],
      ])
      expect(store.times('a')).toEqual([10, 20, 30])
      expect(read(store, 'none', 0, 99)).toEqual([])
      expect(store.series().sort()).toEqual(['a', 'b'])
      store.close()
    })

    it('gives what was true at any time between two', () => {
      const store = makeStore()
      store.write([
        { series: 'a', ...entry(10, 'long', 50) },
        { series: 'a', ...entry(60, 'late') },
      ])
      expect(read(store, 'a', 40, 45)).toEqual([[10, 50, 'long']])
      expect(read(store, 'a', 51, 59)).toEqual([])
      expect(read(store, 'a', 50, 60)).toHaveLength(2)
      store.close()
    })

    it('replaces what begins at the same time', () => {
      const store = makeStore()
      store.write([{ series: 'a', ...entry(10, 'first') }])
      store.write([{ series: 'a', ...entry(10, 'second', 20) }])
      expect(read(store, 'a', 0, 99)).toEqual([[10, 20, 'second']])
      store.close()
    })

    it('forgets what it is told to', () => {
      const store = makeStore()
      store.write([10, 20, 30].map(fromMs => ({ series: 'a', ...entry(fromMs, 'x') })))
      store.remove('a', [10, 30, 99])
      expect(store.times('a')).toEqual([20])
      store.remove('a', [20])
      expect(store.series()).toEqual([])
      store.close()
    })

    it('keeps texts by name', () => {
      const store = makeStore()
      expect(store.text('rule')).toBeUndefined()
      store.setText('rule', '{}')
      store.setText('rule', '{"a":1}')
      expect(store.text('rule')).toBe('{"a":1}')
      store.setText('rule', undefined)
      expect(store.text('rule')).toBeUndefined()
      store.close()
    })
  })
}
