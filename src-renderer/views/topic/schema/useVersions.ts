import { ref, shallowRef, watch } from 'vue'
import type { SchemaVersion } from '../../../../src-main/contract/schemas.ts'
import { useFailureText } from '../../../composables/useFailureText.ts'
import { useSchemasStore } from '../../../stores/schemas.ts'
import { useTrouble } from './useTrouble.ts'

/** Compared with nothing. */
export const NONE = 'none'

/** The chosen version of a subject, and the one that it is compared with. What cannot be had leaves in place what was there, and `failure` says why. */
export function useVersions(latest: SchemaVersion) {
  const store = useSchemasStore()
  const failureText = useFailureText()
  const troubleText = useTrouble()
  const chosen = ref(String(latest.version ?? ''))
  const other = ref(NONE)
  const shown = shallowRef<SchemaVersion>(latest)
  const compared = shallowRef<SchemaVersion | null>(null)
  const failure = ref('')

  async function versionOf(number: string): Promise<SchemaVersion | null> {
    if (number === String(latest.version)) return latest
    const found = await store.version(latest.subject ?? '', Number(number))
    if (found.outcome === 'found') return found.found
    failure.value = troubleText(found.trouble)
    return null
  }
  watch([chosen, other], async ([now, beside]) => {
    failure.value = ''
    if (beside === now) other.value = NONE
    try {
      const [one, two] = await Promise.all([versionOf(now), beside === NONE || beside === now ? null : versionOf(beside)])
      if (chosen.value !== now || (other.value !== beside && beside !== now)) return
      if (one !== null) shown.value = one
      compared.value = two
    } catch (problem) {
      failure.value = failureText(problem)
    }
  })
  return { chosen, other, shown, compared, failure }
}
