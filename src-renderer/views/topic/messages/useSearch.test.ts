import { flushPromises } from '@vue/test-utils'
import { createApp, effectScope, ref } from 'vue'
import { describe, expect, it } from 'vitest'
import { AUTO_FORMATS } from '../../../../src-main/contract/formats.ts'
import type { MessageRow } from '../../../../src-main/contract/messages.ts'
import type { SearchItem } from '../../../../src-main/contract/search.ts'
import { aBridge, aStream } from '../../../composables/aBridge.ts'
import { bridgeKey } from '../../../composables/useBridge.ts'
import type { SearchQuery } from './searchRun.ts'
import { useSearch } from './useSearch.ts'

const query = (text: string): SearchQuery => ({
  filter: { kind: 'text', text, isCaseSensitive: false, where: ['value'] },
  ranges: null,
  fromMs: null,
  toMs: null,
  order: 'newestFirst',
  maxHits: 100,
  source: 'brokers',
})
const hit = (offset: number): MessageRow => ({
  partition: 0,
  offset,
  timestampMs: offset,
  timestampType: 'CreateTime',
  key: null,
  value: null,
  headerCount: 0,
  columns: [],
})
const sums = { records: 0, bytes: 0, hits: 1, failures: 0, firstFailure: null, elapsedMs: 1 }

function aSearch() {
  const asked: { query: SearchQuery; signal: AbortSignal; stream: ReturnType<typeof aStream<SearchItem>> }[] = []
  const topic = ref('orders')
  const bridge = aBridge({
    search: {
      run: (input, signal) => {
        const stream = aStream<SearchItem>()
        asked.push({ query: input, signal, stream })
        return stream.open(signal)
      },
    },
  })
  const app = createApp({})
  app.provide(bridgeKey, bridge)
  const scope = effectScope()
  const search = app.runWithContext(() =>
    scope.run(() =>
      useSearch(
        () => topic.value,
        () => ({ columns: ['value.total'], formats: AUTO_FORMATS }),
      ),
    ),
  )!
  return { search, asked, topic, scope }
}

describe('the search of a topic', () => {
  it('shows hits while it runs, and how it ended', async () => {
    const { search, asked } = aSearch()
    void search.start(query('a'))
    asked[0]!.stream.push({ type: 'hits', rows: [hit(7)] })
    await flushPromises()
    expect([search.run.value?.state, search.run.value?.hits.length]).toEqual(['running', 1])
    asked[0]!.stream.push({
      type: 'ended',
      why: 'completed',
      progress: { ...sums, partitions: [{ partition: 0, from: 0, to: 10, done: 10 }] },
      remaining: [],
    })
    await flushPromises()
    expect([search.run.value?.state, search.run.value?.why]).toEqual(['ended', 'completed'])
    expect(asked[0]!.query).toMatchObject({ clusterId: 'local', topic: 'orders', columns: ['value.total'], maxHits: 100 })
  })

  it('keeps its hits when it is cancelled, and goes on with what is left', async () => {
    const { search, asked } = aSearch()
    void search.start(query('a'))
    asked[0]!.stream.push({ type: 'hits', rows: [hit(9)] })
    asked[0]!.stream.push({ type: 'progress', progress: { ...sums, partitions: [{ partition: 0, from: 0, to: 10, done: 4 }] } })
    await flushPromises()
    search.cancel()
    expect(asked[0]!.signal.aborted).toBe(true)
    expect([search.run.value?.state, search.run.value?.hits.length]).toEqual(['cancelled', 1])
    void search.goOn()
    expect(asked[1]!.query.ranges).toEqual([{ partition: 0, from: 0, to: 6 }])
    asked[1]!.stream.push({ type: 'hits', rows: [hit(9), hit(3)] })
    await flushPromises()
    expect(search.run.value?.hits.map(row => row.offset)).toEqual([9, 3])
  })

  it('ends when another begins, when the topic is another one, and when the screen goes', async () => {
    const { search, asked, topic, scope } = aSearch()
    void search.start(query('a'))
    void search.start(query('b'))
    expect(asked.map(each => each.signal.aborted)).toEqual([true, false])
    asked[0]!.stream.push({ type: 'hits', rows: [hit(1)] })
    await flushPromises()
    expect(search.run.value?.hits).toEqual([])
    topic.value = 'payments'
    await flushPromises()
    expect([asked[1]!.signal.aborted, search.run.value]).toEqual([true, null])
    void search.start(query('c'))
    scope.stop()
    expect(asked[2]!.signal.aborted).toBe(true)
  })

  it('says why it failed, and keeps what it had', async () => {
    const { search, asked } = aSearch()
    void search.start(query('('))
    asked[0]!.stream.push({ type: 'hits', rows: [hit(1)] })
    await flushPromises()
    asked[0]!.stream.fail(new Error('cut'))
    await flushPromises()
    expect(search.run.value).toMatchObject({ state: 'failed', failure: new Error('cut'), hits: [hit(1)] })
  })
})
