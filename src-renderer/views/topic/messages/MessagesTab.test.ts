import { flushPromises, mount } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { beforeEach, describe, expect, it } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import type { MessageDetail, MessageRow, PartitionExtent } from '../../../../src-main/contract/messages.ts'
import type { SearchItem } from '../../../../src-main/contract/search.ts'
import { aBridge, aStream } from '../../../composables/aBridge.ts'
import { bridgeKey } from '../../../composables/useBridge.ts'
import { i18n } from '../../../i18n/index.ts'
import { useToastsStore } from '../../../stores/toasts.ts'
import { useTopicsStore } from '../../../stores/topics.ts'
import { aRecordBytes } from './aRecordBytes.ts'
import MessagesTab from './MessagesTab.vue'
import { TAIL_KEPT } from './useTail.ts'

const aRow = (partition: number, offset: number): MessageRow => ({
  partition,
  offset,
  timestampMs: 0,
  timestampType: 'CreateTime',
  key: aRecordBytes(`key ${partition}-${offset}`),
  value: offset % 2 === 0 ? null : aRecordBytes('value'),
  headerCount: 0,
  columns: [],
})

const aDetail = (partition: number, offset: number): MessageDetail => ({
  ...aRow(partition, offset),
  headers: [],
  batch: {
    baseOffset: offset,
    lastOffset: offset,
    sizeBytes: 70,
    recordCount: 1,
    compression: 'none',
    partitionLeaderEpoch: 0,
    producerId: -1,
    producerEpoch: -1,
    baseSequence: -1,
    isTransactional: false,
    crc: 0,
  },
})

async function aTab(
  extents: PartitionExtent[],
  gaps: readonly number[] = [],
  partitions = extents.length,
  query: Record<string, string> = {},
) {
  const tail = aStream<MessageRow[]>()
  const found = aStream<SearchItem>()
  const searched: { filter: unknown; signal: AbortSignal }[] = []
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/', component: {} }] })
  const bridge = aBridge({
    topics: {
      list: async () => [
        {
          name: 'orders',
          topicId: null,
          isInternal: false,
          partitions,
          replicationFactor: 3,
          records: null,
          logEndOffsets: null,
          sizeBytes: null,
          underReplicated: 0,
          offline: 0,
        },
      ],
    },
    messages: {
      extent: async () => extents,
      read: async ({ ranges }) =>
        ranges.flatMap(({ partition, from, to }) =>
          Array.from({ length: to - from }, (_, i) => from + i)
            .filter(offset => !gaps.includes(offset))
            .map(offset => aRow(partition, offset)),
        ),
      tail: (_, signal) => tail.open(signal),
      detail: async ({ partition, offset }) => aDetail(partition, offset),
      offsetsAt: async () => [],
    },
    search: {
      run: ({ filter }, signal) => {
        searched.push({ filter, signal })
        return found.open(signal)
      },
    },
  })
  await router.push({ path: '/', query })
  const tab = mount(MessagesTab, {
    props: { topic: 'orders' },
    global: { plugins: [createPinia(), i18n, router], provide: { [bridgeKey as symbol]: bridge } },
  })
  await useTopicsStore().refresh()
  await flushPromises()
  const rows = () =>
    tab
      .findAll('[role=row]')
      .slice(1)
      .map(row => row.text())
  return { tab, tail, rows, found, searched }
}
beforeEach(() => localStorage.clear())

