/** What must hold between configs, beyond what each of them says of its own values. */
import { assert } from '../base/assert.ts'
import { parseConfigValue, serverConfigDefinitions } from './configDefinitions.ts'

/** A value's text as it would be, by a broker config's name; null where nothing is set and there is no default. */
export type BrokerValue = (name: string) => string | null

/** Pools that grow and shrink in steps, because every step is felt. */
const POOLS: readonly string[] = [
  'num.io.threads',
  'num.network.threads',
  'num.replica.fetchers',
  'num.recovery.threads.per.data.dir',
  'background.threads',
  'log.cleaner.threads',
]

const LEAST_DEDUPE_BYTES_PER_THREAD = 1024 * 1024

/** They belong to one listener: `listener.name.<listener>.` comes first. */
const OF_A_LISTENER = /^ssl\.(?:keystore|truststore)\.|^ssl\.key\.password$/

/** Why a broker's configs cannot become what `after` says, when these change; undefined when they can. */
export function brokerConfigsProblem(
  changed: Iterable<string>,
  { before, after }: { readonly before: BrokerValue; readonly after: BrokerValue },
): string | undefined {
  const names = new Set(changed)
  for (const name of names) {
    if (OF_A_LISTENER.test(name)) return `${name} can only be changed for one listener, with the prefix listener.name and its name.`
    if (!POOLS.includes(name)) continue
    const [now, next] = [numberOf(name, before), numberOf(name, after)]
    if (next < Math.max(1, Math.floor(now / 2)) || next > now * 2) {
      return `${name} is ${now}, and can be changed to half or twice of that at most at a time.`
    }
  }
  if (names.has('log.cleaner.threads') || names.has('log.cleaner.dedupe.buffer.size')) {
    const threads = Math.max(1, numberOf('log.cleaner.threads', after))
    if (numberOf('log.cleaner.dedupe.buffer.size', after) < threads * LEAST_DEDUPE_BYTES_PER_THREAD) {
      return 'log.cleaner.dedupe.buffer.size must be at least 1 MiB for each of log.cleaner.threads.'
    }
  }
  const overrides = after('max.connections.per.ip.overrides') ?? ''
  if (names.has('max.connections.per.ip') && numberOf('max.connections.per.ip', after) === 0 && overrides === '') {
    return 'max.connections.per.ip can only be 0 when there are max.connections.per.ip.overrides.'
  }
  if (
    names.has('max.connections.per.ip.overrides') &&
    overrides !== '' &&
    !overrides.split(',').every(each => /^\s*\S+:\d+\s*$/.test(each))
  ) {
    return 'max.connections.per.ip.overrides is a list of host:count.'
  }
  for (const kind of ['consumer', 'share', 'streams']) {
    const name = `group.${kind}.assignment.interval.ms`
    const problem = names.has(name) ? outside(name, after(name), `group.${kind}`, 'assignment.interval.ms', after) : undefined
    if (problem !== undefined) return problem
  }
  return undefined
}

/** What the brokers bound by a least and a greatest value, by the name behind `group.<kind>.min.` and `group.<kind>.max.`. */
const BOUNDED: readonly string[] = [
  'session.timeout.ms',
  'heartbeat.interval.ms',
  'assignment.interval.ms',
  'record.lock.duration.ms',
  'delivery.count.limit',
  'partition.max.record.locks',
]

/** Why a group cannot have these configs, as they are set for it: the brokers say what is least and greatest (KIP-848, KIP-932, KIP-1071). */
export function groupConfigsProblem(set: ReadonlyMap<string, string>, broker: BrokerValue): string | undefined {
  for (const kind of ['consumer', 'share', 'streams']) {
    for (const what of BOUNDED) {
      const name = `${kind}.${what}`
      const value = set.get(name)
      const problem = value === undefined ? undefined : outside(name, value, `group.${kind}`, what, broker)
      if (problem !== undefined) return problem
    }
    // What is not set for the group has the value of the broker, which has been checked.
    const holding = (what: string) => Number(set.get(`${kind}.${what}`) ?? broker(`group.${kind}.${what}`))
    if (set.has(`${kind}.session.timeout.ms`) || set.has(`${kind}.heartbeat.interval.ms`)) {
      if (holding('session.timeout.ms') <= holding('heartbeat.interval.ms')) {
        return `${kind}.session.timeout.ms must be greater than ${kind}.heartbeat.interval.ms.`
      }
    }
  }
  const standbys = set.get('streams.num.standby.replicas')
  if (standbys !== undefined && Number(standbys) > numberOf('group.streams.max.standby.replicas', broker)) {
    return 'streams.num.standby.replicas must not be greater than group.streams.max.standby.replicas.'
  }
  return undefined
}

function outside(name: string, value: string | null, prefix: string, what: string, broker: BrokerValue): string | undefined {
  const [least, greatest] = [`${prefix}.min.${what}`, `${prefix}.max.${what}`]
  if (serverConfigDefinitions.has(least) && Number(value) < numberOf(least, broker)) {
    return `${name} must not be less than ${least}, which is ${numberOf(least, broker)}.`
  }
  if (serverConfigDefinitions.has(greatest) && Number(value) > numberOf(greatest, broker)) {
    return `${name} must not be greater than ${greatest}, which is ${numberOf(greatest, broker)}.`
  }
  return undefined
}

function numberOf(name: string, valueOf: BrokerValue): number {
  const definition = serverConfigDefinitions.get(name)
  assert(definition !== undefined, () => `there is a broker config ${name}`)
  const parsed = parseConfigValue(definition.type, valueOf(name) ?? '')
  assert('value' in parsed, () => `${name} has been checked before`)
  return parsed.value as number
}
