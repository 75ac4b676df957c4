import type { TopicSummary } from '../../../src-main/contract/topics.ts'
import type { NewTopic } from '../../stores/topics.ts'

/** A topic as it stands in the form. Empty means: as the cluster decides. */
export interface TopicForm {
  readonly name: string
  readonly partitions: string
  readonly replicationFactor: string
  readonly cleanupPolicy: string
  readonly retentionMs: string
  readonly minInsyncReplicas: string
}

/** What Kafka would say to it, as keys of `topics.problems`; a field without an entry is fine. */
export type Problems = Partial<Record<keyof TopicForm, string>>

const LONGEST_NAME = 249
const MOST_PARTITIONS = 10_000

/** Kafka's metric names do not tell `.` from `_`, so topics that differ in them alone collide. */
const asMetric = (name: string) => name.replaceAll('.', '_')

export function nameProblem(name: string, existing: readonly Pick<TopicSummary, 'name'>[]): string | undefined {
  if (name === '') return 'nameEmpty'
  if (name === '.' || name === '..') return 'nameDots'
  if (name.length > LONGEST_NAME) return 'nameLong'
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) return 'nameCharacters'
  if (existing.some(each => each.name === name)) return 'nameTaken'
  if (existing.some(each => asMetric(each.name) === asMetric(name))) return 'nameCollides'
  return undefined
}

function wholeNumber(text: string): number | null | undefined {
  if (text.trim() === '') return null
  return /^-?\d{1,15}$/.test(text.trim()) ? Number(text) : undefined
}

export function problemsOf(form: TopicForm, existing: readonly Pick<TopicSummary, 'name'>[], brokers: number): Problems {
  const problems: Problems = {}
  const name = nameProblem(form.name, existing)
  if (name !== undefined) problems.name = name

  const partitions = wholeNumber(form.partitions)
  if (partitions === undefined || (partitions !== null && (partitions < 1 || partitions > MOST_PARTITIONS)))
    problems.partitions = 'partitions'

  const factor = wholeNumber(form.replicationFactor)
  if (factor === undefined || (factor !== null && factor < 1)) problems.replicationFactor = 'replicationFactor'
  else if (factor !== null && brokers > 0 && factor > brokers) problems.replicationFactor = 'replicationFactorBrokers'

  const retention = wholeNumber(form.retentionMs)
  if (retention === undefined || (retention !== null && retention < -1)) problems.retentionMs = 'retentionMs'

  const insync = wholeNumber(form.minInsyncReplicas)
  if (insync === undefined || (insync !== null && insync < 1)) problems.minInsyncReplicas = 'minInsyncReplicas'
  else if (insync !== null && typeof factor === 'number' && insync > factor) problems.minInsyncReplicas = 'minInsyncReplicasFactor'
  return problems
}

/** The form as the bridge takes it. Only for a form without problems. */
export function toNewTopic(form: TopicForm): NewTopic {
  const configs = {
    'cleanup.policy': form.cleanupPolicy,
    'retention.ms': form.retentionMs.trim(),
    'min.insync.replicas': form.minInsyncReplicas.trim(),
  }
  return {
    name: form.name,
    partitions: wholeNumber(form.partitions) ?? null,
    replicationFactor: wholeNumber(form.replicationFactor) ?? null,
    configs: Object.fromEntries(Object.entries(configs).filter(([, value]) => value !== '')),
  }
}
