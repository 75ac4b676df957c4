import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import SideSection from './SideSection.vue'

const items = Array.from({ length: 1_000 }, (_, n) => ({ key: `t${n}`, label: `topic-${n}`, path: `/topics/topic-${n}` }))

async function given(path = '/') {
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/:rest(.*)*', component: { template: '<p />' } }] })
  await router.push(path)
  const wrapper = mount(SideSection, {
    props: { label: 'Topics', items, from: 0, to: 40 },
    global: { plugins: [router] },
    attachTo: document.body,
  })
  return { router, wrapper }
}

describe('a tree of the side bar', () => {
  it('draws only what is in view, and is as long as all', async () => {
    const { wrapper } = await given()
    expect(wrapper.findAll('[role=treeitem]')).toHaveLength(40)
    expect(wrapper.get('[role=tree]').attributes('style')).toContain('24000px')
  })

  it('marks where one is', async () => {
    const { wrapper } = await given('/topics/topic-3/config')
    expect(wrapper.findAll('[aria-selected=true]').map(each => each.text())).toEqual(['topic-3'])
  })

  it('goes down from where one is, asks to be scrolled, and opens with Enter', async () => {
    const { wrapper, router } = await given('/topics/topic-3/messages')
    const tree = wrapper.get('[role=tree]')
    await tree.trigger('keydown', { key: 'ArrowDown' })
    expect(wrapper.emitted('reveal')).toEqual([[4]])
    await tree.trigger('keydown', { key: 'Enter' })
    await router.isReady()
    await new Promise(resolve => setTimeout(resolve))
    expect(router.currentRoute.value.path).toBe('/topics/topic-4')
  })
})
