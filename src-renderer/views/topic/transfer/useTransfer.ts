import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { LOCAL_CLUSTER } from '../../../../src-main/contract/common.ts'
import type { Compression, ExportFormat, ExportPlace, RecordSelection, ReplayTarget } from '../../../../src-main/contract/records.ts'
import { count } from '../../../composables/format.ts'
import { isInDesktop } from '../../../composables/isInDesktop.ts'
import { downloadFrom } from '../../../composables/saveFile.ts'
import { useBridge } from '../../../composables/useBridge.ts'
import { useFailureText } from '../../../composables/useFailureText.ts'
import { useRecordRuns, type RunEnd } from '../../../stores/recordRuns.ts'
import { useToastsStore } from '../../../stores/toasts.ts'
import { useMissingList } from './useMissingList.ts'
import { useRunWords } from './runWords.ts'

export interface WantedExport {
  readonly selection: RecordSelection
  readonly format: ExportFormat
  readonly name: string
}

export interface WantedReplay extends ReplayTarget {
  readonly selection: RecordSelection
  readonly compression: Compression
}

/** Exports and replays while one does something else: the status bar shows how far they are and ends them, a notice says what came of them. */
export function useTransfer() {
  const { t } = useI18n()
  const router = useRouter()
  const bridge = useBridge()
  const runs = useRecordRuns()
  const toasts = useToastsStore()
  const failureText = useFailureText()
  const { appended, soFar, problemText, missingText } = useRunWords()
  const { listAction } = useMissingList()

  function exported(end: RunEnd, place: ExportPlace | null) {
    const { why, problem } = end
    const { records, leftOut, undecided, firstUndecided } = end.progress
    const n = { n: count(records) }
    const title =
      why === 'done'
        ? t('transfer.exported', n, records)
        : why === 'stopped'
          ? t('transfer.exportStopped', n, records)
          : t('transfer.exportFailed', n, records)
    const sentences: string[] = problem === null ? [] : [problemText(end)]
    if (place?.kind === 'file') sentences.push(t(why === 'done' ? 'transfer.wholeFile' : 'transfer.partialFile', { path: place.path }))
    else if (why !== 'done') sentences.push(t('transfer.partialDownload'))
    if (leftOut > 0) sentences.push(t('transfer.tombstones', { n: count(leftOut) }, leftOut))
    if (undecided > 0) sentences.push(t('transfer.undecided', { n: count(undecided), why: firstUndecided ?? '' }, undecided))
    if (end.progress.missing > 0) sentences.push(missingText(end.progress))
    toasts.show(TONES[why], title, sentences.join(' '), listAction(end.progress))
  }

  async function exportRecords({ selection, format, name }: WantedExport) {
    let place: ExportPlace | null = null
    const to = isInDesktop() ? ('dialog' as const) : ('download' as const)
    try {
      const run = runs.follow(
        t('transfer.exportTask', { topic: selection.topic }),
        signal => bridge.records.export({ clusterId: LOCAL_CLUSTER, selection, format, to, name }, signal),
        {
          detail: soFar,
          begun: (_, at) => {
            place = at
            if (at?.kind === 'download') downloadFrom(at.path)
          },
        },
      )
      const end = await run.ended
      if (end !== null) exported(end, place)
    } catch (error) {
      toasts.show('danger', t('transfer.exportFailed', { n: count(0) }, 0), failureText(error))
    }
  }

  async function replay(wanted: WantedReplay) {
    const [from, to] = [wanted.selection.topic, wanted.toTopic]
    const open = { label: t('transfer.openTarget'), act: () => void router.push({ name: 'topic', params: { topic: to } }) }
    const title = (n: number) => t('transfer.replayed', { n: count(n), topic: to }, n)
    try {
      const run = runs.follow(
        t('transfer.replayTask', { from, to }),
        signal => bridge.records.replay({ clusterId: LOCAL_CLUSTER, ...wanted }, signal),
        { detail: soFar },
      )
      const end = await run.ended
      if (end !== null) toasts.show(TONES[end.why], title(end.progress.acknowledged), appended(end), open)
    } catch (error) {
      toasts.show('danger', title(0), failureText(error))
    }
  }
  return { exportRecords, replay }
}

const TONES = { done: 'ok', stopped: 'neutral', failed: 'danger' } as const
