import { useI18n } from 'vue-i18n'
import type { MissingOffsets, RunProgress } from '../../../../src-main/contract/records.ts'
import { count } from '../../../composables/format.ts'
import { useToldText } from '../../../composables/useFailureText.ts'
import type { RunEnd } from '../../../stores/recordRuns.ts'

/** In passing, nobody reads more. */
const NAMED = 4

type MissingTold = Pick<RunProgress, 'missing' | 'firstMissing'>

/** What became of records that were appended, in sentences. */
export function useRunWords() {
  const { t } = useI18n()
  const toldText = useToldText()

  const nameOf = ({ partition, from, to, why }: MissingOffsets) => {
    const at =
      to - from === 1
        ? t('marks.offset', { partition, from: count(from) })
        : t('marks.offsetRange', { partition, from: count(from), to: count(to - 1) })
    return t(`marks.missingWhy.${why}`, { at })
  }
  /** Picked records that are gone, by name: the first few of them, or as many as are known. */
  function missingText({ missing, firstMissing }: MissingTold, most = NAMED): string {
    if (missing === 0) return ''
    const named = firstMissing.slice(0, most)
    const rest = missing - named.reduce((sum, { from, to }) => sum + to - from, 0)
    const names = [...named.map(nameOf), ...(rest > 0 ? [t('marks.andMore', { n: count(rest) })] : [])]
    return t('marks.missing', { n: count(missing), list: names.join('; ') }, missing)
  }

  const problemText = ({ problem }: RunEnd) => (problem === null ? '' : toldText(problem))

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
    if (end.progress.missing > 0) sentences.push(missingText(end.progress))
    return sentences.join(' ')
  }
  /** For the status bar, while it goes on. */
  const soFar = ({ records, acknowledged }: RunProgress) => {
    const n = acknowledged > 0 ? acknowledged : records
    return t('transfer.soFar', { n: count(n) }, n)
  }
  return { appended, soFar, problemText, missingText }
}
