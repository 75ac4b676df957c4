import { describe, expect, it } from 'vitest'
import { LOST_DIRECTORY, UNASSIGNED_DIRECTORY } from '../base/uuid.ts'
import { aBroker, anImage, aTopic, uuidOf } from '../metadata/builders.ts'
import type { BrokerImage, MetadataImage, PartitionImage } from '../metadata/image.ts'
import { errorName } from '../protocol/errors.ts'
import { after, anAssignment, aState, ordersIn } from './builders.ts'
import { decideDirectoryAssignments } from './directories.ts'

const [first, second, gone] = [uuidOf('first'), uuidOf('second'), uuidOf('gone')]

/** Broker 1 has two log folders, the others have one. */
function ordersAt(directory: string, partition: Partial<PartitionImage> = {}, broker: Partial<BrokerImage> = {}): MetadataImage {
  const brokers = [aBroker(1, { directories: [first, second], ...broker }), aBroker(2), aBroker(3)]
  const directories = [directory, UNASSIGNED_DIRECTORY, UNASSIGNED_DIRECTORY]
  return anImage({ brokers, topics: [aTopic('orders', [{ directories, ...partition }])] })
}

function assign(image: MetadataImage, request = anAssignment(1, [first])) {
  const { records, reply } = decideDirectoryAssignments(aState(image), request)
  const errors = reply.directories.flatMap(({ topics }) =>
    topics.flatMap(({ partitions }) => partitions.map(each => errorName(each.errorCode))),
  )
  return { records, error: errorName(reply.errorCode), errors, becomes: ordersIn(after(image, records)) }
}

it.each([
  { given: 'an epoch that has passed', request: anAssignment(1, [first], { brokerEpoch: 7 }) },
  { given: 'a broker nobody knows', request: anAssignment(9, [first]) },
])('refuses everything from $given', ({ request }) => {
  expect(assign(ordersAt(UNASSIGNED_DIRECTORY), request)).toMatchObject({ records: [], error: 'STALE_BROKER_EPOCH', errors: [] })
})

it.each([
  { given: 'a topic nobody has', asked: { topicId: uuidOf('never') }, error: 'UNKNOWN_TOPIC_ID' },
  { given: 'a partition nobody has', asked: { partitionIndex: 7 }, error: 'UNKNOWN_TOPIC_OR_PARTITION' },
  { given: 'a replica that others have', asked: {}, partition: { replicas: [2, 3] }, error: 'NOT_LEADER_OR_FOLLOWER' },
])('refuses $given with $error', ({ asked, partition, error }) => {
  const image = anImage({ topics: [aTopic('orders', [partition ?? {}])] })
  expect(assign(image, anAssignment(1, [first], asked))).toMatchObject({ records: [], error: 'NONE', errors: [error] })
})

describe('a replica', () => {
  it('is where its broker says, and the leader stays in its epoch', () => {
    const { errors, becomes } = assign(ordersAt(UNASSIGNED_DIRECTORY))
    expect(errors).toEqual(['NONE'])
    expect(becomes).toMatchObject({ directories: [first, UNASSIGNED_DIRECTORY, UNASSIGNED_DIRECTORY], leader: 1, isr: [1, 2, 3] })
    expect(becomes).toMatchObject({ leaderEpoch: 5, partitionEpoch: 11 })
  })

  it('is not written down again where it is already', () => {
    expect(assign(ordersAt(first))).toMatchObject({ records: [], errors: ['NONE'] })
  })

  it('may be assigned by a broker that is fenced', () => {
    const { errors, becomes } = assign(ordersAt(gone, { isr: [2, 3], leader: 2 }, { fenced: true }))
    expect(errors).toEqual(['NONE'])
    expect(becomes).toMatchObject({ leader: 2, isr: [2, 3], directories: [first, UNASSIGNED_DIRECTORY, UNASSIGNED_DIRECTORY] })
  })

  it('is where it was named last', () => {
    const { records, errors, becomes } = assign(ordersAt(UNASSIGNED_DIRECTORY), anAssignment(1, [first, second]))
    expect(errors).toEqual(['NONE', 'NONE'])
    expect(records).toHaveLength(2)
    expect(becomes.directories[0]).toBe(second)
  })

  it.each([
    { given: 'is lost', directory: LOST_DIRECTORY },
    { given: 'is in a folder that does not work', directory: gone },
  ])('that $given leads no more and is not in sync', ({ directory }) => {
    const { errors, becomes } = assign(ordersAt(first), anAssignment(1, [directory]))
    expect(errors).toEqual(['NONE'])
    expect(becomes).toMatchObject({ leader: 2, leaderEpoch: 6, isr: [2, 3] })
    expect(becomes.directories[0]).toBe(directory)
  })

  it('that follows and is lost leaves the isr alone', () => {
    const { becomes } = assign(ordersAt(first, { leader: 2 }), anAssignment(1, [LOST_DIRECTORY]))
    expect(becomes).toMatchObject({ leader: 2, leaderEpoch: 5, isr: [2, 3] })
  })

  it('that was the last in sync stays so when it is lost, and nobody leads', () => {
    const { becomes } = assign(ordersAt(first, { isr: [1] }), anAssignment(1, [LOST_DIRECTORY]))
    expect(becomes).toMatchObject({ leader: -1, leaderEpoch: 6, isr: [1] })
  })

  it('that was lost leads again once it is found, if nobody else could', () => {
    const { becomes } = assign(ordersAt(LOST_DIRECTORY, { isr: [1], leader: -1 }), anAssignment(1, [second]))
    expect(becomes).toMatchObject({ leader: 1, leaderEpoch: 6, isr: [1] })
  })

  it('that was lost is not in sync for being found', () => {
    const { becomes } = assign(ordersAt(LOST_DIRECTORY, { isr: [2, 3], leader: 2 }), anAssignment(1, [second]))
    expect(becomes).toMatchObject({ leader: 2, leaderEpoch: 5, isr: [2, 3] })
  })
})

it('elects one that is not in sync when the last is lost and the topic allows it', () => {
  const image = ordersAt(first, { isr: [1] })
  image.configs.set('2:orders', new Map([['unclean.leader.election.enable', 'true']]))
  expect(assign(image, anAssignment(1, [LOST_DIRECTORY])).becomes).toMatchObject({ leader: 2, isr: [2], leaderRecoveryState: 1 })
})

it('does not bring back a folder that failed', () => {
  const image = ordersAt(first)
  const { records } = assign(image, anAssignment(1, [gone]))
  expect(after(image, records).brokers.get(1)?.directories).toEqual([first, second])
})
