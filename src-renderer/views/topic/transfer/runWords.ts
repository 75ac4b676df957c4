import { useI18n } from 'vue-i18n'
import type { RunProgress } from '../../../../src-main/contract/records.ts'
import { count } from '../../../composables/format.ts'
import { useFailureText } from '../../../composables/useFailureText.ts'
import { BridgeError } from '../../../../src-main/contract/channel.ts'
import type { RunEnd } from '../../../stores/recordRuns.ts'

/** What became of records that were appended, in sentences. */
export function useRunWords() {
  const { t } = useI18n()
  const failureText = useFailureText()

  const problemText = ({ problem }: RunEnd) => (problem === null ? '' : failureText(new BridgeError({ ...problem, details: {} })))

  function appended(end: RunEnd, { isAnswered = true } = {}): string {
    const { acknowledged, perhaps, leftOut, undecided, firstUndecided } = end.progress
    const n = { n: count(acknowledged) }
    const sentences = [
      end.why === 'failed'
        ? t('transfer.failed', { ...n, why: problemText(end) }, acknowledged)
        : end.why === 'stopped'
          ? t('transfer.stopped', n, acknowledged)
          : isAnswered
            ? t('transfer.done', n, acknowledged)
            : t('transfer.sentOnly', n, acknowledged),
    ]
    if (perhaps > 0) sentences.push(t('transfer.perhaps', { n: count(perhaps) }))
    if (leftOut > 0) sentences.push(t('transfer.leftOut', { n: count(leftOut) }, leftOut))
    if (undecided > 0) sentences.push(t('transfer.undecided', { n: count(undecided), why: firstUndecided ?? '' }, undecided))
    return sentences.join(' ')
  }
  /** For the status bar, while it goes on. */
  const soFar = ({ records, acknowledged }: RunProgress) => {
    const n = acknowledged > 0 ? acknowledged : records
    return t('transfer.soFar', { n: count(n) }, n)
  }
  return { appended, soFar, problemText }
}
