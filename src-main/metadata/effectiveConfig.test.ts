import { expect, it } from 'vitest'
import { describedBrokerConfigs, describedClusterDefaults, describedConfigs } from './describedConfigs.ts'
import { configSource, resolveTopicConfig } from './effectiveConfig.ts'
import { anImage } from './builders.ts'

const all = { keys: null, includeSynonyms: true, includeDocumentation: true }
const topic = { type: 2, name: 'orders' } as const
const statics = (values: Record<string, string>) => new Map(Object.entries(values))

it('lets the topic win over the broker, the broker over the cluster, and both over the file', () => {
  const image = anImage({
    configs: { '2:orders': { 'min.insync.replicas': '3' }, '4:1': { 'min.insync.replicas': '2' }, '4:': { 'min.insync.replicas': '4' } },
  })
  const file = statics({ 'min.insync.replicas': '5' })
  expect(resolveTopicConfig(image, file, 'orders', 1).minInsyncReplicas).toBe(3)
  expect(resolveTopicConfig(image, file, 'others', 1).minInsyncReplicas).toBe(2)
  expect(resolveTopicConfig(image, file, 'others', 2).minInsyncReplicas).toBe(4)
  expect(resolveTopicConfig(image, file, 'others').minInsyncReplicas).toBe(4)
  expect(resolveTopicConfig(anImage(), file, 'orders').minInsyncReplicas).toBe(5)
  expect(resolveTopicConfig(anImage(), new Map(), 'orders').minInsyncReplicas).toBe(1)
})

it.each([
  { given: 'only the default', file: {}, retentionMs: 604_800_000 },
  { given: 'hours', file: { 'log.retention.hours': '2' }, retentionMs: 7_200_000 },
  { given: 'minutes and hours', file: { 'log.retention.hours': '2', 'log.retention.minutes': '5' }, retentionMs: 300_000 },
  { given: 'milliseconds and hours', file: { 'log.retention.hours': '2', 'log.retention.ms': '7' }, retentionMs: 7 },
  { given: 'no limit in hours', file: { 'log.retention.hours': '-1' }, retentionMs: -1 },
])('gives a topic its retention from $given', ({ file, retentionMs }) => {
  expect(resolveTopicConfig(anImage(), statics(file), 'orders').log.retentionMs).toBe(retentionMs)
})

it('lets a test have segments below a megabyte', () => {
  const image = anImage({ configs: { '2:orders': { 'internal.segment.bytes': '1024' } } })
  expect(resolveTopicConfig(image, new Map(), 'orders').log.segmentBytes).toBe(1024)
})

it('describes where a value comes from, and what it hides', () => {
  const image = anImage({ configs: { '2:orders': { 'retention.ms': '1' }, '4:1': { 'log.retention.ms': '2' } } })
  const described = describedConfigs(image, { values: statics({ 'log.retention.hours': '3' }), brokerId: 1 }, topic, all)
  expect(described.find(each => each.name === 'retention.ms')).toEqual({
    name: 'retention.ms',
    value: '1',
    readOnly: false,
    configSource: configSource.DYNAMIC_TOPIC,
    isSensitive: false,
    synonyms: [
      { name: 'retention.ms', value: '1', source: configSource.DYNAMIC_TOPIC },
      { name: 'log.retention.ms', value: '2', source: configSource.DYNAMIC_BROKER },
      { name: 'log.retention.hours', value: '3', source: configSource.STATIC_BROKER },
      { name: 'log.retention.hours', value: '168', source: configSource.DEFAULT },
    ],
    configType: 5,
    documentation: expect.stringContaining('Age'),
  })
  expect(described.map(each => each.name)).not.toContain('internal.segment.bytes')
})

it('describes only what is asked for', () => {
  const described = describedConfigs(anImage(), { values: new Map() }, topic, {
    ...all,
    keys: ['segment.ms', 'no.such'],
    includeSynonyms: false,
  })
  expect(described).toHaveLength(1)
  expect(described[0]).toMatchObject({ name: 'segment.ms', value: '604800000', configSource: configSource.DEFAULT, synonyms: [] })
})

it('describes a broker, its secrets hidden', () => {
  const values = statics({ 'node.id': '1', 'ssl.key.password': 'hunter2' })
  const described = describedBrokerConfigs(anImage(), { values, brokerId: 1 }, all)
  const named = (name: string) => described.find(each => each.name === name)
  expect(named('node.id')).toMatchObject({ value: '1', readOnly: true, configSource: configSource.STATIC_BROKER })
  expect(named('ssl.key.password')).toMatchObject({ value: null, isSensitive: true, synonyms: [{ value: null }] })
  expect(JSON.stringify(described)).not.toContain('hunter2')
})

it('lists for all brokers only what was set for all brokers', () => {
  const image = anImage({ configs: { '4:': { 'log.retention.ms': '9' } } })
  expect(describedClusterDefaults(image, all)).toMatchObject([
    { name: 'log.retention.ms', value: '9', configSource: configSource.DYNAMIC_DEFAULT_BROKER, readOnly: false },
  ])
})
