import { expect, it } from 'vitest'
import { throttleTexts } from './throttleTexts.ts'

const moves = { moves: 3, left: 1, problem: null }

it.each([
  { given: 'set by somebody else', removal: null, underway: 1, isReadOnly: false, keys: ['throttled', 'throttleOfOthers'] },
  { given: 'set here, moves under way', removal: moves, underway: 1, isReadOnly: false, keys: ['throttled', 'throttleGoes'] },
  {
    given: 'set here, moves ended',
    removal: { ...moves, left: 0 },
    underway: 0,
    isReadOnly: false,
    keys: ['throttleLeft', 'throttleGoesNow'],
  },
  { given: 'in read-only mode', removal: { ...moves, left: 0 }, underway: 0, isReadOnly: true, keys: ['throttleLeft', 'throttleWaits'] },
  {
    given: 'refused',
    removal: { moves: 3, left: 0, problem: 'denied' },
    underway: 2,
    isReadOnly: false,
    keys: ['throttled', 'throttleStays'],
  },
])('a throttle tells who ends it: $given', ({ removal, underway, isReadOnly, keys }) => {
  const texts = throttleTexts({ bytesPerSecond: 1, topics: [], removal }, underway, isReadOnly)
  expect(texts.map(([key]) => key)).toEqual(keys)
})
