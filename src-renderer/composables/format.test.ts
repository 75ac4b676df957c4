import { describe, expect, it } from 'vitest'
import { bytesText, countOr, distance, duration } from './format.ts'

describe('numbers', () => {
  it.each([
    [0, '='],
    [12_408, '+12,408'],
    [-12_408, '\u221212,408'],
  ])('%i as a distance is %s', (value, text) => expect(distance(value)).toBe(text))

  it('that nobody knows are an en dash, never 0', () => expect([countOr(null), countOr(0)]).toEqual(['\u2013', '0']))

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [999.6, '1.00 KB'],
    [12_345, '12.3 KB'],
    [1_210_000_000, '1.21 GB'],
    [999_600_000, '1.00 GB'],
  ])('%i bytes are %s', (value, text) => expect(bytesText(value)).toBe(text))

  it.each([
    [-5, '0 s'],
    [59_999, '59 s'],
    [846_000, '14 min 06 s'],
    [3_600_000, '1 h 00 min'],
    [90_000_000, '1 d 01 h'],
  ])('%i ms last %s', (ms, text) => expect(duration(ms)).toBe(text))
})
