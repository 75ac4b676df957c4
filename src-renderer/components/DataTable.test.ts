import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { h, nextTick } from 'vue'
import DataTable, { type Marking } from './DataTable.vue'

function aTable(count: number, selected: number | null = null) {
  return mount(DataTable, {
    props: { label: 'Topics', count, columns: [{ key: 'name', title: 'Name', width: '1fr' }], selected },
    slots: { row: ({ index }: { index: number }) => h('span', { role: 'gridcell' }, `row ${index}`) },
    attachTo: document.body,
  })
}
const lastSelected = (table: ReturnType<typeof aTable>) => table.emitted('update:selected')?.at(-1)?.[0]

describe('a table', () => {
  it('is one tab stop that knows how many rows it has, drawn or not', () => {
    const table = aTable(1_000_000)
    const grid = table.get('[role=grid]')
    expect(grid.attributes()).toMatchObject({ tabindex: '0', 'aria-label': 'Topics', 'aria-rowcount': '1000001' })
    expect(table.findAll('[role=gridcell]').length).toBeLessThan(100)
    expect(table.findAll('[tabindex]')).toHaveLength(1)
  })

  it.each([
    { key: 'ArrowDown', from: null, to: 0 },
    { key: 'ArrowDown', from: 4, to: 5 },
    { key: 'ArrowDown', from: 9, to: 9 },
    { key: 'ArrowUp', from: 4, to: 3 },
    { key: 'ArrowUp', from: 0, to: 0 },
    { key: 'Home', from: 4, to: 0 },
    { key: 'End', from: 4, to: 9 },
    { key: 'PageDown', from: 4, to: 5 }, // one row fits where nothing has a size
    { key: 'PageUp', from: 4, to: 3 },
  ])('goes from row $from to $to on $key', async ({ key, from, to }) => {
    const table = aTable(10, from)
    await table.get('[role=grid]').trigger('keydown', { key })
    expect(lastSelected(table) ?? from).toBe(to)
  })

  it('opens the selected row on Enter, and nothing without one', async () => {
    const table = aTable(10)
    await table.get('[role=grid]').trigger('keydown', { key: 'Enter' })
    expect(table.emitted('open')).toBeUndefined()
    await table.setProps({ selected: 3 })
    await table.get('[role=grid]').trigger('keydown', { key: 'Enter' })
    expect(table.emitted('open')).toEqual([[3]])
  })

  it('says which row is the active one', () => {
    const table = aTable(10, 2)
    const active = table.get('[role=grid]').attributes('aria-activedescendant')
    expect(table.get(`[id="${active}"]`).attributes()).toMatchObject({ 'aria-rowindex': '4', 'aria-selected': 'true' })
  })

  it('numbers its rows after the head', () => {
    expect(
      aTable(3)
        .findAll('[role=row]')
        .map(row => row.attributes('aria-rowindex')),
    ).toEqual(['1', '2', '3', '4'])
  })

  it('is sorted by a head, with the keyboard as with the mouse', async () => {
    const columns = [
      { key: 'name', title: 'Name', width: '1fr', canSort: true },
      { key: 'size', title: 'Size', width: '1fr', canSort: true },
    ]
    const table = mount(DataTable, {
      props: { label: 'Topics', count: 3, columns, sorting: { key: 'name', isDescending: false } },
      slots: { row: () => h('span', { role: 'gridcell' }) },
      attachTo: document.body,
    })
    expect(table.findAll('[role=columnheader]').map(head => head.attributes('aria-sort'))).toEqual(['ascending', 'none'])
    const grid = table.get('[role=grid]')
    for (const key of ['ArrowRight', 'ArrowRight', 'Enter']) await grid.trigger('keydown', { key })
    await table.findAll('[role=columnheader] button')[0]!.trigger('click')
    expect(table.emitted('sort')).toEqual([['size'], ['name']])
    expect(table.emitted('open')).toBeUndefined()
  })

  it('has its columns moved and made wider with the keyboard', async () => {
    const columns = ['name', 'size', 'lag'].map(key => ({ key, title: key, width: '100px', isResizable: true, isMovable: true }))
    const table = mount(DataTable, {
      props: { label: 'Topics', count: 3, columns },
      slots: { row: () => h('span', { role: 'gridcell' }) },
      attachTo: document.body,
    })
    const grid = table.get('[role=grid]')
    const press = (key: string, more: object = {}) => grid.trigger('keydown', { key, ...more })
    await press('ArrowRight', { altKey: true }) // no head was reached
    await press('ArrowRight')
    await press('ArrowRight')
    expect(grid.attributes('aria-activedescendant')).toMatch(/-head-size$/)
    await press('ArrowRight', { altKey: true })
    await press('ArrowLeft', { altKey: true })
    await press('ArrowRight', { altKey: true, shiftKey: true })
    await press('ArrowDown', { altKey: true, shiftKey: true })
    await press('Enter')
    expect(table.emitted('move')).toEqual([
      ['size', 'lag'],
      ['size', 'name'],
    ])
    expect(table.emitted('resize')).toEqual([
      ['size', 24],
      ['size', null],
    ])
    expect([table.emitted('sort'), table.emitted('open')]).toEqual([undefined, undefined])
  })

  it('gives a column that is dragged the place of another one, and takes a small movement for none', async () => {
    const columns = ['name', 'size', 'lag'].map(key => ({ key, title: key, width: '100px', canSort: true, isMovable: true }))
    const table = mount(DataTable, {
      props: { label: 'Topics', count: 3, columns },
      slots: { row: () => h('span', { role: 'gridcell' }) },
      attachTo: document.body,
    })
    const heads = table.findAll<HTMLElement>('[role=columnheader]')
    for (const [index, { element }] of heads.entries()) {
      element.getBoundingClientRect = () => new DOMRect(index * 100, 0, 100, 28)
    }
    const drag = async (from: number, to: number, end = 'pointerup') => {
      const head = heads[Math.floor(from / 100)]!
      await head.trigger('pointerdown', { button: 0, pointerId: 1, clientX: from })
      // No head hears of it where a quick hand is already beside it.
      window.dispatchEvent(new PointerEvent('pointermove', { clientX: to }))
      await nextTick()
      const mark = heads.map(each => each.classes().find(name => name.startsWith('drop')) ?? '')
      window.dispatchEvent(new PointerEvent(end, { clientX: to }))
      return mark
    }
    expect(await drag(20, 250)).toEqual(['', '', 'drop-after'])
    expect(await drag(250, 120)).toEqual(['', 'drop-before', ''])
    await drag(20, 23)
    await drag(20, 250, 'pointercancel')
    expect(table.emitted('move')).toEqual([
      ['name', 'lag'],
      ['lag', 'size'],
    ])
  })

  describe('whose rows can be marked', () => {
    const GAP = 3
    function aMarkableTable(selected: number | null = null, marked: readonly number[] = []) {
      const told: string[] = []
      const marking: Marking = {
        isAny: marked.length > 0,
        hint: 'Mark',
        isMarked: index => (index === GAP ? null : marked.includes(index)),
        toggle: index => void told.push(`toggle ${index}`),
        extend: (from, to) => void told.push(`extend ${from} to ${to}`),
        all: () => void told.push('all'),
      }
      const table = mount(DataTable, {
        props: { label: 'Messages', count: 10, columns: [{ key: 'name', title: 'Name', width: '1fr' }], selected, marking },
        slots: { row: ({ index }: { index: number }) => h('span', { role: 'gridcell' }, `row ${index}`) },
        attachTo: document.body,
      })
      const rows = () => table.findAll('[role=row]').slice(1)
      return { table, told, rows, grid: table.get('[role=grid]') }
    }

    it('says which are marked, and which one is the current one', () => {
      const { grid, rows } = aMarkableTable(1, [0, 2])
      expect(grid.attributes('aria-multiselectable')).toBe('true')
      expect(rows().map(row => row.attributes('aria-selected'))).toEqual(
        Array.from({ length: rows().length }, (_, index) => (index === GAP ? undefined : String(index === 0 || index === 2))),
      )
      expect(rows().map(row => row.find('[data-mark]').exists())[GAP]).toBe(false)
      expect(rows().map(row => row.attributes('aria-current') ?? '')[1]).toBe('true')
      expect(aTable(3, 1).get('[role=grid]').attributes('aria-multiselectable')).toBeUndefined()
    })

    it('marks with the keyboard: one, on the way to another, all', async () => {
      const { table, grid, told } = aMarkableTable(4)
      await grid.trigger('keydown', { key: ' ' })
      await grid.trigger('keydown', { key: 'ArrowDown', shiftKey: true })
      await table.setProps({ selected: 5 })
      await grid.trigger('keydown', { key: 'Home', shiftKey: true })
      await grid.trigger('keydown', { key: 'a', ctrlKey: true })
      await grid.trigger('keydown', { key: 'a', metaKey: true })
      await grid.trigger('keydown', { key: 'ArrowDown' })
      expect(told).toEqual(['toggle 4', 'extend 4 to 5', 'extend 5 to 0', 'all', 'all'])
    })

    it('marks with the mouse: with Ctrl one, with Shift all up to here, on its mark without either', async () => {
      const { table, rows, told } = aMarkableTable(1)
      await rows()[3]!.trigger('click', { ctrlKey: true })
      await table.setProps({ selected: 3 })
      await rows()[0]!.trigger('click', { shiftKey: true })
      await rows()[2]!.trigger('click')
      await rows()[2]!.get('[data-mark]').trigger('click')
      await rows()[2]!.get('[data-mark]').trigger('dblclick')
      expect(told).toEqual(['toggle 3', 'extend 3 to 0', 'toggle 2'])
      expect(table.emitted('open')).toBeUndefined()
      expect(table.emitted('update:selected')?.map(([index]) => index)).toEqual([3, 0, 2])
    })
  })
})
