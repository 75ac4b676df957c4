import { describe, expect, it } from 'vitest'
import { moved, movedTo, pathsOf, plainLayout, resized, sortedBy, unsorted, withColumn, withoutColumn } from './columnLayout.ts'

describe('the columns of a topic', () => {
  const layout = withColumn(plainLayout(), 'value.total')

  it('take a path in before the value, once', () => {
    expect(layout.keys).toEqual(['partition', 'offset', 'time', 'key', 'value.total', 'value', 'bytes'])
    expect(withColumn(layout, 'value.total')).toBe(layout)
    expect(pathsOf(layout)).toEqual(['value.total'])
  })

  it('move by one, and stay at the ends', () => {
    expect(moved(layout, 'value.total', -1).keys.indexOf('value.total')).toBe(3)
    expect(moved(layout, 'partition', -1).keys).toEqual(layout.keys)
  })

  it('move to where another one stands, from either side', () => {
    expect(movedTo(layout, 'partition', 'time').keys.slice(0, 3)).toEqual(['offset', 'time', 'partition'])
    expect(movedTo(layout, 'time', 'partition').keys.slice(0, 3)).toEqual(['time', 'partition', 'offset'])
    expect(movedTo(layout, 'time', 'gone')).toBe(layout)
  })

  it('sort one way, the other, and then no more; counts begin with the most', () => {
    const once = sortedBy(layout, 'key')
    expect(once.sorting).toEqual({ key: 'key', isDescending: false })
    expect(sortedBy(once, 'key').sorting).toEqual({ key: 'key', isDescending: true })
    expect(sortedBy(sortedBy(once, 'key'), 'key').sorting).toBeUndefined()
    expect(sortedBy(once, 'bytes').sorting).toEqual({ key: 'bytes', isDescending: true })
    expect(unsorted(resized(moved(once, 'key', 1), 'key', 90)).widths).toEqual({ key: 90 })
  })

  it('go, but not all of them', () => {
    expect(withoutColumn(layout, 'value.total').keys).toEqual(plainLayout().keys)
    expect(withoutColumn({ keys: ['value'], widths: {} }, 'value').keys).toEqual(['value'])
  })

  it('are never so narrow or wide that nobody gets hold of them again', () => {
    expect(resized(layout, 'key', 3).widths).toEqual({ key: 48 })
    expect(resized(resized(layout, 'key', 9_999), 'key', null).widths).toEqual({})
  })
})
