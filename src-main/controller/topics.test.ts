import { describe, expect, it } from 'vitest'
import { UNASSIGNED_DIRECTORY, ZERO_UUID } from '../base/uuid.ts'
import { aBroker, anImage, aTopic, uuidOf } from '../metadata/builders.ts'
import { errorName } from '../protocol/errors.ts'
import { after, aState, creationOf } from './builders.ts'
import { decidePartitionCreation } from './partitions.ts'
import { decideTopicCreation, decideTopicDeletion } from './topics.ts'

const fenced = [1, 2, 3].map(id => aBroker(id, { fenced: true }))
const taken = anImage({ topics: [aTopic('orders'), aTopic('a.b')] })
const assigned = (...brokerIds: number[][]) => ({
  numPartitions: -1,
  replicationFactor: -1,
  assignments: brokerIds.map((ids, partitionIndex) => ({ partitionIndex, brokerIds: ids })),
})

it.each([
  { given: 'no name', topic: { name: '' }, error: 'INVALID_TOPIC_EXCEPTION' },
  { given: 'the name "."', topic: { name: '.' }, error: 'INVALID_TOPIC_EXCEPTION' },
  { given: 'the name ".."', topic: { name: '..' }, error: 'INVALID_TOPIC_EXCEPTION' },
  { given: 'a slash', topic: { name: 'a/b' }, error: 'INVALID_TOPIC_EXCEPTION' },
  { given: 'an umlaut', topic: { name: 'käse' }, error: 'INVALID_TOPIC_EXCEPTION' },
  { given: 'a name of 250 characters', topic: { name: 'x'.repeat(250) }, error: 'INVALID_TOPIC_EXCEPTION' },
  { given: 'a name that collides', topic: { name: 'a_b' }, error: 'INVALID_TOPIC_EXCEPTION' },
  { given: 'a name that is taken', topic: { name: 'orders' }, error: 'TOPIC_ALREADY_EXISTS' },
  { given: 'the metadata topic', topic: { name: '__cluster_metadata' }, error: 'INVALID_REQUEST' },
  { given: 'no partitions', topic: { name: 't', numPartitions: 0 }, error: 'INVALID_PARTITIONS' },
  { given: 'minus two partitions', topic: { name: 't', numPartitions: -2 }, error: 'INVALID_PARTITIONS' },
  { given: 'no replicas', topic: { name: 't', replicationFactor: 0 }, error: 'INVALID_REPLICATION_FACTOR' },
  { given: 'more replicas than brokers', topic: { name: 't', replicationFactor: 4 }, error: 'INVALID_REPLICATION_FACTOR' },
  { given: 'too many partitions', topic: { name: 't', numPartitions: 10_001 }, error: 'POLICY_VIOLATION' },
  { given: 'an unknown config', topic: { name: 't', configs: [{ name: 'nope', value: '1' }] }, error: 'INVALID_CONFIG' },
  { given: 'a bad config', topic: { name: 't', configs: [{ name: 'retention.ms', value: 'soon' }] }, error: 'INVALID_CONFIG' },
  { given: 'a config without value', topic: { name: 't', configs: [{ name: 'retention.ms', value: null }] }, error: 'INVALID_CONFIG' },
  { given: 'tiered storage', topic: { name: 't', configs: [{ name: 'remote.storage.enable', value: 'true' }] }, error: 'INVALID_CONFIG' },
  {
    given: 'compaction that must come before it may',
    topic: {
      name: 't',
      configs: [
        { name: 'min.compaction.lag.ms', value: '9' },
        { name: 'max.compaction.lag.ms', value: '5' },
      ],
    },
    error: 'INVALID_CONFIG',
  },
  { given: 'an assignment and a count', topic: { name: 't', ...assigned([1]), numPartitions: 1 }, error: 'INVALID_REQUEST' },
  { given: 'an assignment to nobody', topic: { name: 't', ...assigned([]) }, error: 'INVALID_REPLICA_ASSIGNMENT' },
  { given: 'an assignment to a stranger', topic: { name: 't', ...assigned([1, 9]) }, error: 'INVALID_REPLICA_ASSIGNMENT' },
  { given: 'an assignment to one twice', topic: { name: 't', ...assigned([1, 1]) }, error: 'INVALID_REPLICA_ASSIGNMENT' },
  { given: 'assignments of two sizes', topic: { name: 't', ...assigned([1, 2], [1]) }, error: 'INVALID_REPLICA_ASSIGNMENT' },
  {
    given: 'assignments with a gap',
    topic: { name: 't', ...assigned(), assignments: [{ partitionIndex: 1, brokerIds: [1] }] },
    error: 'INVALID_REPLICA_ASSIGNMENT',
  },
])('refuses a topic with $given: $error', ({ topic, error }) => {
  const { records, reply } = decideTopicCreation(aState(taken), creationOf(topic))
  expect(records).toEqual([])
  expect(reply.topics.map(each => errorName(each.errorCode))).toEqual([error])
  expect(reply.topics[0]!.errorMessage).toBeTruthy()
})

