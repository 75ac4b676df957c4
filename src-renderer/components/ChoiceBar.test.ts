import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import ChoiceBar from './ChoiceBar.vue'

const options = [
  { value: 'json', label: 'JSON' },
  { value: 'text', label: 'Text', disabled: true },
  { value: 'hex', label: 'Hex' },
]

describe('a choice of one', () => {
  it('is one tab stop, at what is chosen', () => {
    const bar = mount(ChoiceBar, { props: { label: 'Shown as', options, modelValue: 'hex' } })
    expect(bar.findAll('[role=radio]').map(radio => radio.attributes('tabindex'))).toEqual(['-1', '-1', '0'])
  })

  it.each([
    { key: 'ArrowRight', from: 'json', to: 'hex' },
    { key: 'ArrowRight', from: 'hex', to: 'json' },
    { key: 'ArrowLeft', from: 'hex', to: 'json' },
  ])('goes on $key from $from to $to, past what cannot be chosen', async ({ key, from, to }) => {
    const bar = mount(ChoiceBar, { props: { label: 'Shown as', options, modelValue: from } })
    await bar.get('[aria-checked=true]').trigger('keydown', { key })
    expect(bar.emitted('update:modelValue')).toEqual([[to]])
  })
})
