import { describe, expect, it } from 'vitest'
import { UNASSIGNED_DIRECTORY } from '../base/uuid.ts'
import { metadataRecord, type MetadataRecordInput } from '../protocol/messages/metadataRecords.ts'
import { aBroker, anImage, aPartition, aTopic, uuidOf } from './builders.ts'
import { applyRecords } from './delta.ts'
import { MetadataImage } from './image.ts'
import { recordsOf } from './snapshot.ts'

const apply = (image: MetadataImage, ...records: MetadataRecordInput[]) =>
  applyRecords(
    image,
    records.map(record => metadataRecord(record)),
  )

const partitionRecord = (partitionId: number) =>
  ({
    type: 'PartitionRecord',
    topicId: uuidOf('orders'),
    partitionId,
    replicas: [1, 2],
    isr: [1, 2],
    addingReplicas: [],
    removingReplicas: [],
    leader: 1,
    leaderEpoch: 0,
    partitionEpoch: 0,
  }) as const

describe('topics', () => {
  it('come with their partitions', () => {
    const image = anImage()
    const delta = apply(image, { type: 'TopicRecord', topicId: uuidOf('orders'), name: 'orders' }, partitionRecord(0), partitionRecord(1))
    expect(image.topicsByName.get('orders')).toBe(image.topicsById.get(uuidOf('orders')))
    expect(image.partition(uuidOf('orders'), 1)).toMatchObject({
      leader: 1,
      isr: [1, 2],
      directories: [UNASSIGNED_DIRECTORY, UNASSIGNED_DIRECTORY],
    })
    expect([...delta.changedTopics]).toEqual([uuidOf('orders')])
    expect(delta.changedPartitions).toEqual([0, 1].map(partition => ({ topicId: uuidOf('orders'), partition })))
  })

  it('go with their configs', () => {
    const image = anImage({ topics: [aTopic('orders')], configs: { '2:orders': { 'retention.ms': '1' } } })
    const delta = apply(image, { type: 'RemoveTopicRecord', topicId: uuidOf('orders') })
    expect([image.topicsById.size, image.topicsByName.size, image.configs.size]).toEqual([0, 0, 0])
    expect(delta.deletedTopics.map(topic => topic.name)).toEqual(['orders'])
    expect(delta.changedConfigs).toEqual(new Set(['2:orders']))
    expect(delta.changedTopics.size).toBe(0)
  })

  it('may come back under another id in the batch that deletes them', () => {
    const image = anImage({ topics: [aTopic('orders')] })
    const delta = apply(
      image,
      { type: 'RemoveTopicRecord', topicId: uuidOf('orders') },
      { type: 'TopicRecord', topicId: uuidOf('again'), name: 'orders' },
    )
    expect(image.topicsByName.get('orders')?.topicId).toBe(uuidOf('again'))
    expect(delta.deletedTopics).toHaveLength(1)
  })
})

