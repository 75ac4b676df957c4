import { useI18n } from 'vue-i18n'
import { count } from '../../../composables/format.ts'
import { useToastsStore } from '../../../stores/toasts.ts'
import type { Marks } from '../../../stores/marks.ts'
import type { SearchRun } from './searchRun.ts'

/** What is said of marks in passing: mostly what "all" did not take in. */
export function useMarkWords() {
  const { t } = useI18n()
  const toasts = useToastsStore()
  const n = (number: number) => ({ n: count(number) })

  return {
    sayCut: () => toasts.show('danger', t('marks.cut.title'), t('marks.cut.text')),
    sayTooMany: () => toasts.show('danger', t('marks.tooMany.title'), t('marks.tooMany.text')),
    sayCleared: ({ all }: Marks, undo: () => void) =>
      toasts.show('neutral', t('marks.cleared', n(all.size), all.size), '', { label: t('marks.undo'), act: undo }),
    sayAllOffsets: ({ unseen }: Marks, newer: number) => {
      const sentences = []
      if (unseen.size > 0) sentences.push(t('marks.all.unseen', n(unseen.size), unseen.size))
      if (newer > 0) sentences.push(t('marks.all.newer', n(newer), newer))
      toasts.show('neutral', t('marks.all.offsets'), sentences.join(' '))
    },
    sayAllHits: ({ hits, notKeptCount, state, why }: SearchRun) => {
      const sentences = []
      if (notKeptCount > 0) sentences.push(t('marks.all.notKept', n(notKeptCount), notKeptCount))
      if (state === 'running' || why !== 'completed') sentences.push(t('marks.all.notScanned'))
      toasts.show('neutral', t('marks.all.hits', n(hits.length), hits.length), sentences.join(' '))
    },
    sayAllLive: (kept: number, dropped: number) =>
      toasts.show('neutral', t('marks.all.live', n(kept), kept), dropped > 0 ? t('marks.all.dropped', n(dropped), dropped) : ''),
  }
}
