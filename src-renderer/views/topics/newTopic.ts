import type { TopicSummary } from '../../../src-main/contract/topics.ts'
import { nameProblem } from '../../composables/topicName.ts'
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

const MOST_PARTITIONS = 10_000

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
