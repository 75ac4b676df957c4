// Adds up what the runners report. A runner that died without a report, or failed outside of its tests, counts as one failed test.

/** @typedef {{ passed: number, failed: number, skipped: number }} Tally */

/** @returns {Tally} */
export const nothing = () => ({ passed: 0, failed: 0, skipped: 0 })

/** A check that either holds or does not.
 * @param {number} status @returns {Tally} */
export const ofStatus = status => ({ ...nothing(), ...(status === 0 ? { passed: 1 } : { failed: 1 }) })

/** Vitest's JSON report.
 * @param {any} report @param {number} status @returns {Tally} */
export function ofVitest(report, status) {
  if (report === undefined) return atLeastOneFailed(nothing(), status)
  // A file that could not even be loaded has no test to fail.
  const unloadable = report.testResults.filter(
    file => file.status === 'failed' && !file.assertionResults.some(test => test.status === 'failed'),
  )
  return atLeastOneFailed(
    {
      passed: report.numPassedTests,
      failed: report.numFailedTests + unloadable.length,
      skipped: report.numPendingTests + report.numTodoTests,
    },
    status,
  )
}

/** Playwright's JSON report. A test that passed only in a later attempt has failed.
 * @param {any} report @param {number} status @returns {Tally} */
export function ofPlaywright(report, status) {
  if (report === undefined) return atLeastOneFailed(nothing(), status)
  const { expected, unexpected, flaky, skipped } = report.stats
  return atLeastOneFailed({ passed: expected, failed: unexpected + flaky, skipped }, status)
}

/** The tests of a Playwright listing that nobody could run.
 * @param {any} report @param {number} status @returns {Tally} */
export function notRun(report, status) {
  const count = suite => (suite.specs ?? []).flatMap(spec => spec.tests).length + sum((suite.suites ?? []).map(count))
  return report === undefined ? atLeastOneFailed(nothing(), status) : { ...nothing(), skipped: sum(report.suites.map(count)) }
}

/** @param {readonly Tally[]} tallies @returns {Tally} */
export const total = tallies => ({
  passed: sum(tallies.map(each => each.passed)),
  failed: sum(tallies.map(each => each.failed)),
  skipped: sum(tallies.map(each => each.skipped)),
})

/** @param {Tally} tally */
export const sentence = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`

const sum = numbers => numbers.reduce((sum, each) => sum + each, 0)

const atLeastOneFailed = (tally, status) => (status !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally)
