import { mount } from '@vue/test-utils'
import { afterEach, describe, expect, it } from 'vitest'
import { nextTick } from 'vue'
import ConfirmByName from './ConfirmByName.vue'

const open = () =>
  mount(ConfirmByName, {
    props: {
      title: 'Delete topic orders?',
      text: 'All its records are deleted.',
      name: 'orders',
      nameLabel: 'Type orders to confirm',
      actLabel: 'Delete orders',
      cancelLabel: 'Cancel',
      closeLabel: 'Close',
    },
    attachTo: document.body,
  })
const button = (name: string) => [...document.querySelectorAll('button')].find(each => each.textContent?.trim() === name)!

describe('before something is destroyed', () => {
  afterEach(() => document.body.replaceChildren())

  it('its name has to be typed', async () => {
    const dialog = open()
    await nextTick()
    expect(button('Delete orders').disabled).toBe(true)
    const input = document.querySelector('input')!
    input.value = 'order'
    input.dispatchEvent(new Event('input'))
    await nextTick()
    expect(button('Delete orders').disabled).toBe(true)
    input.value = 'orders'
    input.dispatchEvent(new Event('input'))
    await nextTick()
    button('Delete orders').click()
    expect(dialog.emitted('confirm')).toHaveLength(1)
  })

  it('the dialog has a name and a way out', async () => {
    const dialog = open()
    await nextTick()
    const box = document.querySelector('[role=dialog]')!
    expect(document.getElementById(box.getAttribute('aria-labelledby') ?? '')?.textContent).toBe('Delete topic orders?')
    button('Cancel').click()
    expect(dialog.emitted('close')).toHaveLength(1)
  })
})
