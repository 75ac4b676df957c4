import type { ConfigEntry, ConfigType } from '../../../../src-main/contract/configs.ts'
import type { ConfigChange } from '../../../../src-main/contract/topics.ts'

/** What somebody wants of a config: a value, or null for what counts without one. */
export type Edits = ReadonlyMap<string, string | null>

const IN_MS: Readonly<Record<string, bigint>> = { ms: 1n, seconds: 1_000n, minutes: 60_000n, hours: 3_600_000n }
const unitOf = (name: string) => IN_MS[name.slice(name.lastIndexOf('.') + 1)]

/** A value that stands behind a config, in the config's own unit: brokers have `log.retention.hours` for `retention.ms`. */
export function inUnitOf(entry: ConfigEntry, { name, value }: ConfigEntry['fallbacks'][number]): string | null {
  const [from, to] = [unitOf(name), unitOf(entry.name)]
  if (value === null || from === undefined || to === undefined || !/^\d+$/.test(value)) return value
  return String((BigInt(value) * from) / to)
}

/** What counts when the topic says nothing itself. Undefined where the cluster does not tell what stands behind. */
export function valueWithout(entry: ConfigEntry): string | null | undefined {
  const [next] = entry.fallbacks
  return entry.isDefault ? entry.value : next && inUnitOf(entry, next)
}

/** Kafka's own value, where the cluster tells. */
export function kafkaDefault(entry: ConfigEntry): string | null | undefined {
  if (entry.source === 'DEFAULT_CONFIG') return entry.value
  const last = entry.fallbacks.find(({ source }) => source === 'DEFAULT_CONFIG')
  return last && inUnitOf(entry, last)
}

/** Those set on the topic first, then by name; only those whose name or documentation holds what was typed. */
export function shownConfigs(entries: readonly ConfigEntry[], { filter, onlySet }: { filter: string; onlySet: boolean }): ConfigEntry[] {
  const wanted = filter.trim().toLowerCase()
  const rank = (entry: ConfigEntry) => (entry.isDefault ? 1 : 0)
  return entries
    .filter(entry => !onlySet || !entry.isDefault)
    .filter(({ name, documentation }) => name.includes(wanted) || (documentation ?? '').toLowerCase().includes(wanted))
    .toSorted((one, other) => rank(one) - rank(other) || (one.name < other.name ? -1 : 1))
}

const WHOLE: Partial<Record<ConfigType, bigint>> = { short: 2n ** 15n, int: 2n ** 31n, long: 2n ** 63n }

/** What is wrong with a value at first sight, as a key of `topicConfig.problems`. The cluster has the last word. */
export function valueProblem(type: ConfigType, value: string): string | undefined {
  const limit = WHOLE[type]
  if (limit !== undefined) {
    if (!/^-?\d+$/.test(value.trim())) return 'whole'
    const number = BigInt(value.trim())
    return number >= limit || number < -limit ? 'range' : undefined
  }
  if (type === 'double' && (value.trim() === '' || !Number.isFinite(Number(value)))) return 'number'
  if (type === 'boolean' && value !== 'true' && value !== 'false') return 'boolean'
  return undefined
}

export interface ConfigStep extends ConfigChange {
  readonly before: string | null
  /** What counts afterwards; undefined where nobody can say before it is so. */
  readonly after: string | null | undefined
}

/** What the edits would change, by name. An edit that leaves everything as it is, is none. */
export function stepsOf(entries: readonly ConfigEntry[], edits: Edits): ConfigStep[] {
  return entries.flatMap(entry => {
    const value = edits.get(entry.name)
    if (value === undefined) return []
    const isSame = value === null ? entry.isDefault : !entry.isDefault && !entry.isSensitive && value === entry.value
    return isSame ? [] : [{ name: entry.name, value, before: entry.value, after: value ?? valueWithout(entry) }]
  })
}

/** What takes these steps back. A sensitive value cannot be known, and so not be put back. */
export function stepsBack(entries: readonly ConfigEntry[], steps: readonly ConfigStep[]): ConfigChange[] | null {
  const back = steps.map(({ name }): ConfigChange | null => {
    const entry = entries.find(each => each.name === name)
    if (entry === undefined || (entry.isSensitive && !entry.isDefault)) return null
    return { name, value: entry.isDefault ? null : entry.value }
  })
  return back.every(each => each !== null) ? back : null
}
