import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Reassignment } from '../../src-main/contract/reassignments.ts'
import { count } from '../composables/format.ts'
import { useFailureText } from '../composables/useFailureText.ts'
import { usePolling } from '../composables/usePolling.ts'
import { useOffersStore } from './offers.ts'
import { type PartitionName, useReassignmentsStore } from './reassignments.ts'
import { useToastsStore } from './toasts.ts'

const EVERY_MS = 2_000

/** What a screen needs to show moves under way, whoever began them, and to call them off: those of one topic, or all. Asks for them while the screen is there. */
export function useMovesUnderway(topic?: () => string): {
  readonly underway: ComputedRef<readonly Reassignment[]>
  readonly cancel: (moves: PartitionName[]) => Promise<void>
  readonly unthrottle: () => Promise<void>
} {
  const { t } = useI18n()
  const store = useReassignmentsStore()
  const offers = useOffersStore()
  const toasts = useToastsStore()
  const failureText = useFailureText()

  usePolling(async () => {
    if (offers.missing('ListPartitionReassignments') === undefined) await store.refresh()
  }, EVERY_MS)

  async function attempt(act: () => Promise<unknown>, done: string): Promise<void> {
    try {
      await act()
      toasts.show('neutral', done)
    } catch (error) {
      toasts.show('danger', t('moves.underway.failed'), failureText(error))
    }
  }
  return {
    underway: computed(() => store.underway.filter(each => topic === undefined || each.topic === topic())),
    cancel: moves => attempt(() => store.cancel(moves), t('moves.underway.cancelled', { n: count(moves.length) }, moves.length)),
    unthrottle: () => attempt(store.unthrottle, t('moves.underway.unthrottled')),
  }
}
