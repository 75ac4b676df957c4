import type { TopicSummary } from '../../src-main/contract/topics.ts'

const LONGEST_NAME = 249

/** Kafka's metric names do not tell `.` from `_`, so topics that differ in them alone collide. */
const asMetric = (name: string) => name.replaceAll('.', '_')

/** What Kafka would say to a name for a new topic, as a key of `topics.problems`; undefined when it is fine. */
export function nameProblem(name: string, existing: readonly Pick<TopicSummary, 'name'>[]): string | undefined {
  if (name === '') return 'nameEmpty'
  if (name === '.' || name === '..') return 'nameDots'
  if (name.length > LONGEST_NAME) return 'nameLong'
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) return 'nameCharacters'
  if (existing.some(each => each.name === name)) return 'nameTaken'
  if (existing.some(each => asMetric(each.name) === asMetric(name))) return 'nameCollides'
  return undefined
}
