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
  { given: 'all topics', asked: { resource: '' }, error: 'INVALID_REQUEST' },
  { given: 'what cannot be a topic', asked: { resource: 'no topic!' }, error: 'INVALID_TOPIC_EXCEPTION' },
  { given: 'an unknown group config', asked: { type: 32, resource: 'g', name: 'nope' }, error: 'INVALID_CONFIG' },
  { given: 'all groups', asked: { type: 32, resource: '', name: 'share.isolation.level' }, error: 'INVALID_REQUEST' },
  { given: 'an unknown metrics config', asked: { type: 16, resource: 'm', name: 'nope' }, error: 'INVALID_REQUEST' },
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

describe('what holds between configs', () => {
  const refusals = (type: number, resource: string, name: string, value: string) => {
    const [response] = alter({ type, resource, name, value }).reply.responses
    return [errorName(response!.errorCode), response!.errorMessage ?? '']
  }

  it.each([
    ['num.io.threads', '17', 'twice'],
    ['num.io.threads', '3', 'half'],
    ['num.replica.fetchers', '0', 'at least 1'],
    ['log.cleaner.threads', '0', 'half'],
    ['log.cleaner.dedupe.buffer.size', '1048575', '1 MiB'],
    ['max.connections.per.ip', '0', 'overrides'],
    ['max.connections.per.ip.overrides', 'nobody', 'host:count'],
    ['group.consumer.assignment.interval.ms', '15001', '15000'],
    ['leader.replication.throttled.rate', '-1', 'at least 0'],
    ['replica.alter.log.dirs.io.max.bytes.per.second', '1.5', 'LONG'],
  ])('a broker, or all of them, cannot have %s = %s', (name, value, problem) => {
    expect(refusals(BROKER, '1', name, value)).toEqual(['INVALID_REQUEST', expect.stringContaining(problem)])
    expect(refusals(BROKER, '', name, value)).toEqual(['INVALID_REQUEST', expect.stringContaining(problem)])
  })

  it.each([
    ['num.io.threads', '16'],
    ['num.io.threads', '4'],
    ['log.cleaner.threads', '2'],
    ['max.connections.per.ip.overrides', '127.0.0.1:5,host:6'],
    ['leader.replication.throttled.rate', '0'],
    ['follower.replication.throttled.rate', '1000000'],
    ['replica.alter.log.dirs.io.max.bytes.per.second', '1000000'],
    ['min.insync.replicas', '2'],
  ])('a broker, or all of them, can have %s = %s', (name, value) => {
    for (const resource of ['1', '']) expect(refusals(BROKER, resource, name, value)).toEqual(['NONE', ''])
  })

  it("a broker cannot have a listener's key without the listener, nor folders that take nothing", () => {
    expect(refusals(BROKER, '1', 'ssl.keystore.location', '/x')).toEqual(['INVALID_REQUEST', expect.stringContaining('prefix')])
    expect(refusals(BROKER, '1', 'listener.name.clients.ssl.keystore.location', '/x')).toEqual(['NONE', ''])
    expect(refusals(BROKER, '1', 'cordoned.log.dirs', '/x')).toEqual(['INVALID_REQUEST', expect.stringContaining('cannot be changed')])
  })

  it.each([
    ['consumer.session.timeout.ms', '44999', '45000'],
    ['consumer.session.timeout.ms', '60001', '60000'],
    ['consumer.heartbeat.interval.ms', '4999', '5000'],
    ['consumer.assignment.interval.ms', '15001', '15000'],
    ['share.heartbeat.interval.ms', '15001', '15000'],
    ['share.record.lock.duration.ms', '14999', '15000'],
    ['share.delivery.count.limit', '11', '10'],
    ['share.partition.max.record.locks', '10001', '10000'],
    ['share.auto.offset.reset', 'EARLIEST', 'earliest'],
    ['share.auto.offset.reset', 'by_duration:P', 'duration'],
    ['share.auto.offset.reset', 'by_duration:PT', 'duration'],
    ['streams.session.timeout.ms', '60001', '60000'],
    ['streams.num.standby.replicas', '3', 'group.streams.max.standby.replicas'],
  ])('a group cannot have %s = %s', (name, value, problem) => {
    expect(refusals(32, 'g', name, value)).toEqual(['INVALID_CONFIG', expect.stringContaining(problem)])
  })

  it.each([
    ['consumer.session.timeout.ms', '60000'],
    ['consumer.heartbeat.interval.ms', '15000'],
    ['share.auto.offset.reset', 'by_duration:P1DT2H3.5S'],
    ['streams.num.standby.replicas', '2'],
  ])('a group can have %s = %s', (name, value) => expect(refusals(32, 'g', name, value)).toEqual(['NONE', '']))

  it('a group has time for a heartbeat in its session', () => {
    const staticConfigs = new Map([['group.consumer.min.session.timeout.ms', '1000']])
    const configs = [{ name: 'consumer.session.timeout.ms', configOperation: SET, value: '5000' }]
    const resources = [{ resourceType: 32, resourceName: 'g', configs }]
    const { reply } = decideIncrementalConfigs(aState(image, { staticConfigs }), { resources, validateOnly: true })
    expect(reply.responses[0]!.errorMessage).toContain('consumer.heartbeat.interval.ms')
  })

  it.each([
    ['interval.ms', '99', 'INVALID_REQUEST'],
    ['match', 'somebody=x', 'INVALID_CONFIG'],
    ['match', 'client_id', 'INVALID_CONFIG'],
    ['match', 'client_id=(', 'INVALID_CONFIG'],
    ['match', 'client_id=app-.*,client_software_name=.+', 'NONE'],
  ])('a metrics subscription with %s = %s: %s', (name, value, error) => expect(refusals(16, 'm', name, value)[0]).toBe(error))
})
