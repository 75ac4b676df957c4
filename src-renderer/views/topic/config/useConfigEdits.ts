import { computed, shallowRef, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import type { ConfigEntry } from '../../../../src-main/contract/configs.ts'
import type { ConfigChange } from '../../../../src-main/contract/topics.ts'
import { count } from '../../../composables/format.ts'
import { useFailureText } from '../../../composables/useFailureText.ts'
import { usePolling } from '../../../composables/usePolling.ts'
import { useToastsStore } from '../../../stores/toasts.ts'
import { useTopicsStore } from '../../../stores/topics.ts'
import { type ConfigStep, type Edits, stepsBack, stepsOf, valueProblem } from './configRows.ts'

const EVERY_MS = 10_000

/** The configs of a topic as they are, what a person wants of them, and how the one becomes the other, and back. */
export function useConfigEdits(topic: () => string) {
  const { t } = useI18n()
  const topics = useTopicsStore()
  const toasts = useToastsStore()
  const failureText = useFailureText()
  const entries = shallowRef<readonly ConfigEntry[] | null>(null)
  const edits = shallowRef<Edits>(new Map())
  /** What the cluster refused, by name. */
  const refused = shallowRef<ReadonlyMap<string, string>>(new Map())

  const { failure, again } = usePolling(
    async () => {
      const asked = topic()
      const found = await topics.configs(asked)
      if (asked === topic()) entries.value = found
    },
    EVERY_MS,
    topic,
  )
  watch(topic, () => {
    entries.value = null
    discard()
  })
  const steps = computed(() => stepsOf(entries.value ?? [], edits.value))
  const problems = computed(() => {
    const found = new Map(refused.value)
    for (const { name, value } of steps.value) {
      const entry = entries.value?.find(each => each.name === name)
      const problem = value === null || entry === undefined ? undefined : valueProblem(entry.type, value)
      if (problem !== undefined) found.set(name, t(`topicConfig.problems.${problem}`))
    }
    return found
  })

  function discard() {
    edits.value = new Map()
    refused.value = new Map()
  }
  function edit(name: string, value: string | null | undefined) {
    const next = new Map(edits.value)
    if (value === undefined) next.delete(name)
    else next.set(name, value)
    edits.value = next
    refused.value = new Map([...refused.value].filter(([each]) => each !== name))
  }
  const check = (changes: ConfigChange[]) => topics.checkConfigs(topic(), changes)
  /** `done` is called once the cluster has taken it, before the configs are read again. */
  async function apply(wanted: readonly ConfigStep[], done: () => void) {
    const back = stepsBack(entries.value ?? [], wanted)
    const changed = topic()
    await topics.alterConfigs(
      changed,
      wanted.map(({ name, value }) => ({ name, value })),
    )
    edits.value = new Map()
    done()
    const undo = async () => {
      try {
        await topics.alterConfigs(changed, back ?? [])
        await again()
      } catch (error) {
        toasts.show('danger', t('topicConfig.notUndone'), failureText(error))
      }
    }
    const action = back === null ? null : { label: t('palette.undo'), act: () => void undo() }
    const names = wanted.map(({ name }) => name).join('\n')
    toasts.show('ok', t('topicConfig.applied', { n: count(wanted.length) }, wanted.length), names, action)
    await again()
  }
  return { entries, edits, refused, steps, problems, failure, again, edit, discard, check, apply }
}
