import { describe, expect, it } from 'vitest'
import { notRun, ofPlaywright, ofStatus, ofVitest, sentence, total } from './tally.mjs'

const vitestReport = (over: object = {}) => ({
  numPassedTests: 5,
  numFailedTests: 0,
  numPendingTests: 1,
  numTodoTests: 0,
  testResults: [],
  ...over,
})

describe('the sum over all runners', () => {
  it('counts a check as one test', () => {
    expect(total([ofStatus(0), ofStatus(2)])).toEqual({ passed: 1, failed: 1, skipped: 0 })
  })

  it('counts what vitest and playwright ran', () => {
    const playwright = ofPlaywright({ stats: { expected: 3, unexpected: 0, flaky: 0, skipped: 2 } }, 0)
    expect(total([ofVitest(vitestReport(), 0), playwright])).toEqual({ passed: 8, failed: 0, skipped: 3 })
  })

  it('counts a file that could not be loaded', () => {
    const testResults = [
      { status: 'failed', assertionResults: [] },
      { status: 'failed', assertionResults: [{ status: 'failed' }] },
    ]
    expect(ofVitest(vitestReport({ numFailedTests: 1, testResults }), 1).failed).toBe(2)
  })

  it.each([
    ['died without a report', ofVitest(undefined, 139)],
    ['failed outside of its tests', ofVitest(vitestReport(), 1)],
    ['died in the browser', ofPlaywright(undefined, 1)],
  ])('counts a runner that %s as a failure', (_why, tally) => expect(tally.failed).toBe(1))

  it('counts a flaky test as failed', () => {
    expect(ofPlaywright({ stats: { expected: 1, unexpected: 0, flaky: 1, skipped: 0 } }, 0).failed).toBe(1)
  })

  it('never counts a test that nobody could run as passed', () => {
    const listing = { suites: [{ specs: [{ tests: [{}, {}] }], suites: [{ specs: [{ tests: [{}] }] }] }] }
    expect(notRun(listing, 0)).toEqual({ passed: 0, failed: 0, skipped: 3 })
  })

  it('says it in one line', () => {
    expect(sentence({ passed: 7, failed: 0, skipped: 0 })).toBe('7 passed, 0 failed')
    expect(sentence({ passed: 7, failed: 1, skipped: 2 })).toBe('7 passed, 1 failed, 2 skipped')
  })
})
