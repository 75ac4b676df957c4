import { flushPromises } from '@vue/test-utils'
import { createApp, effectScope, shallowRef } from 'vue'
import { describe, expect, it } from 'vitest'
import type { EntryFilter, MetadataLogExtent } from '../../../src-main/contract/metadataLog.ts'
import { aBridge, aStream } from '../../composables/aBridge.ts'
import { bridgeKey } from '../../composables/useBridge.ts'
import { anEntry, anExtent } from './anEntry.ts'
import { useMetadataLog } from './useMetadataLog.ts'

/** A log whose records have even offsets; with a topic in the filter, every tenth of them. */
function aLog({ begin = null as number | null } = {}) {
  const stream = aStream<MetadataLogExtent>()
  const log = { entries: 0, generation: 1 }
  const filter = shallowRef<EntryFilter>({ types: [], topic: '', brokerId: null })
  const matching = ({ topic }: EntryFilter) =>
    Array.from({ length: log.entries }, (_, index) => anEntry({ offset: index * 2 })).filter((_, index) => topic === '' || index % 10 === 0)
  const bridge = aBridge({
    metadataLog: {
      watch: (_, signal) => stream.open(signal),
      entries: async ({ filter: asked, from, count }) => {
        const all = matching(asked)
        return { generation: log.generation, total: all.length, entries: all.slice(from, from + count) }
      },
      indexOf: async ({ filter: asked, offset }) => matching(asked).findLastIndex(entry => entry.offset <= offset),
    },
  })
  const app = createApp({})
  app.provide(bridgeKey, bridge)
  const scope = effectScope()
  const shown = app.runWithContext(() => scope.run(() => useMetadataLog(filter, begin)))!
  const grow = async (entries: number, generation = 1) => {
    Object.assign(log, { entries, generation })
    stream.push(anExtent(entries, { generation }))
    await flushPromises()
  }
  return { shown, grow, filter, scope }
}

describe('a place in the metadata log', () => {
  it('is the newest record, and goes on with the log', async () => {
    const { shown, grow, scope } = aLog()
    await grow(500)
    expect([shown.index.value, shown.offset.value, shown.total.value]).toEqual([499, 998, 500])
    await grow(501)
    expect([shown.index.value, shown.offset.value]).toEqual([500, 1_000])
    scope.stop()
  })

  it('stays where somebody chose it to be, whatever comes', async () => {
    const { shown, grow, scope } = aLog()
    await grow(500)
    await shown.choose(10)
    await grow(900)
    expect([shown.isFollowing.value, shown.index.value, shown.offset.value, shown.total.value]).toEqual([false, 10, 20, 900])
    shown.isFollowing.value = true
    await flushPromises()
    expect(shown.offset.value).toBe(1_798)
    scope.stop()
  })

  it('is the same offset, or the one before it, when a filter leaves fewer', async () => {
    const { shown, grow, filter, scope } = aLog()
    await grow(500)
    await shown.choose(37)
    filter.value = { ...filter.value, topic: 'orders' }
    await flushPromises()
    expect([shown.total.value, shown.index.value, shown.offset.value]).toEqual([50, 3, 74])
    expect(shown.at(3)?.offset).toBe(60)
    scope.stop()
  })

  it('is where a link says', async () => {
    const { shown, grow, scope } = aLog({ begin: 81 })
    await grow(500)
    expect([shown.isFollowing.value, shown.index.value, shown.offset.value]).toEqual([false, 40, 81])
    scope.stop()
  })

  it('is found again when another broker’s log is read', async () => {
    const { shown, grow, scope } = aLog()
    await grow(500)
    await shown.choose(37)
    await grow(400, 2)
    expect([shown.index.value, shown.offset.value, shown.total.value]).toEqual([37, 74, 400])
    scope.stop()
  })
})
