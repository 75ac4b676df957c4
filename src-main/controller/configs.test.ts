import { describe, expect, it } from 'vitest'
import { aBroker, anImage, aTopic } from '../metadata/builders.ts'
import type { MetadataImage } from '../metadata/image.ts'
import { errorName } from '../protocol/errors.ts'
import { after, aState, ordersIn } from './builders.ts'
import { decideConfigs, decideIncrementalConfigs } from './configs.ts'

const [SET, DELETE, APPEND, SUBTRACT] = [0, 1, 2, 3] as const
const TOPIC = 2
const BROKER = 4

const image = anImage({
  topics: [aTopic('orders')],
  configs: { '2:orders': { 'retention.ms': '5', 'cleanup.policy': 'delete' }, '4:': { 'log.retention.ms': '7' } },
})

interface Asked {
  readonly type?: number
  readonly resource?: string
  readonly name?: string
  readonly operation?: number
  readonly value?: string | null
}

function alter(...asked: Asked[]) {
  const resources = asked.map(({ type = TOPIC, resource = 'orders', name = 'retention.ms', operation = SET, value = '9' }) => ({
    resourceType: type,
    resourceName: resource,
    configs: [{ name, configOperation: operation, value }],
  }))
  return decideIncrementalConfigs(aState(image), { resources, validateOnly: false })
}

const valuesAfter = (decision: { records: Parameters<typeof after>[1] }, of: MetadataImage = image) =>
  after(of, decision.records).topicConfigs('orders')

it.each([
  { given: 'an unknown topic', asked: { resource: 'nope' }, error: 'UNKNOWN_TOPIC_OR_PARTITION' },
  { given: 'an unknown config', asked: { name: 'nope' }, error: 'INVALID_CONFIG' },
  { given: 'a bad value', asked: { value: 'x' }, error: 'INVALID_CONFIG' },
  { given: 'no value', asked: { value: null }, error: 'INVALID_REQUEST' },
  { given: 'an unknown operation', asked: { operation: 4 }, error: 'INVALID_REQUEST' },
  { given: 'an addition to a number', asked: { operation: APPEND }, error: 'INVALID_CONFIG' },
  { given: 'a subtraction from a number', asked: { operation: SUBTRACT }, error: 'INVALID_CONFIG' },
  {
    given: 'an addition that makes a bad list',
    asked: { name: 'cleanup.policy', operation: APPEND, value: 'shred' },
    error: 'INVALID_CONFIG',
  },
  { given: 'a broker by name', asked: { type: BROKER, resource: 'one', name: 'log.retention.ms' }, error: 'INVALID_REQUEST' },
  { given: 'an unknown broker', asked: { type: BROKER, resource: '9', name: 'log.retention.ms' }, error: 'BROKER_ID_NOT_REGISTERED' },
  { given: 'what needs a restart', asked: { type: BROKER, resource: '1', name: 'num.partitions' }, error: 'INVALID_REQUEST' },
  { given: 'for all what is for one', asked: { type: BROKER, resource: '', name: 'listeners', value: 'A://:1' }, error: 'INVALID_REQUEST' },
  { given: 'a logger', asked: { type: 8, resource: '1', name: 'root', value: 'INFO' }, error: 'INVALID_REQUEST' },
  { given: 'a type nobody knows', asked: { type: 3 }, error: 'INVALID_REQUEST' },
  { given: 'an unknown group config', asked: { type: 32, resource: 'g', name: 'nope' }, error: 'INVALID_CONFIG' },
] as const)('refuses $given with $error', ({ asked, error }) => {
  const { records, reply } = alter(asked)
  expect([records, errorName(reply.responses[0]!.errorCode)]).toEqual([[], error])
  expect(reply.responses[0]!.errorMessage).toBeTruthy()
})