it('refuses a topic that nobody can lead', () => {
  const image = anImage({ brokers: fenced })
  const { reply } = decideTopicCreation(aState(image), creationOf({ name: 'placed' }, { name: 'assigned', ...assigned([1, 2]) }))
  expect(reply.topics.map(topic => errorName(topic.errorCode))).toEqual(['INVALID_REPLICATION_FACTOR', 'INVALID_REPLICA_ASSIGNMENT'])
})

describe('creating topics', () => {
  it('places them, sets their configs and tells what holds', () => {
    const state = aState()
    const configs = [{ name: 'retention.ms', value: '5' }]
    const { records, reply } = decideTopicCreation(state, creationOf({ name: 'orders', numPartitions: 6, configs }))
    const image = after(state.image, records)
    const topic = image.topicsByName.get('orders')!
    expect(topic.partitions).toHaveLength(6)
    expect(topic.partitions[0]).toMatchObject({ replicas: [1, 2, 3], isr: [1, 2, 3], leader: 1, leaderEpoch: 0, partitionEpoch: 0 })
    expect(topic.partitions[0]!.directories).toEqual([1, 2, 3].map(id => uuidOf(`directory-${id}`)))
    expect(image.topicConfigs('orders')).toEqual(new Map([['retention.ms', '5']]))
    expect(reply.topics[0]).toMatchObject({
      errorCode: 0,
      errorMessage: null,
      topicId: topic.topicId,
      numPartitions: 6,
      replicationFactor: 3,
    })
    expect(reply.topics[0]!.configs).toContainEqual({
      name: 'retention.ms',
      value: '5',
      readOnly: false,
      configSource: 1,
      isSensitive: false,
    })
    expect(reply.topics[0]!.configs).toContainEqual(expect.objectContaining({ name: 'segment.bytes', configSource: 5 }))
  })

  it('leaves it to a broker with two log folders where it puts its replicas', () => {
    const brokers = [aBroker(1, { directories: [uuidOf('a'), uuidOf('b')] }), aBroker(2), aBroker(3)]
    const state = aState(anImage({ brokers }))
    const { records } = decideTopicCreation(state, creationOf({ name: 'orders' }))
    const [partition] = after(state.image, records).topicsByName.get('orders')!.partitions
    expect(partition?.directories).toEqual([UNASSIGNED_DIRECTORY, uuidOf('directory-2'), uuidOf('directory-3')])
  })

  it("takes the broker's defaults for what is left open", () => {
    const staticConfigs = new Map([
      ['num.partitions', '4'],
      ['default.replication.factor', '2'],
    ])
    const { reply } = decideTopicCreation(
      aState(anImage(), { staticConfigs }),
      creationOf({ name: 't', numPartitions: -1, replicationFactor: -1 }),
    )
    expect(reply.topics[0]).toMatchObject({ numPartitions: 4, replicationFactor: 2 })
  })

  it('begins with the replicas that are alive', () => {
    const image = anImage({ brokers: [aBroker(1, { fenced: true }), aBroker(2), aBroker(3)] })
    const { records } = decideTopicCreation(aState(image), creationOf({ name: 't', ...assigned([1, 2, 3]) }))
    expect(after(image, records).topicsByName.get('t')!.partitions[0]).toMatchObject({ replicas: [1, 2, 3], isr: [2, 3], leader: 2 })
  })

  it.each([
    { heard: [3, 4], replicationFactor: 2, begins: { leader: 3, isr: [3, 4] } },
    { heard: [3, 4], replicationFactor: 3, begins: { leader: 3, isr: [3, 4] } },
    { heard: [], replicationFactor: 3, begins: { leader: 1, isr: [1, 2, 3] } },
  ])(
    'begins $replicationFactor replicas of 4 with the brokers that this controller heard of: $heard',
    ({ heard, replicationFactor, begins }) => {
      const image = anImage({ brokers: [1, 2, 3, 4].map(id => aBroker(id)) })
      const state = { ...aState(image), isHeard: (brokerId: number) => heard.includes(brokerId) }
      const { records } = decideTopicCreation(state, creationOf({ name: 't', numPartitions: 1, replicationFactor }))
      expect(after(image, records).topicsByName.get('t')!.partitions[0]).toMatchObject(begins)
    },
  )

  it('creates the others when one is refused', () => {
    const { records, reply } = decideTopicCreation(aState(taken), creationOf({ name: 'orders' }, { name: 'fresh' }))
    expect(reply.topics.map(topic => errorName(topic.errorCode))).toEqual(['TOPIC_ALREADY_EXISTS', 'NONE'])
    expect(after(taken, records).topicsByName.has('fresh')).toBe(true)
  })

  it('refuses what is named twice, once, and what collides within the request', () => {
    const { records, reply } = decideTopicCreation(aState(), creationOf({ name: 'x' }, { name: 'x' }, { name: 'a.b' }, { name: 'a_b' }))
    expect(reply.topics.map(topic => [topic.name, errorName(topic.errorCode)])).toEqual([
      ['x', 'INVALID_REQUEST'],
      ['a.b', 'NONE'],
      ['a_b', 'INVALID_TOPIC_EXCEPTION'],
    ])
    expect(records.filter(record => record.type === 'TopicRecord')).toHaveLength(1)
  })

  it('only tells, when asked only to validate', () => {
    const { records, reply } = decideTopicCreation(aState(), { ...creationOf({ name: 'x' }), validateOnly: true })
    expect(records).toEqual([])
    expect(reply.topics[0]).toMatchObject({ errorCode: 0, topicId: ZERO_UUID, numPartitions: 1 })
  })
})

