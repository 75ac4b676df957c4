import { describe, expect, it } from 'vitest'
import { nameProblem } from '../../composables/topicName.ts'
import { problemsOf, toNewTopic, type TopicForm } from './newTopic.ts'

const aForm = (over: Partial<TopicForm> = {}): TopicForm => ({
  name: 'orders',
  partitions: '',
  replicationFactor: '',
  cleanupPolicy: '',
  retentionMs: '',
  minInsyncReplicas: '',
  ...over,
})

describe('the name of a topic', () => {
  it.each([
    ['', 'nameEmpty'],
    ['.', 'nameDots'],
    ['..', 'nameDots'],
    ['a'.repeat(250), 'nameLong'],
    ['a'.repeat(249), undefined],
    ['with space', 'nameCharacters'],
    ['größe', 'nameCharacters'],
    ['metrics.raw', 'nameTaken'],
    ['metrics_raw', 'nameCollides'],
    ['A-z_0.9', undefined],
  ])('%j: %s', (name, problem) => {
    expect(nameProblem(name, [{ name: 'metrics.raw' }])).toBe(problem)
  })
})

describe('the numbers of a topic', () => {
  it.each<[Partial<TopicForm>, Record<string, string>]>([
    [{}, {}],
    [{ partitions: '0' }, { partitions: 'partitions' }],
    [{ partitions: '10001' }, { partitions: 'partitions' }],
    [{ partitions: 'many' }, { partitions: 'partitions' }],
    [{ replicationFactor: '4' }, { replicationFactor: 'replicationFactorBrokers' }],
    [{ replicationFactor: '2', minInsyncReplicas: '3' }, { minInsyncReplicas: 'minInsyncReplicasFactor' }],
    [{ retentionMs: '-1' }, {}],
    [{ retentionMs: '-2' }, { retentionMs: 'retentionMs' }],
  ])('%o', (over, problems) => {
    expect(problemsOf(aForm(over), [], 3)).toEqual(problems)
  })
})

it('leaves what is empty to the cluster', () => {
  expect(toNewTopic(aForm({ partitions: '6', retentionMs: '-1' }))).toEqual({
    name: 'orders',
    partitions: 6,
    replicationFactor: null,
    configs: { 'retention.ms': '-1' },
  })
})
