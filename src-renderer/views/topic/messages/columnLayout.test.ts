import { describe, expect, it } from 'vitest'
import { moved, pathsOf, plainLayout, resized, withColumn, withoutColumn } from './columnLayout.ts'

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

  it('go, but not all of them', () => {
    expect(withoutColumn(layout, 'value.total').keys).toEqual(plainLayout().keys)
    expect(withoutColumn({ keys: ['value'], widths: {} }, 'value').keys).toEqual(['value'])
  })

  it('are never so narrow or wide that nobody gets hold of them again', () => {
    expect(resized(layout, 'key', 3).widths).toEqual({ key: 48 })
    expect(resized(resized(layout, 'key', 9_999), 'key', null).widths).toEqual({})
  })
})
