import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import JsonTree from './JsonTree.vue'

function aTree(text: string) {
  const tree = mount(JsonTree, { props: { text, label: 'Value', keyHint: 'Show as a column' }, attachTo: document.body })
  const press = async (...keys: string[]) => {
    for (const key of keys) await tree.get('[role=tree]').trigger('keydown', { key })
  }
  return { tree, press, taken: () => tree.emitted('take')?.map(([path]) => path) }
}

describe('JSON as a tree, with the keyboard', () => {
  it('gives the key of a line, and each of those that share a line', async () => {
    const { tree, press, taken } = aTree('{"customer": {"id": "c-1", "tier": "gold"}, "total": 5}')
    await press('ArrowDown', 'Enter', 'ArrowRight', 'Enter', 'ArrowRight', 'ArrowRight', 'Enter', 'ArrowLeft', 'Enter')
    expect(taken()).toEqual([['customer'], ['customer', 'id'], ['customer', 'tier'], ['customer', 'id']])
    expect(tree.get('.chosen').text()).toBe('"id"')
    await press('ArrowDown', 'Enter')
    expect(taken()?.at(-1)).toEqual(['total'])
    expect(tree.find('.chosen').exists()).toBe(false)
  })

  it('folds, unfolds, and goes out to what a line is in', async () => {
    const { tree, press } = aTree('{"lines": [{"sku": "a", "parts": [{"n": 1}]}]}')
    const expanded = () => tree.findAll('[role=treeitem]')[1]!.attributes('aria-expanded')
    await press('ArrowDown', 'ArrowLeft')
    expect(expanded()).toBe('false')
    await press('ArrowRight')
    expect(expanded()).toBe('true')
    await press('ArrowDown', 'ArrowDown', 'ArrowLeft')
    expect(tree.findAll('[role=treeitem]')[2]!.attributes('aria-selected')).toBe('true')
  })
})