describe('the messages of a topic', () => {
  it('stand newest first, one row for each offset', async () => {
    const { rows, tab } = await aTab([{ partition: 0, start: 3, end: 6 }])
    expect(rows().map(row => /key 0-(\d)/.exec(row)?.[1])).toEqual(['5', '4', '3'])
    expect(tab.get('[role=grid]').attributes('aria-rowcount')).toBe('4')
  })

  it('say where there is no record, and which values are tombstones', async () => {
    const { rows } = await aTab([{ partition: 0, start: 3, end: 6 }], [5])
    expect(rows()[0]).toContain('no record at this offset')
    expect(rows()[1]).toContain('tombstone')
  })

  it('collapse offsets without a record into one row that says how many they are', async () => {
    const gaps = Array.from({ length: 29 }, (_, i) => i + 10)
    const { rows, tab } = await aTab([{ partition: 0, start: 0, end: 40 }], gaps)
    expect(rows()[1]).toContain('29 offsets without records')
    expect(rows()[2]).toContain('key 0-9')
    expect(tab.get('[role=grid]').attributes('aria-rowcount')).toBe(String(1 + 40 - 28))
    expect(tab.text()).toContain('29 known to hold no record')
  })

  it('stand without gaps when those are to be hidden', async () => {
    const { rows, tab } = await aTab([{ partition: 0, start: 0, end: 40 }], [38, ...Array.from({ length: 29 }, (_, i) => i + 5)])
    await tab
      .findAll('button')
      .find(button => button.text() === 'Hide gaps')!
      .trigger('click')
    await flushPromises()
    expect(rows().map(row => /key 0-(\d+)/.exec(row)?.[1])).toEqual(['39', '37', '36', '35', '34', '4', '3'])
    expect(tab.text()).toContain('30 known to hold no record')
  })

  it('of an empty topic say what to do', async () => {
    const { tab } = await aTab([{ partition: 0, start: 0, end: 0 }])
    expect(tab.text()).toContain('No records yet')
  })

  it('say which partitions are left out, and do not pass for an empty topic', async () => {
    const { tab } = await aTab([{ partition: 1, start: 0, end: 0 }], [], 3)
    expect(tab.text()).toContain('Partitions 0, 2 have no leader')
    expect(tab.text()).not.toContain('No records yet')
  })

  it('count all that is held back, and say how many of them are kept', async () => {
    const { tab, tail } = await aTab([{ partition: 0, start: 0, end: 1 }])
    const press = async (role: string, text: string) => {
      await tab
        .findAll(role)
        .find(each => each.text() === text)!
        .trigger('click')
      await flushPromises()
    }
    await press('button', 'Live')
    await press('button', 'Pause')
    tail.push(Array.from({ length: TAIL_KEPT + 500 }, (_, offset) => aRow(0, offset)))
    await flushPromises()
    expect(tab.text()).toContain('2,500 arrived, 2,500 held back')
    await press('button', 'Resume')
    expect(tab.text()).toContain('2,500 arrived, the newest 2,000 are kept')
  })

  it('arrive live, newest first, and stand still while paused', async () => {
    const { tab, tail, rows } = await aTab([{ partition: 0, start: 0, end: 1 }])
    await tab
      .findAll('button')
      .find(button => button.text() === 'Live')!
      .trigger('click')
    await flushPromises()
    tail.push([aRow(0, 1), aRow(0, 2)])
    await flushPromises()
    expect(rows().map(row => /key 0-(\d)/.exec(row)?.[1])).toEqual(['2', '1'])
    await tab
      .findAll('button')
      .find(button => button.text() === 'Pause')!
      .trigger('click')
    tail.push([aRow(0, 3)])
    await flushPromises()
    expect(rows()).toHaveLength(2)
    expect(tab.text()).toContain('3 arrived, 1 held back')
  })

  it('say how far they are behind when more is appended than is taken, until they have caught up', async () => {
    const { tab, tail, rows } = await aTab([{ partition: 0, start: 0, end: 60_000 }])
    const live = tab.findAll('button').find(button => button.text() === 'Live')!
    await live.trigger('click')
    await flushPromises()
    const arrive = async (from: number, batches: number) => {
      for (let batch = 0; batch < batches; batch++) {
        tail.push(Array.from({ length: 1_000 }, (_, index) => aRow(0, from + batch * 1_000 + index)))
      }
      await flushPromises()
    }
    await arrive(0, 5)
    expect(tab.text()).toContain('5,000 arrived')
    expect(tab.text()).toContain('55,000')
    const skip = tab.findAll('button').find(button => button.text() === 'Skip to the newest')
    expect(skip).toBeDefined()
    await arrive(5_000, 55)
    expect(tab.text()).toContain('60,000 arrived, the newest 2,000 are kept')
    expect(tab.findAll('button').some(button => button.text() === 'Skip to the newest')).toBe(false)
    expect(rows()[0]).toContain('key 0-59999')
    expect(rows().length).toBeLessThan(100)
  })
})

