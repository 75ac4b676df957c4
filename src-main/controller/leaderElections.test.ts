import { expect, it } from 'vitest'
import { LOST_DIRECTORY, UNASSIGNED_DIRECTORY } from '../base/uuid.ts'
import { aBroker, anImage, aTopic } from '../metadata/builders.ts'
import { errorName } from '../protocol/errors.ts'
import { after, aState } from './builders.ts'
import { decideElections } from './leaderElections.ts'

const [PREFERRED, UNCLEAN] = [0, 1] as const

/** Of the partitions 0 has the preferred leader, 1 has another, 2 cannot have the preferred one, and 3 has none and nobody in sync. */
const image = anImage({
  brokers: [aBroker(1), aBroker(2), aBroker(3, { fenced: true })],
  topics: [aTopic('orders', [{}, { leader: 2 }, { isr: [2], leader: 2 }, { isr: [3], leader: -1 }])],
})

const elect = (electionType: number, partitions: number[] | null) =>
  decideElections(aState(image), {
    electionType,
    topicPartitions: partitions && [{ topic: 'orders', partitions }],
    timeoutMs: 1,
  })

it.each([
  [PREFERRED, 0, 'ELECTION_NOT_NEEDED'],
  [PREFERRED, 1, 'NONE'],
  [PREFERRED, 2, 'PREFERRED_LEADER_NOT_AVAILABLE'],
  [PREFERRED, 3, 'PREFERRED_LEADER_NOT_AVAILABLE'],
  [PREFERRED, 9, 'UNKNOWN_TOPIC_OR_PARTITION'],
  [UNCLEAN, 2, 'ELECTION_NOT_NEEDED'],
  [UNCLEAN, 3, 'NONE'],
] as const)('answers an election of type %i on partition %i with %s', (type, partition, error) => {
  const { records, reply } = elect(type, [partition])
  expect(errorName(reply.replicaElectionResults[0]!.partitionResult[0]!.errorCode)).toBe(error)
  expect(records).toHaveLength(error === 'NONE' ? 1 : 0)
})

it.each([
  { type: PREFERRED, partition: { isr: [1, 2], leader: 2 }, error: 'PREFERRED_LEADER_NOT_AVAILABLE' },
  { type: UNCLEAN, partition: { replicas: [1, 3], isr: [3], leader: -1 }, error: 'ELIGIBLE_LEADERS_NOT_AVAILABLE' },
])('elects no replica in a log folder that does not work (type $type)', ({ type, partition, error }) => {
  const directories = [LOST_DIRECTORY, UNASSIGNED_DIRECTORY, UNASSIGNED_DIRECTORY].slice(0, partition.replicas?.length ?? 3)
  const lost = anImage({
    brokers: [aBroker(1), aBroker(2), aBroker(3, { fenced: true })],
    topics: [aTopic('orders', [{ ...partition, directories }])],
  })
  const topicPartitions = [{ topic: 'orders', partitions: [0] }]
  const { records, reply } = decideElections(aState(lost), { electionType: type, topicPartitions, timeoutMs: 1 })
  expect(errorName(reply.replicaElectionResults[0]!.partitionResult[0]!.errorCode)).toBe(error)
  expect(records).toEqual([])
})

it('says nothing of partitions that need no election when asked for all', () => {
  const { records, reply } = elect(PREFERRED, null)
  expect(reply.replicaElectionResults[0]!.partitionResult.map(each => each.partitionId)).toEqual([1, 2, 3])
  expect(after(image, records).topicsByName.get('orders')!.partitions[1]).toMatchObject({ leader: 1, leaderEpoch: 6 })
})

it('elects once what is named twice', () => {
  expect(elect(PREFERRED, [1, 1]).records).toHaveLength(1)
})

it('knows two types of election', () => {
  expect(errorName(elect(2, null).reply.errorCode!)).toBe('INVALID_REQUEST')
})
