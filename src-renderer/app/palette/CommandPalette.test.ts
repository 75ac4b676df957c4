import { createPinia, setActivePinia } from 'pinia'
import { mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nextTick } from 'vue'
import { takeReadOnly } from '../../composables/useReadOnly.ts'
import { i18n } from '../../i18n/index.ts'
import { type Command, useCommandsStore } from '../../stores/commands.ts'
import CommandPalette from './CommandPalette.vue'

const settle = async () => {
  for (let n = 0; n < 5; n++) await nextTick()
}

describe('the command palette', () => {
  const ran: string[] = []
  const command = (id: string, title: string, more: Partial<Command> = {}): Command => ({
    id,
    kind: 'topic',
    title,
    run: () => ran.push(id),
    ...more,
  })
  const options = () => [...document.querySelectorAll('[role=option]')].map(each => each.textContent.trim())
  const field = () => document.querySelector<HTMLInputElement>('[role=combobox]')!
  const press = async (key: string) => {
    field().dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
    await settle()
  }
  const type = async (text: string) => {
    field().value = text
    field().dispatchEvent(new Event('input'))
    await settle()
  }
  async function open(commands: readonly Command[]) {
    const pinia = createPinia()
    setActivePinia(pinia)
    const store = useCommandsStore(pinia)
    store.add(() => commands)
    mount(CommandPalette, { global: { plugins: [pinia, i18n] }, attachTo: document.body })
    store.isOpen = true
    await settle()
    return store
  }

  beforeEach(() => {
    ran.length = 0
    localStorage.clear()
    takeReadOnly(false)
  })
  afterEach(() => document.body.replaceChildren())

  it('finds by some letters, and runs what was chosen with the arrows', async () => {
    const store = await open([command('a', 'orders'), command('b', 'orders.dead'), command('c', 'payments')])
    await type('ord')
    expect(options()).toHaveLength(2)
    await press('ArrowDown')
    await press('Enter')
    expect(ran).toEqual(['b'])
    expect(store.isOpen).toBe(false)
  })

  it('has no action that changes something in read-only mode', async () => {
    takeReadOnly(true)
    await open([command('kill', 'Kill broker 2', { kind: 'action', isChange: true }), command('copy', 'Copy servers', { kind: 'action' })])
    expect(options().join()).not.toContain('Kill')
    expect(options().join()).toContain('Copy')
  })

  it('draws no more of a thousand topics than a person reads, and says how many more there are', async () => {
    await open(Array.from({ length: 1_000 }, (_, n) => command(`topic:${n}`, `topic-${n}`)))
    expect(options()).toHaveLength(50)
    expect(document.body.textContent).toContain('950')
  })
})