describe('deleting topics', () => {
  const remove = (topics: { name: string | null; topicId: string }[], settings = {}, version = 6) =>
    decideTopicDeletion(aState(taken, settings), { topics, topicNames: topics.map(topic => topic.name ?? ''), timeoutMs: 1 }, version)
  const orders = uuidOf('orders')

  it.each([
    { given: 'a name', asked: { name: 'orders', topicId: ZERO_UUID } },
    { given: 'an id', asked: { name: null, topicId: orders } },
  ])('takes $given', ({ asked }) => {
    const { records, reply } = remove([asked])
    expect(after(taken, records).topicsByName.has('orders')).toBe(false)
    expect(reply.responses).toEqual([{ name: 'orders', topicId: orders, errorCode: 0, errorMessage: null }])
  })

  it.each([
    { given: 'an unknown name', asked: [{ name: 'nope', topicId: ZERO_UUID }], error: 'UNKNOWN_TOPIC_OR_PARTITION' },
    { given: 'an unknown id', asked: [{ name: null, topicId: uuidOf('nope') }], error: 'UNKNOWN_TOPIC_ID' },
    { given: 'both', asked: [{ name: 'orders', topicId: orders }], error: 'INVALID_REQUEST' },
    { given: 'neither', asked: [{ name: null, topicId: ZERO_UUID }], error: 'INVALID_REQUEST' },
    {
      given: 'one topic in two ways',
      asked: [
        { name: 'orders', topicId: ZERO_UUID },
        { name: null, topicId: orders },
      ],
      error: 'INVALID_REQUEST',
    },
  ])('refuses $given with $error', ({ asked, error }) => {
    const { records, reply } = remove(asked)
    expect(records).toEqual([])
    expect(new Set(reply.responses.map(each => errorName(each.errorCode)))).toEqual(new Set([error]))
  })

  it.each([
    [2, 'INVALID_REQUEST'],
    [3, 'TOPIC_DELETION_DISABLED'],
    [6, 'TOPIC_DELETION_DISABLED'],
  ] as const)('refuses everything when it is switched off (version %i: %s)', (version, error) => {
    const { records, reply } = remove([{ name: 'orders', topicId: ZERO_UUID }], { deleteTopicEnable: false }, version)
    expect([records, errorName(reply.responses[0]!.errorCode)]).toEqual([[], error])
  })
})

