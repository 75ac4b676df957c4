import { describe, expect, it } from 'vitest'
import { aBroker, anImage, aPartition, aTopic, uuidOf } from './builders.ts'
import type { MetadataImage } from './image.ts'
import { replaceImage } from './replaceImage.ts'
import { recordsOf } from './snapshot.ts'

const replaced = (before: MetadataImage, after: MetadataImage) => replaceImage(before, [...recordsOf(after)])

describe('a snapshot that takes the place of an image', () => {
  it('leaves nothing of it', () => {
    const image = anImage({ topics: [aTopic('old')], configs: { '2:old': { 'retention.ms': '1' } }, nextProducerId: 1000 })
    const after = anImage({ brokers: [aBroker(7)], topics: [aTopic('new', [{}, {}])], configs: { '2:new': { 'segment.ms': '2' } } })
    replaced(image, after)
    expect([...recordsOf(image)]).toEqual([...recordsOf(after)])
    expect(image.topicsByName.get('new')).toBe(image.topicsById.get(uuidOf('new')))
    expect(image.topicsByName.has('old')).toBe(false)
  })

  it('changes nothing when it says the same', () => {
    const image = anImage({ topics: [aTopic('orders', [{}, {}])], configs: { '2:orders': { 'retention.ms': '1' } } })
    const delta = replaced(image, image.clone())
    expect(delta.changedTopics.size + delta.deletedTopics.length + delta.changedPartitions.length).toBe(0)
    expect(delta.changedBrokers.size + delta.changedConfigs.size + delta.changedFeatures.size).toBe(0)
    expect([delta.producerIdsChanged, delta.quotasChanged, delta.credentialsChanged, delta.aclsChanged]).toEqual([
      false,
      false,
      false,
      false,
    ])
  })

  it('deletes, adds and changes topics as one batch would', () => {
    const image = anImage({ topics: [aTopic('gone'), aTopic('stays'), aTopic('moves', [{}, {}])] })
    const moved = {
      ...aTopic('moves'),
      partitions: [aPartition(), aPartition({ partition: 1, leader: 3, leaderEpoch: 9 }), aPartition({ partition: 2 })],
    }
    const delta = replaced(image, anImage({ topics: [aTopic('stays'), moved, aTopic('new')] }))
    expect(delta.deletedTopics.map(topic => topic.name)).toEqual(['gone'])
    expect(delta.changedTopics).toEqual(new Set([uuidOf('moves'), uuidOf('new')]))
    expect(delta.changedPartitions).toEqual([
      { topicId: uuidOf('moves'), partition: 1 },
      { topicId: uuidOf('moves'), partition: 2 },
      { topicId: uuidOf('new'), partition: 0 },
    ])
  })

  it('tells a topic from another of the same name', () => {
    const image = anImage({ topics: [aTopic('orders')] })
    const delta = replaced(image, anImage({ topics: [{ ...aTopic('orders'), topicId: uuidOf('again') }] }))
    expect(delta.deletedTopics.map(topic => topic.topicId)).toEqual([uuidOf('orders')])
    expect(image.topicsByName.get('orders')?.topicId).toBe(uuidOf('again'))
  })

  it('tells which brokers and configs are not as they were, those that are gone included', () => {
    const image = anImage({ configs: { '2:one': { 'retention.ms': '1', 'segment.ms': '2' }, '2:two': { 'segment.ms': '2' } } })
    const delta = replaced(
      image,
      anImage({
        brokers: [aBroker(1), aBroker(2, { fenced: true })],
        configs: { '2:one': { 'segment.ms': '2', 'retention.ms': '1' }, '2:three': { 'segment.ms': '3' } },
      }),
    )
    expect(delta.changedBrokers).toEqual(new Set([2, 3]))
    expect(delta.changedConfigs).toEqual(new Set(['2:two', '2:three']))
  })
})
