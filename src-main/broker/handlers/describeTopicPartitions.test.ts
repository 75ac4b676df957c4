import { describe, expect, it } from 'vitest'
import { aBroker, anImage, aTopic, uuidOf } from '../../metadata/builders.ts'
import { errorName } from '../../protocol/errors.ts'
import type { DescribeTopicPartitionsRequest } from '../../protocol/messages/describeTopicPartitions.ts'
import { topicPartitions } from './describeTopicPartitions.ts'

const image = anImage({
  brokers: [aBroker(1), aBroker(2, { fenced: true }), aBroker(3)],
  topics: [
    aTopic('orders', [{}, { isr: [], leader: -1, elr: [2], lastKnownElr: [3] }, {}]),
    aTopic('audit', [{}]),
    aTopic('secret', [{}, {}]),
  ],
})

function ask(given: Partial<DescribeTopicPartitionsRequest>, { limit = 2000, hidden = [] as readonly string[] } = {}) {
  const request = { topics: [], responsePartitionLimit: 2000, cursor: null, ...given }
  const { topics, nextCursor } = topicPartitions(request, {
    image,
    listener: 'PLAINTEXT',
    limit,
    mayDescribe: name => !hidden.includes(name),
  })
  const told = topics.map(({ name, errorCode, partitions }) => {
    const error = errorName(errorCode)
    return error === 'NONE' ? `${name} ${partitions.map(each => each.partitionIndex).join()}` : `${name} ${error}`
  })
  return { topics, told, nextCursor }
}

const named = (...names: string[]) => names.map(name => ({ name }))

describe('the partitions of topics', () => {
  it('are told with those eligible to lead and the last known leader', () => {
    const [orders] = ask({ topics: named('orders') }).topics
    expect(orders).toMatchObject({ topicId: uuidOf('orders'), isInternal: false })
    expect(orders!.partitions[1]).toMatchObject({
      leaderId: -1,
      isrNodes: [],
      eligibleLeaderReplicas: [2],
      lastKnownElr: [3],
      offlineReplicas: [2],
    })
    expect(orders!.partitions[0]).toMatchObject({ leaderId: 1, leaderEpoch: 5, replicaNodes: [1, 2, 3], eligibleLeaderReplicas: [] })
  })

  it('come in the order of names, all that may be seen or those named', () => {
    expect(ask({}).told).toEqual(['audit 0', 'orders 0,1,2', 'secret 0,1'])
    expect(ask({}, { hidden: ['secret'] }).told).toEqual(['audit 0', 'orders 0,1,2'])
    expect(ask({ topics: named('secret', 'orders', 'gone', '.') }, { hidden: ['secret'] }).told).toEqual([
      '. INVALID_TOPIC_EXCEPTION',
      'gone UNKNOWN_TOPIC_OR_PARTITION',
      'orders 0,1,2',
      'secret TOPIC_AUTHORIZATION_FAILED',
    ])
  })

  it.each([1, 2, 3, 4])('come a few at a time, each once (%i)', limit => {
    const told: string[] = []
    let cursor: DescribeTopicPartitionsRequest['cursor'] = null
    do {
      const answer = ask({ cursor }, { limit })
      const partitions = answer.topics.flatMap(({ name, partitions: those }) => those.map(each => `${name}-${each.partitionIndex}`))
      expect(partitions.length).toBeLessThanOrEqual(limit)
      told.push(...partitions)
      cursor = answer.nextCursor ?? null
    } while (cursor !== null)
    expect(told).toEqual(['audit-0', 'orders-0', 'orders-1', 'orders-2', 'secret-0', 'secret-1'])
  })

  it('go on behind a cursor whose topic is gone, unless it should be among those named', () => {
    expect(ask({ cursor: { topicName: 'nothing', partitionIndex: 7 } }).told).toEqual(['orders 0,1,2', 'secret 0,1'])
    expect(ask({ topics: named('orders'), cursor: { topicName: 'audit', partitionIndex: 0 } }).told).toEqual(['orders INVALID_REQUEST'])
  })
})