describe('partitions', () => {
  const change = { type: 'PartitionChangeRecord', topicId: uuidOf('orders'), partitionId: 0 } as const

  it.each([
    { given: 'another leader', record: { leader: 2 }, after: { leader: 2, leaderEpoch: 6, partitionEpoch: 11 } },
    { given: 'the same leader by name', record: { leader: 1 }, after: { leader: 1, leaderEpoch: 6, partitionEpoch: 11 } },
    { given: 'no leader', record: { leader: -1 }, after: { leader: -1, leaderEpoch: 6, partitionEpoch: 11 } },
    { given: 'a shrunk isr', record: { isr: [1] }, after: { isr: [1], leader: 1, leaderEpoch: 5, partitionEpoch: 11 } },
    { given: 'recovery', record: { leaderRecoveryState: 1 }, after: { leaderRecoveryState: 1, leaderEpoch: 5, partitionEpoch: 11 } },
  ])('count epochs on $given', ({ record, after }) => {
    const image = anImage({ topics: [aTopic('orders')] })
    apply(image, { ...change, ...record })
    expect(image.partition(uuidOf('orders'), 0)).toEqual({ ...aPartition(), ...after })
  })

  it('keep the folders of replicas that stay', () => {
    const [first, second] = [uuidOf('a'), uuidOf('b')]
    const image = anImage({ topics: [aTopic('orders', [{ replicas: [1, 2], directories: [first, second] }])] })
    apply(image, { ...change, replicas: [3, 2] })
    expect(image.partition(uuidOf('orders'), 0)?.directories).toEqual([UNASSIGNED_DIRECTORY, second])
  })

  it('change in the image and not in its clone', () => {
    const image = anImage({ topics: [aTopic('orders')] })
    const before = image.clone()
    apply(image, { ...change, leader: 3 })
    expect(before.topicsByName.get('orders')?.partitions[0]?.leader).toBe(1)
    expect(before.partition(uuidOf('orders'), 0)?.leader).toBe(1)
  })
})

describe('brokers', () => {
  it.each([
    { given: 'fenced', record: { fenced: 1 }, after: { fenced: true } },
    { given: 'unfenced', record: { fenced: -1 }, after: { fenced: false } },
    { given: 'on the way out', record: { inControlledShutdown: 1 }, after: { fenced: false, inControlledShutdown: true } },
  ])('are $given', ({ record, after }) => {
    const image = anImage()
    const delta = apply(image, { type: 'BrokerRegistrationChangeRecord', brokerId: 2, brokerEpoch: 102, ...record })
    expect(image.brokers.get(2)).toEqual(aBroker(2, after))
    expect(delta.changedBrokers).toEqual(new Set([2]))
  })

  it('keep their log folders until others are named', () => {
    const image = anImage({ brokers: [aBroker(2, { directories: [uuidOf('a'), uuidOf('b')] })] })
    const change = { type: 'BrokerRegistrationChangeRecord', brokerId: 2, brokerEpoch: 102 } as const
    apply(image, { ...change, logDirs: [uuidOf('b')] })
    apply(image, { ...change, fenced: 1 })
    expect(image.brokers.get(2)).toMatchObject({ fenced: true, directories: [uuidOf('b')] })
  })

  it('are not spoken of in an epoch that has passed', () => {
    expect(() => apply(anImage(), { type: 'BrokerRegistrationChangeRecord', brokerId: 2, brokerEpoch: 7, fenced: 1 })).toThrow('epoch')
  })
})

it('sets and unsets configs', () => {
  const image = anImage()
  const set = { type: 'ConfigRecord', resourceType: 2, resourceName: 'a:b', name: 'retention.ms' } as const
  apply(image, { ...set, value: '5' })
  expect(image.topicConfigs('a:b')).toEqual(new Map([['retention.ms', '5']]))
  apply(image, { ...set, value: null })
  expect(image.configs.size).toBe(0)
})

it('adds up to the same image from the records of a snapshot', () => {
  const image = anImage({
    brokers: [aBroker(1), aBroker(2, { fenced: true, rack: 'r' }), aBroker(3, { inControlledShutdown: true })],
    topics: [aTopic('orders', [{}, { isr: [2], leader: -1 }]), aTopic('payments', [{ leaderRecoveryState: 1, addingReplicas: [3] }])],
    configs: { '2:orders': { 'retention.ms': '1' }, '4:': { 'log.retention.ms': '2' } },
    nextProducerId: 3000,
  })
  apply(
    image,
    { type: 'ClientQuotaRecord', entity: [{ entityType: 'user', entityName: null }], key: 'producer_byte_rate', value: 5, remove: false },
    { type: 'FeatureLevelRecord', name: 'group.version', featureLevel: 1 },
  )
  const copy = new MetadataImage()
  applyRecords(copy, [...recordsOf(image)])
  expect(copy).toEqual(image)
})
