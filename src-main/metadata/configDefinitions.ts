import { assert } from '../base/assert.ts'
import { brokerConfigTable } from './brokerConfigTable.ts'
import { type ConfigResourceType, configResourceType } from './configResource.ts'
import { clientMetricsConfigTable, groupConfigTable } from './groupConfigTable.ts'
import { topicConfigTable } from './topicConfigTable.ts'

export type ConfigType = 'boolean' | 'string' | 'int' | 'short' | 'long' | 'double' | 'list' | 'class' | 'password'

/** The numbers of DescribeConfigs v3+. */
export const configTypeCodes: Readonly<Record<ConfigType, number>> = {
  boolean: 1,
  string: 2,
  int: 3,
  short: 4,
  long: 5,
  double: 6,
  list: 7,
  class: 8,
  password: 9,
}

/** A broker config from which another takes its default. */
export interface ConfigSynonym {
  readonly name: string
  /** The broker's value times this is the value, when the two count in different units; 1 otherwise. */
  readonly factor: number
}

export interface ConfigDefinition {
  readonly name: string
  readonly type: ConfigType
  /** As text, like every value; null is "not set". */
  readonly default: string | null
  /** The start fails without a value. */
  readonly required: boolean
  /** Of the broker: how it may be altered while running. Everything else always may. */
  readonly alterable: 'readOnly' | 'perBroker' | 'clusterWide'
  /** In the order in which they are asked. */
  readonly synonyms: readonly ConfigSynonym[]
  /** Accepted, but not listed. */
  readonly internal: boolean
  /** One sentence. */
  readonly documentation: string
  /** What is wrong with a value of the right type; undefined when nothing is. */
  readonly objection: (value: ConfigValue) => string | undefined
}

/** A parsed value. A `long` beyond 2^53 is rounded, which only Java's "no limit" is. */
export type ConfigValue = boolean | number | string | readonly string[]

export const INT_MAX = '2147483647'
export const LONG_MAX = '9223372036854775807'

const ranges: Partial<Record<ConfigType, readonly [bigint, bigint]>> = {
  short: [-32768n, 32767n],
  int: [-2147483648n, 2147483647n],
  long: [-9223372036854775808n, 9223372036854775807n],
}

/** Reads a value's text as its type says. */
export function parseConfigValue(type: ConfigType, text: string): { readonly value: ConfigValue } | { readonly problem: string } {
  const trimmed = text.trim()
  switch (type) {
    case 'boolean': {
      const lower = trimmed.toLowerCase()
      return lower === 'true' || lower === 'false' ? { value: lower === 'true' } : { problem: 'expected true or false' }
    }
    case 'short':
    case 'int':
    case 'long': {
      if (!/^[+-]?\d{1,20}$/.test(trimmed)) return { problem: `not a number of type ${type.toUpperCase()}` }
      const number = BigInt(trimmed.replace('+', ''))
      const [least, greatest] = ranges[type]!
      return number < least || number > greatest ? { problem: `not a number of type ${type.toUpperCase()}` } : { value: Number(number) }
    }
    case 'double': {
      const number = trimmed === '' ? NaN : Number(trimmed)
      return Number.isFinite(number) ? { value: number } : { problem: 'not a number of type DOUBLE' }
    }
    case 'list':
      return { value: trimmed === '' ? [] : trimmed.split(',').map(each => each.trim()) }
    case 'string':
    case 'class':
      return { value: trimmed }
    case 'password':
      return { value: text }
  }
}

/** What is wrong with a value's text, as a sentence that names the config; undefined when nothing is. */
export function configProblem(definition: ConfigDefinition, text: string): string | undefined {
  const parsed = parseConfigValue(definition.type, text)
  const problem = 'problem' in parsed ? parsed.problem : definition.objection(parsed.value)
  if (problem === undefined) return undefined
  const shown = definition.type === 'password' ? '[hidden]' : text
  return `Invalid value ${shown} for configuration ${definition.name}: ${problem}`
}

type Objection = ConfigDefinition['objection']
const count = (text: string) => Number(text.replace('Int.MAX', INT_MAX).replace('Long.MAX', LONG_MAX))

const OFFSET_RESET = /^(?:earliest|latest|by_duration:P(?!$)(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d{1,9})?S)?)?)$/
const CLIENT_PATTERN =
  /^(?:client_id|client_instance_id|client_software_name|client_software_version|client_source_address|client_source_port)=(.+)$/s

/** Patterns are regular expressions of Java, which those of JavaScript are near enough to tell a slip of the pen (KIP-714). */
function isClientPattern(text: string): boolean {
  const [, pattern] = CLIENT_PATTERN.exec(text) ?? []
  if (pattern === undefined) return false
  try {
    return new RegExp(pattern) instanceof RegExp
  } catch (problem) {
    if (problem instanceof SyntaxError) return false
    throw problem
  }
}

