import type { AuditEntry } from '../contract/audit.ts'
import { effectOf } from '../contract/effects.ts'
import type { Contract, ServedContract } from '../contract/operations.ts'
import { RunItem } from '../contract/records.ts'
import type { Clock } from '../env/env.ts'
import { withOperations } from './withOperations.ts'

/** Where changes are written down. Never throws: what was done is done, whether or not it can be recorded. */
export type RecordChange = (entry: AuditEntry) => void

/** Inputs of these names say what was changed; what other texts say may be a value or a secret. */
const NAMES = new Set([
  'topic',
  'name',
  'groupId',
  'principal',
  'user',
  'resource',
  'resourceName',
  'to',
  'toTopic',
  'toCluster',
  'mechanism',
  'host',
  'permission',
  'operation',
  'resourceType',
  'patternType',
  'entityType',
  'entityName',
])

/** The same services, of which every operation that does more than read is written down once it has ended. */
export function audited<C extends Contract>(
  contract: C,
  services: ServedContract<C>,
  clock: Pick<Clock, 'now' | 'elapsed'>,
  record: RecordChange,
): ServedContract<C> {
  const begun = (subject: string, operation: string, input: unknown) => {
    const { clusterId, ...asked } = summaryOf(input)
    const [atMs, since] = [clock.now(), clock.elapsed()]
    return (outcome: AuditEntry['outcome'], problem: unknown = null, done: AuditEntry['about'] = {}) =>
      record({
        atMs,
        tookMs: Math.round(clock.elapsed() - since),
        clusterId: typeof clusterId === 'string' ? clusterId : null,
        operation: `${subject}.${operation}`,
        about: { ...asked, ...done },
        outcome,
        problem: problem === null ? null : textOf(problem),
      })
  }
  const auditedCall =
    (subject: string, operation: string, serve: (input: unknown) => Promise<unknown>) =>
    async (input: unknown): Promise<unknown> => {
      const ended = begun(subject, operation, input)
      try {
        const answer = await serve(input)
        ended('done')
        return answer
      } catch (problem) {
        ended('failed', problem)
        throw problem
      }
    }
  const auditedStream = (subject: string, operation: string, serve: (input: unknown, signal: AbortSignal) => AsyncIterable<unknown>) =>
    async function* (input: unknown, signal: AbortSignal): AsyncGenerator {
      const ended = begun(subject, operation, input)
      let [outcome, why]: [AuditEntry['outcome'], unknown] = ['stopped', null]
      let last: unknown
      try {
        for await (const item of serve(input, signal)) {
          last = item
          yield item
        }
        if (!signal.aborted) outcome = 'done'
      } catch (problem) {
        ;[outcome, why] = ['failed', problem]
        throw problem
      } finally {
        const told = toldBy(last)
        ended(told.outcome ?? outcome, told.problem ?? why, told.done) // also when whoever listens walks away
      }
    }

  return withOperations(contract, services, ({ subject, name, kind }, serve) => {
    if (effectOf(subject, name) === 'reads') return serve
    return kind === 'call'
      ? auditedCall(subject, name, serve as (input: unknown) => Promise<unknown>)
      : auditedStream(subject, name, serve as (input: unknown, signal: AbortSignal) => AsyncIterable<unknown>)
  })
}

/** How many records a run has stored, and how it came out, when its last item says so. */
function toldBy(item: unknown): { outcome?: AuditEntry['outcome']; problem?: string; done: AuditEntry['about'] } {
  const last = RunItem.safeParse(item).data
  if (last === undefined || last.type === 'begun') return { done: {} }
  const { acknowledged, perhaps } = last.progress
  const done = perhaps > 0 ? { acknowledged, perhaps } : { acknowledged }
  if (last.type === 'progress') return { done }
  return { outcome: last.why, ...(last.problem === null ? {} : { problem: last.problem.message }), done }
}

/** Names and numbers of an input. Of lists, the names in them or how many they are; of texts and bytes of other kinds, nothing. */
function summaryOf(input: unknown): Record<string, string | number | boolean> {
  const summary: Record<string, string | number | boolean> = {}
  for (const [key, value] of Object.entries((input ?? {}) as Readonly<Record<string, unknown>>)) {
    if (typeof value === 'number' || typeof value === 'boolean') summary[key] = value
    else if (typeof value === 'string' && (key === 'clusterId' || NAMES.has(key))) summary[key] = value
    else if (Array.isArray(value)) summary[key] = listOf(value)
    // Of records that were selected, it is the topic that has a name.
    else if (isPlain(value)) summary[key] = typeof value['topic'] === 'string' ? value['topic'] : Object.keys(value).join(', ')
  }
  return summary
}

const MOST_NAMED = 20

function listOf(values: readonly unknown[]): string | number {
  const named = values.map(nameOf)
  return named.includes(undefined) || named.length > MOST_NAMED ? values.length : named.join(', ')
}

/** What an object in a list calls its name is a name, and so are its parts of such names. Texts in a list may be anything. */
function nameOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  if (!isPlain(value)) return undefined
  const { topic, partition } = value
  if (typeof topic === 'string' && typeof partition === 'number') return `${topic}-${partition}`
  const name = value['name'] ?? partition
  if (typeof name === 'string' || typeof name === 'number') return String(name)
  const parts = Object.entries(value).flatMap(([key, part]) => {
    if (!NAMES.has(key)) return []
    return typeof part === 'string' ? part : '<default>'
  })
  return parts.length === 0 ? undefined : parts.join(' ')
}

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)

const textOf = (problem: unknown) => (problem instanceof Error ? problem.message : String(problem))
