import { describe, expect, it } from 'vitest'
import type { ConfigEntry } from '../../../../src-main/contract/configs.ts'
import { kafkaDefault, shownConfigs, stepsBack, stepsOf, valueProblem, valueWithout } from './configRows.ts'

const config = (name: string, over: Partial<ConfigEntry> = {}): ConfigEntry => ({
  name,
  value: '1',
  isDefault: true,
  source: 'DEFAULT_CONFIG',
  isReadOnly: false,
  isSensitive: false,
  type: 'long',
  fallbacks: [],
  documentation: `About ${name}.`,
  ...over,
})
const set = config('retention.ms', {
  value: '60000',
  isDefault: false,
  source: 'DYNAMIC_TOPIC_CONFIG',
  fallbacks: [
    { name: 'log.retention.ms', value: '3600000', source: 'STATIC_BROKER_CONFIG' },
    { name: 'log.retention.hours', value: '168', source: 'DEFAULT_CONFIG' },
  ],
})

describe('configs of a topic', () => {
  it('are shown with those that somebody set first, and searched by name and documentation', () => {
    const entries = [config('cleanup.policy'), config('segment.bytes'), set]
    const shown = (filter: string, onlySet = false) => shownConfigs(entries, { filter, onlySet }).map(({ name }) => name)
    expect(shown('')).toEqual(['retention.ms', 'cleanup.policy', 'segment.bytes'])
    expect(shown('seg')).toEqual(['segment.bytes'])
    expect(shown('about CLEANUP')).toEqual(['cleanup.policy'])
    expect(shown('', true)).toEqual(['retention.ms'])
  })

  it('tell what counts without the topic, and what Kafka itself would say', () => {
    expect([valueWithout(set), kafkaDefault(set)]).toEqual(['3600000', '604800000'])
    expect([valueWithout(config('a')), kafkaDefault(config('a'))]).toEqual(['1', '1'])
    expect(valueWithout({ ...set, fallbacks: [] })).toBeUndefined()
  })

  it.each([
    ['long', '12', undefined],
    ['long', '-1', undefined],
    ['long', '1.5', 'whole'],
    ['int', '3000000000', 'range'],
    ['short', '', 'whole'],
    ['double', '0.5', undefined],
    ['double', 'half', 'number'],
    ['boolean', 'yes', 'boolean'],
    ['list', 'compact,delete', undefined],
  ] as const)('a %s of "%s" is %s', (type, value, problem) => expect(valueProblem(type, value)).toBe(problem))
})

describe('steps', () => {
  it('are the edits that change something, with what was before and what comes after', () => {
    const edits = new Map([
      ['retention.ms', null],
      ['segment.bytes', '9'],
      ['cleanup.policy', null],
    ])
    expect(stepsOf([config('cleanup.policy'), config('segment.bytes'), set], edits)).toEqual([
      { name: 'segment.bytes', value: '9', before: '1', after: '9' },
      { name: 'retention.ms', value: null, before: '60000', after: '3600000' },
    ])
  })

  it('to what is so already are none, unless it becomes the topic’s own', () => {
    expect(stepsOf([set], new Map([['retention.ms', '60000']]))).toEqual([])
    expect(stepsOf([config('a')], new Map([['a', '1']]))).toHaveLength(1)
  })

  it('can be taken back, except from a value that nobody could see', () => {
    const steps = stepsOf(
      [set, config('a')],
      new Map([
        ['retention.ms', '5'],
        ['a', '7'],
      ]),
    )
    expect(stepsBack([set, config('a')], steps)).toEqual([
      { name: 'retention.ms', value: '60000' },
      { name: 'a', value: null },
    ])
    const secret = config('secret', { isSensitive: true, isDefault: false, value: null })
    expect(stepsBack([secret], stepsOf([secret], new Map([['secret', 'x']])))).toBeNull()
  })
})
