import { describe, expect, it } from 'vitest'
import {
  clientMetricsConfigDefinitions,
  type ConfigDefinition,
  configProblem,
  groupConfigDefinitions,
  parseConfigValue,
  serverConfigDefinitions,
  serverConfigProblems,
  topicConfigDefinitions,
} from './configDefinitions.ts'

const every = (definitions: ReadonlyMap<string, ConfigDefinition>) => [...definitions.values()].map(each => [each.name, each] as const)

describe.each([
  ['topic', topicConfigDefinitions],
  ['broker', serverConfigDefinitions],
  ['group', groupConfigDefinitions],
  ['client metrics', clientMetricsConfigDefinitions],
])('the %s configs', (_, definitions) => {
  it.each(every(definitions))('%s has a valid default and one sentence about it', (_name, definition) => {
    if (definition.default !== null) expect(configProblem(definition, definition.default)).toBeUndefined()
    expect(definition.documentation).toMatch(/^[A-Z].*\.$/)
    expect(['readOnly', 'perBroker', 'clusterWide']).toContain(definition.alterable)
  })

  it('take their defaults from broker configs that exist and say the same', () => {
    for (const { name, default: own, synonyms } of definitions.values()) {
      const defaults = synonyms.map(synonym => {
        const broker = serverConfigDefinitions.get(synonym.name)
        expect(broker, `${synonym.name}, synonym of ${name}`).toBeDefined()
        return broker!.default === null ? null : synonym.factor === 1 ? broker!.default : String(Number(broker!.default) * synonym.factor)
      })
      if (synonyms.length > 0)
        expect(
          defaults.find(value => value !== null),
          name,
        ).toBe(own)
    }
  })
})

it.each([
  ['segment.bytes', '1048575', 'at least'],
  ['segment.bytes', '1e6', 'not a number of type INT'],
  ['segment.bytes', '2147483648', 'not a number of type INT'],
  ['retention.ms', '-2', 'at least'],
  ['retention.ms', '9223372036854775808', 'not a number of type LONG'],
  ['min.cleanable.dirty.ratio', '1.5', '0 .. 1'],
  ['cleanup.policy', 'delete,shred', 'among'],
  ['compression.type', 'brotli', 'one of'],
  ['compression.gzip.level', '0', '1 .. 9 or -1'],
  ['preallocate', 'yes', 'true or false'],
  ['leader.replication.throttled.replicas', '0:1,x', 'partition:broker'],
])('refuses %s = %s', (name, value, problem) => {
  expect(configProblem(topicConfigDefinitions.get(name)!, value)).toContain(problem)
})

it.each([
  ['retention.ms', '-1'],
  ['retention.ms', '9223372036854775807'],
  ['retention.bytes', '-1'],
  ['cleanup.policy', 'compact, delete'],
  ['cleanup.policy', ''],
  ['compression.gzip.level', '-1'],
  ['preallocate', 'TRUE'],
  ['leader.replication.throttled.replicas', '*'],
  ['leader.replication.throttled.replicas', '0:1,1:2'],
])('accepts %s = %s', (name, value) => {
  expect(configProblem(topicConfigDefinitions.get(name)!, value)).toBeUndefined()
})

it('does not show a password that is refused', () => {
  const definition: ConfigDefinition = { ...serverConfigDefinitions.get('ssl.key.password')!, objection: () => 'too short' }
  expect(configProblem(definition, 'hunter2')).not.toContain('hunter2')
})

it('reads lists with or without blanks', () => {
  expect(parseConfigValue('list', ' delete , compact ')).toEqual({ value: ['delete', 'compact'] })
})

it('names everything that is wrong with a server configuration', () => {
  const problems = serverConfigProblems(new Map(Object.entries({ 'node.id': 'one', 'num.partitions': '0', 'some.plugin.key': 'x' })))
  expect(problems).toHaveLength(3)
  expect(problems.join('\n')).toMatch(/process\.roles[^]*node\.id[^]*num\.partitions/)
})