/** Reads the column of valid values. */
function objectionOf(rule: string): Objection {
  if (rule === '') return () => undefined

  const least = /^>= (\S+)$/.exec(rule)
  if (least) return value => (Number(value) >= count(least[1]!) ? undefined : `value must be at least ${least[1]}`)

  const range = /^(\S+) \.\. (\S+?)(?: or (\S+))?$/.exec(rule)
  if (range) {
    const [, low, high, other] = range
    return value => {
      if (other !== undefined && Number(value) === count(other)) return undefined
      return Number(value) >= count(low!) && Number(value) <= count(high!) ? undefined : `value must be in ${rule}`
    }
  }

  const choices = /^(one|subset) of (.+)$/.exec(rule)
  if (choices) {
    const allowed = choices[2]!.split(', ')
    if (choices[1] === 'one') {
      return value => (allowed.includes(value as string) ? undefined : `string must be one of: ${allowed.join(', ')}`)
    }
    return value =>
      (value as readonly string[]).every(each => allowed.includes(each)) ? undefined : `values must be among: ${allowed.join(', ')}`
  }

  if (rule === 'offset reset') {
    return value =>
      OFFSET_RESET.test(value as string) ? undefined : 'expected earliest, latest, or by_duration: with a duration like PT1H30M'
  }
  if (rule === 'client patterns') {
    return value => {
      const bad = (value as readonly string[]).find(each => !isClientPattern(each))
      return bad === undefined ? undefined : `${bad} is not a client selector with a pattern, such as client_id=app-.*`
    }
  }

  assert(rule === 'replicas', () => `the config tables know no rule "${rule}"`)
  return value => {
    const given = value as readonly string[]
    if (given.length === 1 && given[0] === '*') return undefined
    return given.every(each => /^\d+:\d+$/.test(each)) ? undefined : 'expected * or a list of partition:broker'
  }
}

/** Reads a table of the form that `topicConfigTable` describes. */
function defineConfigs(table: string, kind: 'broker' | 'other'): ReadonlyMap<string, ConfigDefinition> {
  const definitions = new Map<string, ConfigDefinition>()
  for (const line of table.split('\n')) {
    if (line.trim() === '') continue
    const columns = line.trim().split(/\s*\|\s*/)
    assert(columns.length === 6, () => `a line of a config table has six columns: ${line}`)
    const [title, type, initial, rule, fifth, documentation] = columns as [string, string, string, string, string, string]
    const name = title.replace(' (internal)', '')
    definitions.set(name, {
      name,
      type: type as ConfigType,
      default: initial === 'null' || initial === 'required' ? null : initial === "''" ? '' : textOf(initial),
      required: initial === 'required',
      alterable: kind === 'broker' ? (fifth as ConfigDefinition['alterable']) : 'perBroker',
      synonyms: kind === 'broker' || fifth === '-' ? [] : fifth.split(', ').map(synonymOf),
      internal: title !== name,
      documentation,
      objection: objectionOf(rule),
    })
  }
  return definitions
}

function textOf(initial: string): string {
  return initial.replace('Int.MAX', INT_MAX).replace('Long.MAX', LONG_MAX)
}

function synonymOf(text: string): ConfigSynonym {
  const [name, factor = '1'] = text.split(' * ')
  return { name: name!, factor: Number(factor) }
}

/** Every topic config, by name. */
export const topicConfigDefinitions = defineConfigs(topicConfigTable, 'other')
/** Every broker config that can be in a server's configuration, by name. */
export const serverConfigDefinitions = defineConfigs(brokerConfigTable, 'broker')
export const groupConfigDefinitions = defineConfigs(groupConfigTable, 'other')
export const clientMetricsConfigDefinitions = defineConfigs(clientMetricsConfigTable, 'other')

/** The definitions for resources of a type; undefined for types that have none (loggers, and numbers nobody knows). */
export function definitionsFor(type: number): ReadonlyMap<string, ConfigDefinition> | undefined {
  switch (type as ConfigResourceType) {
    case configResourceType.TOPIC:
      return topicConfigDefinitions
    case configResourceType.BROKER:
      return serverConfigDefinitions
    case configResourceType.GROUP:
      return groupConfigDefinitions
    case configResourceType.CLIENT_METRICS:
      return clientMetricsConfigDefinitions
    case configResourceType.BROKER_LOGGER:
      return undefined
  }
  return undefined
}

/** Everything that is wrong with a server's configuration, one sentence each. Keys nobody knows are left alone, as Kafka does. */
export function serverConfigProblems(values: ReadonlyMap<string, string>): string[] {
  const problems: string[] = []
  for (const definition of serverConfigDefinitions.values()) {
    const text = values.get(definition.name)
    if (text === undefined) {
      if (definition.required) problems.push(`Missing required configuration ${definition.name}, which has no default value`)
      continue
    }
    const problem = configProblem(definition, text)
    if (problem !== undefined) problems.push(problem)
  }
  return problems
}