describe('adding partitions', () => {
  const grow = (count: number, assignments: readonly { brokerIds: number[] }[] | null = null, name = 'orders', validateOnly = false) =>
    decidePartitionCreation(aState(taken), { topics: [{ name, count, assignments }], timeoutMs: 1, validateOnly })

  it.each([
    { given: 'the same count', call: () => grow(1), error: 'INVALID_PARTITIONS' },
    { given: 'a lower count', call: () => grow(0), error: 'INVALID_PARTITIONS' },
    { given: 'an unknown topic', call: () => grow(2, null, 'nope'), error: 'UNKNOWN_TOPIC_OR_PARTITION' },
    { given: 'too few assignments', call: () => grow(3, [{ brokerIds: [1, 2, 3] }]), error: 'INVALID_REPLICA_ASSIGNMENT' },
    { given: 'an assignment of another size', call: () => grow(2, [{ brokerIds: [1, 2] }]), error: 'INVALID_REPLICA_ASSIGNMENT' },
    { given: 'an assignment to a stranger', call: () => grow(2, [{ brokerIds: [1, 2, 9] }]), error: 'INVALID_REPLICA_ASSIGNMENT' },
  ] as const)('refuses $given with $error', ({ call, error }) => {
    const { records, reply } = call()
    expect([records, errorName(reply.results[0]!.errorCode)]).toEqual([[], error])
  })

  it('goes on where the topic left off', () => {
    const { records } = grow(3)
    const { partitions } = after(taken, records).topicsByName.get('orders')!
    expect(partitions.map(partition => [partition.partition, partition.leader])).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ])
  })

  it('has as many replicas of them as the topic will have after a reassignment, and spreads them over racks', () => {
    const brokers = [1, 2, 3, 4].map(id => aBroker(id, { rack: id > 2 ? 'far' : 'near' }))
    const moving = { replicas: [3, 4, 1, 2], addingReplicas: [3, 4], removingReplicas: [1, 2], isr: [1, 2], leader: 1 }
    const image = anImage({ brokers, topics: [aTopic('orders', [moving])] })
    const topics = [{ name: 'orders', count: 5, assignments: null }]
    const { records } = decidePartitionCreation(aState(image), { topics, timeoutMs: 1, validateOnly: false })
    const added = after(image, records).topicsByName.get('orders')!.partitions.slice(1)
    for (const { replicas } of added) expect(replicas.map(id => (id > 2 ? 'far' : 'near')).toSorted()).toEqual(['far', 'near'])
  })

  it('follows an assignment', () => {
    const { records } = grow(2, [{ brokerIds: [3, 1, 2] }])
    expect(after(taken, records).topicsByName.get('orders')!.partitions[1]).toMatchObject({ replicas: [3, 1, 2], leader: 3 })
  })

  it('only tells, when asked only to validate', () => {
    expect(grow(3, null, 'orders', true)).toMatchObject({ records: [], reply: { results: [{ errorCode: 0 }] } })
  })
})
