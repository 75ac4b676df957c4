import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { emptyForm, exactly, formFromText, formToText, problemOf, queryOf, SEARCH_MODES, type SearchForm } from './searchForm.ts'

const aForm = (changes: Partial<SearchForm>): SearchForm => ({ ...emptyForm(), ...changes })
const extents = [
  { partition: 0, start: 10, end: 100 },
  { partition: 1, start: 0, end: 30 },
]
const scope = { chosen: null, extents, order: 'newest' as const }

describe('what stands in the search bar', () => {
  it('comes back from a link as it was, whatever was typed', () => {
    const anything = fc.record({
      mode: fc.constantFrom(...SEARCH_MODES),
      text: fc.string(),
      predicate: fc.string(),
      isCaseSensitive: fc.boolean(),
    })
    fc.assert(
      fc.property(anything, changes => {
        expect(formFromText(formToText(aForm(changes)))).toEqual(aForm(changes))
      }),
    )
  })

  it('is its text in a link when there is nothing else to say', () => {
    expect(formToText(aForm({ text: 'refund' }))).toBe('refund')
    expect(formFromText('refund')).toEqual(aForm({ text: 'refund' }))
  })

  it.each(['{', '{"mode":"sql"}', '{"text":7}', '{"where":[]}'])('is nothing where a link was damaged: %s', text => {
    expect(formFromText(text)).toBeNull()
  })

  it.each([
    [aForm({}), 'nothing'],
    [aForm({ text: 'x' }), null],
    [aForm({ mode: 'regex', text: '(' }), 'regex'],
    [aForm({ mode: 'json', conditions: [{ part: 'value', path: '', operator: 'equals', value: '' }] }), 'nothing'],
    [aForm({ mode: 'json', conditions: [{ part: 'value', path: '', operator: 'equals', value: '7' }] }), 'condition'],
    [aForm({ mode: 'json', conditions: [{ part: 'value', path: ' ', operator: 'exists', value: '' }] }), 'condition'],
    [aForm({ text: 'x', bounds: 'offsets', from: '1,000', to: '5' }), 'backwards'],
    [aForm({ text: 'x', bounds: 'offsets', from: '-1' }), 'offset'],
    [aForm({ text: 'x', bounds: 'times', from: 'yesterday' }), 'time'],
  ])('says what is wrong with it', (form, problem) => expect(problemOf(form)).toBe(problem))
})

describe('the question to the host', () => {
  it('is about everything as of then, unless partitions or offsets were chosen', () => {
    expect(queryOf(aForm({ text: 'x' }), scope).ranges).toBeNull()
    expect(queryOf(aForm({ text: 'x' }), { ...scope, chosen: [1] }).ranges).toEqual([{ partition: 1, from: 0, to: 30 }])
  })

  it('stays within what there is, and leaves out what lies outside', () => {
    expect(queryOf(aForm({ text: 'x', bounds: 'offsets', from: '50', to: '1,000' }), scope).ranges).toEqual([
      { partition: 0, from: 50, to: 100 },
    ])
  })

  it('has times as times', () => {
    const query = queryOf(aForm({ text: 'x', bounds: 'times', from: '2026-01-31T10:00' }), scope)
    expect([query.fromMs, query.toMs, query.ranges]).toEqual([new Date(2026, 0, 31, 10).getTime(), null, null])
  })
})

it('finds one key and no other', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 20 }), fc.string({ maxLength: 20 }), (key, other) => {
      expect(new RegExp(exactly(key)).test(other)).toBe(key === other)
    }),
  )
})
