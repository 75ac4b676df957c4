import { describe, expect, it } from 'vitest'
import { bestMatches, fuzzyScore } from './fuzzy.ts'

const best = (typed: string, texts: readonly string[]) =>
  bestMatches(
    texts,
    typed,
    text => [text],
    () => 0,
  )

describe('a fuzzy search', () => {
  it('wants every letter, in order', () => {
    expect(fuzzyScore('ord', 'orders')).toBeDefined()
    expect(fuzzyScore('osr', 'orders')).toBeUndefined()
  })

  it('puts the beginning of a word before its middle, and whole runs before scattered letters', () => {
    expect(best('pay', ['repay', 'play.ahead.yes', 'eu.payments', 'payments'])).toEqual([
      'payments',
      'eu.payments',
      'repay',
      'play.ahead.yes',
    ])
  })

  it('finds words by their first letters', () => {
    expect(best('kb2', ['Stop broker 2', 'Kill broker 2'])).toEqual(['Kill broker 2'])
  })

  it('keeps the order of what answers equally well, and puts what was used lately first', () => {
    const items = ['orders-a', 'orders-b']
    expect(best('orders', items)).toEqual(items)
    expect(
      bestMatches(
        items,
        'orders',
        text => [text],
        text => (text === 'orders-b' ? 50 : 0),
      ),
    ).toEqual(['orders-b', 'orders-a'])
  })
})
