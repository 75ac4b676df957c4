import { describe, expect, it } from 'vitest'
import { aBroker, anImage, aTopic, uuidOf } from '../metadata/builders.ts'
import type { MetadataImage } from '../metadata/image.ts'
import { errorName } from '../protocol/errors.ts'
import type { AlterPartitionRequest } from '../protocol/messages/alterPartition.ts'
import { after, anIsrRequest, aState, ordersIn, ordersOf } from './builders.ts'
import { decideIsr } from './isr.ts'

const errorOf = (request: AlterPartitionRequest, image: MetadataImage = ordersOf({ isr: [1, 2] })) => {
  const { records, reply } = decideIsr(aState(image), request)
  const error = errorName(reply.topics[0]?.partitions[0]?.errorCode ?? reply.errorCode)
  if (error !== 'NONE') expect(records).toEqual([])
  return error
}

const without3 = (given: object) =>
  anImage({ brokers: [aBroker(1), aBroker(2), aBroker(3, given)], topics: [aTopic('orders', [{ isr: [1, 2] }])] })

it.each([
  { given: 'a stale broker epoch', request: anIsrRequest([1], { brokerEpoch: 7 }), error: 'STALE_BROKER_EPOCH' },
  { given: 'an unknown broker', request: anIsrRequest([1], { brokerId: 9 }), error: 'STALE_BROKER_EPOCH' },
  { given: 'a newer leader epoch', request: anIsrRequest([1], { leaderEpoch: 6 }), error: 'NOT_CONTROLLER' },
  { given: 'a newer partition epoch', request: anIsrRequest([1], { partitionEpoch: 11 }), error: 'NOT_CONTROLLER' },
  { given: 'an older leader epoch', request: anIsrRequest([1], { leaderEpoch: 4, partitionEpoch: 9 }), error: 'FENCED_LEADER_EPOCH' },
  { given: 'somebody else than the leader', request: anIsrRequest([2], { brokerId: 2, partitionEpoch: 9 }), error: 'INVALID_REQUEST' },
  { given: 'an older partition epoch', request: anIsrRequest([1], { partitionEpoch: 9 }), error: 'INVALID_UPDATE_VERSION' },
  { given: 'a stranger', request: anIsrRequest([1, 4]), error: 'INVALID_REQUEST' },
  { given: 'a member named twice', request: anIsrRequest([1, 2, 2]), error: 'INVALID_REQUEST' },
  { given: 'no leader among them', request: anIsrRequest([2]), error: 'INVALID_REQUEST' },
  { given: 'nobody', request: anIsrRequest([]), error: 'INVALID_REQUEST' },
  { given: 'recovery that nobody ordered', request: anIsrRequest([1], { leaderRecoveryState: 1 }), error: 'INVALID_REQUEST' },
  { given: 'a partition nobody has', request: anIsrRequest([1], { partitionIndex: 1 }), error: 'UNKNOWN_TOPIC_OR_PARTITION' },
] as const)('refuses $given with $error', ({ request, error }) => expect(errorOf(request)).toBe(error))

it.each([
  { given: 'is fenced', broker: { fenced: true } },
  { given: 'shuts down', broker: { inControlledShutdown: true } },
  { given: 'has been registered anew', broker: { brokerEpoch: 777 } },
])('refuses a member that $given', ({ broker }) => expect(errorOf(anIsrRequest([1, 2, 3]), without3(broker))).toBe('INELIGIBLE_REPLICA'))

it('refuses a member whose log folder does not work', () => {
  const directories = [uuidOf('directory-1'), uuidOf('directory-2'), uuidOf('wiped')]
  expect(errorOf(anIsrRequest([1, 2, 3]), ordersOf({ isr: [1, 2], directories }))).toBe('INELIGIBLE_REPLICA')
})

it('takes a member on trust when its epoch is not given', () => {
  const request = anIsrRequest([], { newIsr: [1, 2, 3] })
  expect(errorOf(request, without3({ brokerEpoch: 777 }))).toBe('NONE')
})

it('refuses more than one member while the leader recovers', () => {
  const image = ordersOf({ isr: [1], leaderRecoveryState: 1 })
  expect(errorOf(anIsrRequest([1, 2], { leaderRecoveryState: 1 }), image)).toBe('INVALID_REQUEST')
  expect(errorOf(anIsrRequest([1], { leaderRecoveryState: 1 }), image)).toBe('NONE')
  expect(errorOf(anIsrRequest([1, 2], { leaderRecoveryState: 0 }), image)).toBe('NONE')
})

it('does not know a topic that was deleted', () => {
  const request = anIsrRequest([1])
  const elsewhere = { ...request, topics: request.topics.map(topic => ({ ...topic, topicId: uuidOf('gone') })) }
  expect(errorOf(elsewhere)).toBe('UNKNOWN_TOPIC_ID')
})

describe('a change', () => {
  it('raises the partition epoch and leaves the leader epoch alone', () => {
    const image = ordersOf({ isr: [1, 2] })
    const { records, reply } = decideIsr(aState(image), anIsrRequest([1, 2, 3]))
    expect(ordersIn(after(image, records))).toMatchObject({ isr: [1, 2, 3], leader: 1, leaderEpoch: 5, partitionEpoch: 11 })
    expect(reply.topics[0]!.partitions[0]).toEqual({
      partitionIndex: 0,
      errorCode: 0,
      leaderId: 1,
      leaderEpoch: 5,
      isr: [1, 2, 3],
      leaderRecoveryState: 0,
      partitionEpoch: 11,
    })
  })

  it('that changes nothing is confirmed without a record', () => {
    const { records, reply } = decideIsr(aState(ordersOf({ isr: [1, 2] })), anIsrRequest([1, 2]))
    expect(records).toEqual([])
    expect(reply.topics[0]!.partitions[0]).toMatchObject({ errorCode: 0, partitionEpoch: 10 })
  })

  it('can end a reassignment, and with it the leadership of the one who asks', () => {
    const image = ordersOf({ replicas: [3, 2, 1], addingReplicas: [3], removingReplicas: [1], isr: [1, 2], leader: 1 })
    const { records, reply } = decideIsr(aState(image), anIsrRequest([1, 2, 3]))
    expect(errorName(reply.topics[0]!.partitions[0]!.errorCode)).toBe('NEW_LEADER_ELECTED')
    expect(ordersIn(after(image, records))).toMatchObject({ replicas: [3, 2], isr: [2, 3], leader: 3, leaderEpoch: 6 })
  })
})
