import { computed, shallowRef, watch } from 'vue'
import type { SchemaAssignment, SchemaPart, SchemaTrouble, SchemaVersion } from '../../../../src-main/contract/schemas.ts'
import { useSchemasStore } from '../../../stores/schemas.ts'

export type TopicSchema =
  | { readonly state: 'loading' }
  /** Neither a registry nor a file. */
  | { readonly state: 'none' }
  | { readonly state: 'noSubject'; readonly subject: string }
  | { readonly state: 'failed'; readonly trouble: SchemaTrouble }
  /** What was thrown, which is no trouble with a schema: the host is gone. */
  | { readonly state: 'broken'; readonly failure: unknown }
  | { readonly state: 'found'; readonly schema: SchemaVersion; readonly versions: readonly number[] }

/**
 * The schema of a topic's keys or values as it is now: what was chosen for it, else the latest version of its subject. `asked`: another subject, of
 * which somebody wants to see this.
 */
export function useTopicSchema(topic: () => string, part: () => SchemaPart, asked: () => string | null) {
  const store = useSchemasStore()
  const found = shallowRef<TopicSchema>({ state: 'loading' })
  const assignment = shallowRef<SchemaAssignment | null>(null)
  const subject = computed(() => {
    if (asked() !== null) return asked()
    if (assignment.value !== null) return assignment.value.kind === 'subject' ? assignment.value.subject : null
    return `${topic()}-${part()}`
  })
  let turn = 0

  async function find(): Promise<TopicSchema> {
    await store.load()
    const chosen = (await store.assignments(topic()))[part()]
    assignment.value = chosen
    if (chosen?.kind === 'file' && asked() === null) {
      const looked = await store.look(chosen)
      return looked.outcome === 'found'
        ? { state: 'found', schema: looked.found, versions: [] }
        : { state: 'failed', trouble: looked.trouble }
    }
    if (store.registry === null) return { state: 'none' }
    const name = subject.value ?? `${topic()}-${part()}`
    const versions = await store.versions(name)
    if (versions.outcome === 'failed') {
      return versions.trouble.code === 'notFound' ? { state: 'noSubject', subject: name } : { state: 'failed', trouble: versions.trouble }
    }
    const latest = versions.found.at(-1)
    if (latest === undefined) return { state: 'noSubject', subject: name }
    const version = await store.version(name, latest)
    if (version.outcome === 'failed') return { state: 'failed', trouble: version.trouble }
    return { state: 'found', schema: version.found, versions: versions.found }
  }

  async function again() {
    const mine = ++turn
    found.value = { state: 'loading' }
    let next: TopicSchema
    try {
      next = await find()
    } catch (failure) {
      next = { state: 'broken', failure }
    }
    if (mine === turn) found.value = next
  }

  watch([topic, part, asked, () => store.changes], () => void again(), { immediate: true })
  return { found, assignment, subject, again }
}
