import { effectScope, ref } from 'vue'
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it } from 'vitest'
import { rangeAt } from '../../../stores/offsetSet.ts'
import { mapRows, type Order } from './rowMapping.ts'
import { useMarks } from './useMarks.ts'

interface Given {
  readonly order: Order
  readonly read: (offset: number) => boolean
  readonly empty: readonly number[]
}

/** Two partitions of ten offsets; what `read` does not hold nobody has looked at, what `empty` holds has no record. */
function aScreen({ order = 'oldest', read = () => true, empty = [] }: Partial<Given> = {}) {
  const topic = ref('orders')
  const id = ref<string | null>(null)
  const map = () =>
    mapRows(
      [
        { partition: 0, start: 0, end: 10 },
        { partition: 1, start: 0, end: 10 },
      ],
      shown.value,
      arrangement.value,
    )
  const shown = ref<Order>(order)
  const arrangement = ref<'merged' | 'byPartition'>('byPartition')
  const marks = effectScope().run(() =>
    useMarks(
      () => ({ name: topic.value, id: id.value }),
      {
        count: () => map().total,
        drawnAt: row => map().places({ from: row, to: row + 1 })[0] ?? null,
        placeOf: row => map().places({ from: row, to: row + 1 })[0] ?? null,
        rowOf: place => map().rowOf(place),
        offsetsIn: (first, last) => {
          const places = map()
            .places({ from: first, to: last + 1 })
            .filter(({ offset }) => !empty.includes(offset))
          return {
            seen: places.filter(({ offset }) => read(offset)).map(rangeAt),
            unseen: places.filter(({ offset }) => !read(offset)).map(rangeAt),
          }
        },
      },
      () => undefined,
    ),
  )!
  const told = () => marks.marks.value.all.ranges().map(({ partition, from, to }) => `${partition}: ${from}-${to - 1}`)
  return { marks, told, topic, id, shown, arrangement }
}

beforeEach(() => setActivePinia(createPinia()))

describe('marks', () => {
  it('are set and taken away one by one', () => {
    const { marks, told } = aScreen()
    marks.toggle(3)
    marks.toggle(12)
    expect(told()).toEqual(['0: 3-3', '1: 2-2'])
    expect([marks.isMarked(3), marks.isMarked(4)]).toEqual([true, false])
    marks.toggle(3)
    expect(told()).toEqual(['1: 2-2'])
  })

  it('grow from one row to another, and shrink when one goes back', () => {
    const { marks, told } = aScreen()
    marks.toggle(0)
    marks.extend(4, 5)
    marks.extend(5, 6)
    marks.extend(6, 7)
    expect(told()).toEqual(['0: 0-0', '0: 4-7'])
    marks.extend(7, 5)
    expect(told()).toEqual(['0: 0-0', '0: 4-5'])
    marks.extend(5, 2)
    expect(told()).toEqual(['0: 0-0', '0: 2-4'])
  })

  it('begin anew where a step without Shift led', () => {
    const { marks, told } = aScreen()
    marks.extend(1, 2)
    marks.extend(6, 7)
    expect(told()).toEqual(['0: 1-2', '0: 6-7'])
    marks.toggle(9)
    marks.extend(9, 8)
    expect(told()).toEqual(['0: 1-2', '0: 6-9'])
  })

  it('stay with their records when these stand in other rows', () => {
    const { marks, shown, arrangement } = aScreen()
    marks.extend(2, 4)
    shown.value = 'newest'
    arrangement.value = 'merged'
    const marked = Array.from({ length: 20 }, (_, row) => row).filter(row => marks.isMarked(row))
    expect(marked).toHaveLength(3)
    expect(marks.marks.value.all.size).toBe(3)
  })

  it('leave out offsets without a record, and tell which of them nobody has read', () => {
    const { marks, told } = aScreen({ read: offset => offset < 5, empty: [3] })
    marks.extend(2, 6)
    expect(told()).toEqual(['0: 2-2', '0: 4-6'])
    expect(marks.marks.value.unseen.size).toBe(2)
    marks.toggle(5)
    expect(marks.marks.value.unseen.size).toBe(1)
    marks.toggle(3)
    expect(told()).toEqual(['0: 2-2', '0: 4-4', '0: 6-6'])
  })

  it('know of a record that was read once, though it is marked again unread', () => {
    let isRead = true
    const { marks } = aScreen({ read: () => isRead })
    marks.toggle(2)
    isRead = false
    marks.markAll()
    expect([marks.marks.value.all.size, marks.marks.value.unseen.size]).toEqual([20, 19])
    isRead = true
    marks.extend(0, 19)
    expect(marks.marks.value.unseen.size).toBe(0)
  })

  it('that were cleared come back beside those that came since', () => {
    let isRead = false
    const { marks, told } = aScreen({ read: () => isRead })
    marks.extend(2, 3)
    const undo = marks.clear()
    isRead = true
    marks.toggle(3)
    marks.toggle(8)
    undo()
    expect(told()).toEqual(['0: 2-3', '0: 8-8'])
    expect(marks.marks.value.unseen.size).toBe(1)
  })

  it('are dropped with the topic', () => {
    const { marks, topic } = aScreen()
    marks.markAll()
    topic.value = 'payments'
    expect(marks.isMarking.value).toBe(false)
    topic.value = 'orders'
    marks.toggle(1)
    const undo = marks.clear()
    topic.value = 'payments'
    undo()
    expect(marks.isMarking.value).toBe(false)
  })

  it('are still there when one comes back from another screen', () => {
    aScreen().marks.toggle(3)
    expect(aScreen().told()).toEqual(['0: 3-3'])
  })

  it('are dropped when another topic has got the name, and not when it is only learned which one it is', () => {
    const { marks, told, id } = aScreen()
    marks.toggle(3)
    id.value = 'first'
    expect(told()).toEqual(['0: 3-3'])
    id.value = null
    id.value = 'second'
    expect(told()).toEqual([])
  })
})
