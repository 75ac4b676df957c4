import type { AuditEntry } from '../contract/audit.ts'
import { isChange } from '../contract/effects.ts'
import type { Contract, ServedContract } from '../contract/operations.ts'
import type { Clock } from '../env/env.ts'

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
])

/** The same services, of which every operation that changes something is written down once it has ended. */
export function audited<C extends Contract>(
  contract: C,
  services: ServedContract<C>,
  clock: Pick<Clock, 'now' | 'elapsed'>,
  record: RecordChange,
): ServedContract<C> {
  const begun = (subject: string, operation: string, input: unknown) => {
    const { clusterId, ...about } = summaryOf(input)
    const [atMs, since] = [clock.now(), clock.elapsed()]
    return (outcome: AuditEntry['outcome'], problem: unknown = null) =>
      record({
        atMs,
        tookMs: Math.round(clock.elapsed() - since),
        clusterId: typeof clusterId === 'string' ? clusterId : null,
        operation: `${subject}.${operation}`,
        about,
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
      try {
        yield* serve(input, signal)
        if (!signal.aborted) outcome = 'done'
      } catch (problem) {
        ;[outcome, why] = ['failed', problem]
        throw problem
      } finally {
        ended(outcome, why) // also when whoever listens walks away
      }
    }

  const subjects = Object.entries(contract).map(([subject, operations]) => {
    const service = services[subject] as unknown as Readonly<Record<string, Serve>>
    const served = Object.entries(operations).map(([operation, { kind }]) => {
      const serve = service[operation]!.bind(service)
      if (!isChange(subject, operation)) return [operation, serve]
      return [
        operation,
        kind === 'call'
          ? auditedCall(subject, operation, serve as (input: unknown) => Promise<unknown>)
          : auditedStream(subject, operation, serve as (input: unknown, signal: AbortSignal) => AsyncIterable<unknown>),
      ]
    })
    return [subject, Object.fromEntries(served)]
  })
  return Object.fromEntries(subjects) as ServedContract<C>
}

type Serve = (input: unknown, signal: AbortSignal) => unknown

/** Names and numbers of an input. Of lists, the names in them or how many they are; of texts and bytes of other kinds, nothing. */
function summaryOf(input: unknown): Record<string, string | number | boolean> {
  const summary: Record<string, string | number | boolean> = {}
  for (const [key, value] of Object.entries((input ?? {}) as Readonly<Record<string, unknown>>)) {
    if (typeof value === 'number' || typeof value === 'boolean') summary[key] = value
    else if (typeof value === 'string' && (key === 'clusterId' || NAMES.has(key))) summary[key] = value
    else if (Array.isArray(value)) summary[key] = listOf(value)
    else if (isPlain(value)) summary[key] = Object.keys(value).join(', ')
  }
  return summary
}

const MOST_NAMED = 20

function listOf(values: readonly unknown[]): string | number {
  const named = values.map(value => (isPlain(value) ? (value['name'] ?? value['partition']) : value))
  const isNamed = named.every(name => typeof name === 'number' || (typeof name === 'string' && isListOfNames(values)))
  return isNamed && named.length <= MOST_NAMED ? named.join(', ') : values.length
}

/** Texts in a list may be anything; what an object in a list calls its name is a name. */
const isListOfNames = (values: readonly unknown[]) => values.every(isPlain)

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)

const textOf = (problem: unknown) => (problem instanceof Error ? problem.message : String(problem))
