import { describe, expect, it } from 'vitest'
import { LOST_DIRECTORY, UNASSIGNED_DIRECTORY } from '../base/uuid.ts'
import { aBroker, anImage, aTopic, uuidOf } from '../metadata/builders.ts'
import type { PartitionImage } from '../metadata/image.ts'
import { errorName } from '../protocol/errors.ts'
import { after, aState, ordersIn } from './builders.ts'
import { decideReassignments, listReassignments } from './reassignments.ts'

const clusterOf4 = (partition: Partial<PartitionImage>) =>
  anImage({ brokers: [1, 2, 3, 4].map(id => aBroker(id)), topics: [aTopic('orders', [partition])] })

function reassign(partition: Partial<PartitionImage>, replicas: readonly number[] | null, { partitionIndex = 0, allowed = true } = {}) {
  const image = clusterOf4(partition)
  const { records, reply } = decideReassignments(aState(image), {
    topics: [{ name: 'orders', partitions: [{ partitionIndex, replicas }] }],
    timeoutMs: 1,
    allowReplicationFactorChange: allowed,
  })
  return { error: errorName(reply.responses[0]!.partitions[0]!.errorCode), becomes: ordersIn(after(image, records)), records }
}

const moving = { replicas: [4, 2, 1], addingReplicas: [4], removingReplicas: [1], isr: [1, 2], leader: 1 }

it.each([
  {
    given: 'a move',
    partition: { replicas: [1, 2] },
    target: [3, 2],
    becomes: { replicas: [3, 2, 1], addingReplicas: [3], removingReplicas: [1], isr: [1, 2], leader: 1, leaderEpoch: 5 },
  },
  {
    given: 'another replica',
    partition: { replicas: [1, 2] },
    target: [1, 2, 3],
    becomes: { replicas: [1, 2, 3], addingReplicas: [3], removingReplicas: [], leader: 1, leaderEpoch: 5 },
  },
  {
    given: 'one replica less: done at once',
    partition: { replicas: [1, 2, 3] },
    target: [2, 3],
    becomes: { replicas: [2, 3], addingReplicas: [], removingReplicas: [], isr: [2, 3], leader: 2, leaderEpoch: 6 },
  },
  {
    given: 'another order: done at once',
    partition: { replicas: [1, 2, 3] },
    target: [3, 1, 2],
    becomes: { replicas: [3, 1, 2], addingReplicas: [], removingReplicas: [], leader: 1, leaderEpoch: 5 },
  },
  {
    given: 'a move that is called off',
    partition: moving,
    target: null,
    becomes: { replicas: [2, 1], addingReplicas: [], removingReplicas: [], isr: [1, 2], leader: 1, leaderEpoch: 6 },
  },
  {
    given: 'another target during a move',
    partition: moving,
    target: [3, 2],
    becomes: { replicas: [3, 2, 4, 1], addingReplicas: [3], removingReplicas: [4, 1], isr: [1, 2] },
  },
])('accepts $given', ({ partition, target, becomes: expected }) => {
  const { error, becomes } = reassign(partition, target)
  expect(error).toBe('NONE')
  expect(becomes).toMatchObject(expected)
  expect(becomes.directories).toHaveLength(becomes.replicas.length)
})

it.each([
  { given: 'a stranger', target: [9], error: 'INVALID_REPLICA_ASSIGNMENT' },
  { given: 'a replica twice', target: [1, 1], error: 'INVALID_REPLICA_ASSIGNMENT' },
  { given: 'nobody', target: [], error: 'INVALID_REPLICA_ASSIGNMENT' },
  { given: 'an unknown partition', target: [1], options: { partitionIndex: 7 }, error: 'UNKNOWN_TOPIC_OR_PARTITION' },
  { given: 'nothing to call off', target: null, error: 'NO_REASSIGNMENT_IN_PROGRESS' },
  { given: 'another number of replicas', target: [1], options: { allowed: false }, error: 'INVALID_REPLICATION_FACTOR' },
])('refuses $given with $error', ({ target, options, error }) => {
  expect(reassign({}, target, options)).toMatchObject({ error, records: [] })
})

it('waits for a broker that is away, and gives up nobody until it has everything', () => {
  const brokers = [aBroker(1), aBroker(2), aBroker(3, { fenced: true })]
  const image = anImage({ brokers, topics: [aTopic('orders', [{ replicas: [1, 2, 3], isr: [1, 2] }])] })
  const topics = [{ name: 'orders', partitions: [{ partitionIndex: 0, replicas: [3] }] }]
  const { records } = decideReassignments(aState(image), { topics, timeoutMs: 1, allowReplicationFactorChange: true })
  expect(ordersIn(after(image, records))).toMatchObject({ replicas: [3, 1, 2], removingReplicas: [1, 2], isr: [1, 2], leader: 1 })
})

it('puts a new replica into the only log folder of its broker, and leaves it open where there are two', () => {
  const image = anImage({
    brokers: [aBroker(1), aBroker(2), aBroker(3), aBroker(4, { directories: [uuidOf('a'), uuidOf('b')] })],
    topics: [aTopic('orders', [{ replicas: [1, 2], directories: [uuidOf('directory-1'), uuidOf('directory-2')] }])],
  })
  const topics = [{ name: 'orders', partitions: [{ partitionIndex: 0, replicas: [3, 4, 2] }] }]
  const { records } = decideReassignments(aState(image), { topics, timeoutMs: 1, allowReplicationFactorChange: true })
  const { replicas, directories } = ordersIn(after(image, records))
  expect(replicas).toEqual([3, 4, 2, 1])
  expect(directories).toEqual([uuidOf('directory-3'), UNASSIGNED_DIRECTORY, uuidOf('directory-2'), uuidOf('directory-1')])
})

it('does not call off a move when those in sync are in log folders that do not work', () => {
  const directories = [UNASSIGNED_DIRECTORY, LOST_DIRECTORY, LOST_DIRECTORY]
  expect(reassign({ ...moving, directories }, null).error).toBe('INVALID_REPLICA_ASSIGNMENT')
  expect(reassign({ ...moving, directories: directories.with(2, UNASSIGNED_DIRECTORY) }, null).error).toBe('NONE')
})

it('does not call off a move when only the new replicas have everything', () => {
  expect(reassign({ ...moving, isr: [4], leader: 4 }, null).error).toBe('INVALID_REPLICA_ASSIGNMENT')
})

describe('listing', () => {
  const state = aState(clusterOf4(moving))

  it.each([{ asked: null }, { asked: [{ name: 'orders', partitionIndexes: [0, 5] }] }])('shows moves of $asked', ({ asked }) => {
    expect(listReassignments(state, { topics: asked, timeoutMs: 1 }).reply.topics).toEqual([
      { name: 'orders', partitions: [{ partitionIndex: 0, replicas: [4, 2, 1], addingReplicas: [4], removingReplicas: [1] }] },
    ])
  })

  it('leaves out what does not move', () => {
    expect(listReassignments(aState(clusterOf4({})), { topics: null, timeoutMs: 1 }).reply.topics).toEqual([])
  })
})