describe('a search of the messages', () => {
  const partitions = [{ partition: 0, from: 0, to: 100, done: 40 }]
  const progress = { partitions, records: 40, bytes: 0, hits: 1, failures: 0, firstFailure: null, elapsedMs: 10 }

  it('starts with Enter, shows hits at once, and is ended by Esc, which keeps them', async () => {
    const { tab, rows, found, searched } = await aTab([{ partition: 0, start: 0, end: 100 }])
    const field = tab.get('input[aria-label="Search for"]')
    await field.setValue('refund')
    await field.trigger('keydown', { key: 'Enter' })
    expect(searched[0]!.filter).toEqual({ kind: 'text', text: 'refund', isCaseSensitive: false, where: ['key', 'value'] })
    found.push({ type: 'hits', rows: [aRow(0, 77)] })
    found.push({ type: 'progress', progress })
    await flushPromises()
    expect(rows()).toHaveLength(1)
    expect(rows()[0]).toContain('key 0-77')
    expect(tab.text()).toContain('Scanned 40 of 100 offsets')
    document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))
    await flushPromises()
    expect(searched[0]!.signal.aborted).toBe(true)
    expect(tab.text()).toContain('Cancelled; what was found is kept.')
    expect(rows()).toHaveLength(1)
  })

  it('sorts its hits by a column once it is over, and says that it is those in the table', async () => {
    const { tab, rows, found } = await aTab([{ partition: 0, start: 0, end: 100 }])
    const field = tab.get('input[aria-label="Search for"]')
    await field.setValue('refund')
    await field.trigger('keydown', { key: 'Enter' })
    found.push({ type: 'hits', rows: [aRow(0, 7), aRow(0, 30), aRow(0, 9)] })
    await flushPromises()
    const head = () => tab.get('[role=columnheader][data-column=offset]')
    const shown = () => rows().map(row => /key 0-(\d+)/.exec(row)?.[1])
    expect(head().find('button').exists()).toBe(false)
    expect(shown()).toEqual(['30', '9', '7'])
    found.push({ type: 'ended', why: 'completed', progress: { ...progress, hits: 3 }, remaining: [] })
    await flushPromises()
    await head().get('button').trigger('click')
    expect(head().attributes('aria-sort')).toBe('ascending')
    expect(shown()).toEqual(['7', '9', '30'])
    expect(tab.text()).toContain('3 hits, by Offset')
    await tab.get('button[aria-label="By time again"]').trigger('click')
    expect(shown()).toEqual(['30', '9', '7'])
  })

  it('comes with a link, and so does a record', async () => {
    const { searched } = await aTab([{ partition: 0, start: 0, end: 100 }], [], 1, { search: 'refund' })
    expect(searched[0]!.filter).toMatchObject({ kind: 'text', text: 'refund' })
    const { tab } = await aTab([{ partition: 0, start: 0, end: 100 }], [], 1, { partition: '0', offset: '42' })
    expect(tab.get('aside').text()).toContain('orders-0 at 42')
  })

  it('is remembered for its topic', async () => {
    await aTab([{ partition: 0, start: 0, end: 100 }], [], 1, { search: 'refund' })
    expect(JSON.parse(localStorage.getItem('trilog.searches.orders') ?? '')).toMatchObject([{ text: 'refund' }])
  })
})

