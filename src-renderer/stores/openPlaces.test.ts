import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it } from 'vitest'
import { useOpenPlacesStore } from './openPlaces.ts'

const topic = (name: string, tab = 'messages') => ({ kind: 'topic', name, path: `/topics/${name}/${tab}` }) as const

describe('open places', () => {
  beforeEach(() => {
    sessionStorage.clear()
    setActivePinia(createPinia())
  })

  it('are opened once, and remember where in them one was', () => {
    const open = useOpenPlacesStore()
    open.visit(topic('a'))
    open.visit(topic('b'))
    open.visit(topic('a', 'config'))
    expect(open.places).toEqual([topic('a', 'config'), topic('b')])
  })

  it('give way to their neighbour when they are closed', () => {
    const open = useOpenPlacesStore()
    for (const name of ['a', 'b', 'c']) open.visit(topic(name))
    expect(open.close(topic('b'))?.name).toBe('c')
    expect(open.close(topic('c'))?.name).toBe('a')
    expect(open.close(topic('a'))).toBeUndefined()
    expect(open.close(topic('a'))).toBeUndefined()
  })

  it('can be put back where they were', () => {
    const open = useOpenPlacesStore()
    for (const name of ['a', 'b', 'c']) open.visit(topic(name))
    open.close(topic('b'))
    open.reopen(topic('b'), 1)
    expect(open.places.map(({ name }) => name)).toEqual(['a', 'b', 'c'])
  })

  it('are no more than a bar has room for', () => {
    const open = useOpenPlacesStore()
    for (let n = 0; n < 30; n++) open.visit(topic(`t${n}`))
    expect(open.places).toHaveLength(20)
    expect(open.places[0]?.name).toBe('t10')
  })
})