describe('altering single configs', () => {
  it('sets and unsets', () => {
    expect(valuesAfter(alter({ value: '9' })).get('retention.ms')).toBe('9')
    expect(valuesAfter(alter({ operation: DELETE, value: null })).has('retention.ms')).toBe(false)
    expect(valuesAfter(alter({})).get('cleanup.policy')).toBe('delete')
  })

  it('adds to lists and takes from them', () => {
    const list = (operation: number, value: string) =>
      valuesAfter(alter({ name: 'cleanup.policy', operation, value })).get('cleanup.policy')
    expect(list(APPEND, 'compact')).toBe('delete,compact')
    expect(list(APPEND, 'delete')).toBe('delete')
    expect(list(SUBTRACT, 'delete')).toBe('')
  })

  it('adds to the default where nothing was set', () => {
    const fresh = anImage({ topics: [aTopic('orders')] })
    const configs = [{ name: 'cleanup.policy', configOperation: APPEND, value: 'compact' }]
    const resources = [{ resourceType: TOPIC, resourceName: 'orders', configs }]
    const decision = decideIncrementalConfigs(aState(fresh), { resources, validateOnly: false })
    expect(valuesAfter(decision, fresh).get('cleanup.policy')).toBe('delete,compact')
  })

  it('writes nothing for what is so already', () => {
    expect(alter({ value: '5' })).toMatchObject({ records: [], reply: { responses: [{ errorCode: 0 }] } })
    expect(alter({ name: 'segment.ms', operation: DELETE }).records).toEqual([])
  })

  it('only tells, when asked only to validate', () => {
    const resources = [
      { resourceType: TOPIC, resourceName: 'orders', configs: [{ name: 'retention.ms', configOperation: SET, value: '9' }] },
    ]
    expect(decideIncrementalConfigs(aState(image), { resources, validateOnly: true })).toMatchObject({
      records: [],
      reply: { responses: [{ errorCode: 0 }] },
    })
  })

  it('refuses a config or a resource that is named twice', () => {
    expect(alter({}, {}).reply.responses.map(each => errorName(each.errorCode))).toEqual(['INVALID_REQUEST', 'INVALID_REQUEST'])
    const configs = [SET, DELETE].map(configOperation => ({ name: 'retention.ms', configOperation, value: '1' }))
    const resources = [{ resourceType: TOPIC, resourceName: 'orders', configs }]
    const { reply } = decideIncrementalConfigs(aState(image), { resources, validateOnly: false })
    expect(errorName(reply.responses[0]!.errorCode)).toBe('INVALID_REQUEST')
  })

  it.each([
    { type: BROKER, resource: '1', name: 'log.retention.ms' },
    { type: BROKER, resource: '', name: 'log.retention.ms' },
    { type: BROKER, resource: '1', name: 'plugin.of.somebody' },
    { type: 32, resource: 'a-group', name: 'consumer.session.timeout.ms', value: '50000' },
    { type: 16, resource: 'a-subscription', name: 'interval.ms', value: '1000' },
  ])('takes $name of $type:$resource', asked => {
    const { records, reply } = alter(asked)
    expect(reply.responses[0]).toMatchObject({ errorCode: 0, errorMessage: null })
    expect(records).toHaveLength(1)
  })
})

it('replaces all configs of a resource through the older API', () => {
  const resources = [{ resourceType: TOPIC, resourceName: 'orders', configs: [{ name: 'segment.ms', value: '3' }] }]
  const decision = decideConfigs(aState(image), { resources, validateOnly: false })
  expect(valuesAfter(decision)).toEqual(new Map([['segment.ms', '3']]))
})

it('gives partitions without leader a leader as soon as that is allowed', () => {
  const brokers = [aBroker(1, { fenced: true }), aBroker(2), aBroker(3)]
  const leaderless = anImage({ brokers, topics: [aTopic('orders', [{ isr: [1], leader: -1 }])] })
  const configs = [{ name: 'unclean.leader.election.enable', configOperation: SET, value: 'true' }]
  const resources = [{ resourceType: TOPIC, resourceName: 'orders', configs }]
  const { records } = decideIncrementalConfigs(aState(leaderless), { resources, validateOnly: false })
  expect(ordersIn(after(leaderless, records))).toMatchObject({ leader: 2, isr: [2], leaderRecoveryState: 1 })
})