describe('records marked by hand', () => {
  type Tab = Awaited<ReturnType<typeof aTab>>['tab']
  const grid = (tab: Tab) => tab.get('[role=grid]')
  const marked = (tab: Tab) => tab.findAll('[role=row][aria-selected=true]').map(row => /key (\d-\d+)/.exec(row.text())?.[1] ?? row.text())
  const bar = (tab: Tab) => tab.find('section[aria-label="Marked records"]')
  const click = async (tab: Tab, text: string) => {
    await tab
      .findAll('button')
      .find(button => button.text() === text)!
      .trigger('click')
    await flushPromises()
  }
  const press = (tab: Tab, ...keys: string[]) =>
    keys.reduce(async (before, key) => {
      await before
      const name = key.replace(/^(Shift|Ctrl)\+/, '')
      await grid(tab).trigger('keydown', { key: name, shiftKey: key.startsWith('Shift+'), ctrlKey: key.startsWith('Ctrl+') })
      await flushPromises()
    }, Promise.resolve())

  it('are opened by a click, but not by one that marks them', async () => {
    const { tab } = await aTab([{ partition: 0, start: 0, end: 6 }])
    const cell = () => tab.findAll('[role=grid] .body-line [role=gridcell]').at(0)!
    await cell().trigger('click', { detail: 1, ctrlKey: true })
    expect(tab.find('aside[aria-label="Record"]').exists()).toBe(false)
    await cell().trigger('click', { detail: 1 })
    await flushPromises()
    expect(tab.find('aside[aria-label="Record"]').exists()).toBe(true)
  })

  it('are counted under the table, and cleared with Esc, which can be taken back', async () => {
    const { tab } = await aTab([{ partition: 0, start: 0, end: 6 }])
    expect(bar(tab).exists()).toBe(false)
    await press(tab, 'ArrowDown', ' ', 'ArrowDown', 'ArrowDown', 'Shift+ArrowDown')
    expect(marked(tab)).toEqual(['0-5', '0-3', '0-2'])
    expect(bar(tab).text()).toContain('3 records marked')
    document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))
    await flushPromises()
    expect(bar(tab).exists()).toBe(false)
    useToastsStore().toasts.at(-1)!.action!.act()
    await flushPromises()
    expect(marked(tab)).toEqual(['0-5', '0-3', '0-2'])
  })

  it('are not cleared by who types', async () => {
    const { tab } = await aTab([{ partition: 0, start: 0, end: 6 }])
    await press(tab, 'ArrowDown', ' ')
    document.body.append(tab.element)
    tab.get('input[aria-label="Search for"]').element.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))
    await flushPromises()
    expect(bar(tab).exists()).toBe(true)
    tab.element.remove()
  })

  it('leave out what is known to hold no record', async () => {
    const { tab } = await aTab([{ partition: 0, start: 0, end: 6 }], [3, 4])
    await press(tab, 'Ctrl+a')
    expect(bar(tab).text()).toContain('4 records marked')
  })

  it('of more than was read say so', async () => {
    const { tab } = await aTab([{ partition: 0, start: 0, end: 50_000 }])
    await press(tab, 'Ctrl+a')
    expect(bar(tab).text()).toContain('50,000 offsets marked')
    // What is in view was read, with the rest of its page.
    expect(bar(tab).text()).toContain(`${(50_000 - 80).toLocaleString('en-US')} of them were not read yet`)
    expect(useToastsStore().toasts.at(-1)).toMatchObject({ title: 'Every offset of the table is marked' })
  })

  it('stay with their records among the hits of a search, and behind it', async () => {
    const { tab, found } = await aTab([{ partition: 0, start: 0, end: 6 }])
    await press(tab, 'ArrowDown', ' ')
    expect(marked(tab)).toEqual(['0-5'])
    const field = tab.get('input[aria-label="Search for"]')
    await field.setValue('refund')
    await field.trigger('keydown', { key: 'Enter' })
    found.push({ type: 'hits', rows: [aRow(0, 4), aRow(0, 5)] })
    await flushPromises()
    expect(marked(tab)).toEqual(['0-5'])
    await press(tab, 'Ctrl+a')
    expect(bar(tab).text()).toContain('2 records marked')
    expect(useToastsStore().toasts.at(-1)).toMatchObject({
      title: 'All 2 hits in the table are marked',
      detail: 'Not everything was searched.',
    })
    document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))
    await flushPromises()
    await click(tab, 'All records')
    expect(marked(tab)).toEqual(['0-5', '0-4'])
  })

  it('stay with their records while newer ones arrive', async () => {
    const { tab, tail } = await aTab([{ partition: 0, start: 0, end: 6 }])
    await click(tab, 'Live')
    tail.push([aRow(0, 6), aRow(0, 7)])
    await flushPromises()
    await press(tab, 'End', ' ')
    tail.push([aRow(0, 8)])
    await flushPromises()
    expect(marked(tab)).toEqual(['0-6'])
    await click(tab, 'Live')
    expect(marked(tab)).toEqual([])
    expect(bar(tab).text()).toContain('1 record marked')
  })

  it('are dropped with the topic', async () => {
    const { tab } = await aTab([{ partition: 0, start: 0, end: 6 }])
    await press(tab, 'Ctrl+a')
    await tab.setProps({ topic: 'payments' })
    await flushPromises()
    expect(bar(tab).exists()).toBe(false)
  })
})
