import { describe, expect, it } from 'vitest'
import { ref, shallowRef } from 'vue'
import { useNameFilter } from './useNameFilter.ts'

describe('a filter by name', () => {
  it('leaves in what holds the typed text in either case, in the order in which it is', () => {
    const typed = ref('')
    const shown = useNameFilter(ref(['Orders', 'payments', 'reORDERed']), name => name, typed)
    expect(shown.value).toEqual(['Orders', 'payments', 'reORDERed'])
    typed.value = ' order '
    expect(shown.value).toEqual(['Orders', 'reORDERed'])
    typed.value = 'none'
    expect(shown.value).toEqual([])
  })

  it('asks for names when there are other items, not with each key', () => {
    let asked = 0
    const items = shallowRef(['a', 'b', 'c'])
    const typed = ref('a')
    const shown = useNameFilter(items, name => (asked++, name), typed)
    for (const text of ['a', 'b', 'c', '', 'a']) {
      typed.value = text
      expect(shown.value).toHaveLength(text === '' ? 3 : 1)
    }
    expect(asked).toBe(3)
    items.value = ['aa', 'b']
    expect(shown.value).toEqual(['aa'])
    expect(asked).toBe(5)
  })
})
