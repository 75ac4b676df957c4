import { describe, expect, it } from 'vitest'
import { LOST_DIRECTORY } from '../base/uuid.ts'
import { aBroker, anImage, aTopic } from '../metadata/builders.ts'
import type { MetadataImage, PartitionImage } from '../metadata/image.ts'
import { errorName } from '../protocol/errors.ts'
import { after, anAssignment, aHeartbeat, anIsrRequest, aRegistration, aState, ordersIn } from './builders.ts'
import { decideIncrementalConfigs } from './configs.ts'
import { decideDirectoryAssignments } from './directories.ts'
import { changesAfterUncleanShutdown, changesToPreferred, changesWith, changesWithout } from './elections.ts'
import { eligibleLeaders } from './eligibleLeaders.ts'
import { decideIsr } from './isr.ts'
import { decideElections } from './leaderElections.ts'
import { decideReassignments } from './reassignments.ts'
import { decideFencing, decideHeartbeat, decideRegistration } from './registrations.ts'

const NO_CONFIG = new Map<string, string>()

/** A topic `orders` of one partition on brokers 1, 2 and 3, of which those named are fenced, with min.insync.replicas 2. */
function ordersOf(partition: Partial<PartitionImage>, { fenced = [], min = 2 }: { fenced?: readonly number[]; min?: number } = {}) {
  const brokers = [1, 2, 3, 4].map(id => aBroker(id, { fenced: fenced.includes(id) }))
  return anImage({ brokers, topics: [aTopic('orders', [partition])], eligibleLeaders: { minInsyncReplicas: min } })
}

/** What becomes of the partition, as far as this is about it. */
function becomes(image: MetadataImage, records: Parameters<typeof after>[1]) {
  const { leader, isr, elr, lastKnownElr } = ordersIn(after(image, records))
  return { leader, isr, elr, lastKnownElr }
}

it.each([
  { is: 'enough', isr: [1, 2, 3], elr: [], goes: 3, min: 2, eligible: [] },
  { is: 'the first too few', isr: [1, 2], elr: [], goes: 2, min: 2, eligible: [2] },
  { is: 'the last of all', isr: [1], elr: [2], goes: 1, min: 2, eligible: [1, 2] },
  { is: 'the last, and enough alone', isr: [1], elr: [], goes: 1, min: 1, eligible: [1] },
  { is: 'one of two, and one is enough', isr: [1, 2], elr: [], goes: 2, min: 1, eligible: [] },
  { is: 'one of three that are all needed', isr: [1, 2, 3], elr: [], goes: 3, min: 3, eligible: [3] },
  { is: 'one of three, of which four are wanted', isr: [1, 2, 3], elr: [], goes: 3, min: 4, eligible: [3] },
])('who leaves the ISR ($is) is eligible while too few are in it: $eligible', ({ isr, elr, goes, min, eligible }) => {
  const image = ordersOf({ isr, elr }, { min, fenced: [2, 3] })
  expect(becomes(image, changesWithout(image, goes, NO_CONFIG)).elr).toEqual(eligible)
})

it('nobody is eligible in a cluster without that feature, nor is who did not shut down cleanly', () => {
  const before = ordersIn(ordersOf({ isr: [1, 2], elr: [3] }))
  const now = { replicas: [1, 2, 3], isr: [1] }
  expect(eligibleLeaders(before, now, { minInsyncReplicas: 2 })).toEqual([2, 3])
  expect(eligibleLeaders(before, now, { minInsyncReplicas: 2, uncleanlyShutDown: 2 })).toEqual([3])
  expect(eligibleLeaders(before, now, { minInsyncReplicas: undefined })).toEqual([])
})

it('forgets who was eligible in a cluster that has no such thing any more', () => {
  const image = anImage({ topics: [aTopic('orders', [{ isr: [1], elr: [2], leader: 1 }])] })
  expect(becomes(image, changesWithout(image, 1, NO_CONFIG))).toEqual({ leader: -1, isr: [1], elr: [], lastKnownElr: [] })
})

describe('the last in-sync replica', () => {
  it('is remembered too where it had been kept without a leader, in the time before there were eligible ones', () => {
    const image = ordersOf({ isr: [2], leader: -1, elr: [] }, { fenced: [2, 3] })
    const { records } = decideRegistration(aState(image), aRegistration(2), false)
    expect(becomes(image, records)).toEqual({ leader: -1, isr: [], elr: [], lastKnownElr: [2] })
  })

  it('leaves too, and is remembered as eligible and as the last leader', () => {
    const image = ordersOf({ isr: [1], elr: [2] }, { fenced: [2, 3] })
    const gone = { leader: -1, isr: [], elr: [1, 2], lastKnownElr: [1] }
    expect(becomes(image, decideFencing(aState(image), 1))).toEqual(gone)
    expect(becomes(image, decideHeartbeat(aState(image), aHeartbeat(1, { wantShutDown: true }), progress).records)).toEqual(gone)
  })

  it('leaves for a log folder that is lost, and may not lead from there', () => {
    const image = ordersOf({ isr: [1] }, { fenced: [2, 3] })
    const lost = after(image, decideDirectoryAssignments(aState(image), anAssignment(1, [LOST_DIRECTORY])).records)
    expect(ordersIn(lost)).toMatchObject({ leader: -1, isr: [], elr: [1], lastKnownElr: [1] })
    expect(changesWith(lost, 1, NO_CONFIG)).toEqual([])
  })

  it('gives way to one that is eligible and alive', () => {
    const image = ordersOf({ isr: [1], elr: [2, 3] }, { fenced: [2] })
    expect(becomes(image, decideFencing(aState(image), 1))).toEqual({ leader: 3, isr: [3], elr: [1, 2], lastKnownElr: [] })
  })
})

describe('a partition with nobody in sync', () => {
  const leaderless = { isr: [], leader: -1, elr: [2, 3], lastKnownElr: [1] }

  it('is led by the first that is eligible and comes back, cleanly', () => {
    const image = ordersOf(leaderless, { fenced: [1, 2, 3] })
    expect(changesWith(image, 1, NO_CONFIG)).toEqual([])
    const [change] = changesWith(image, 3, NO_CONFIG)
    expect(ordersIn(after(image, [change!]))).toMatchObject({ leader: 3, leaderEpoch: 6, isr: [3], elr: [2], lastKnownElr: [] })
    expect(change).toMatchObject({ leaderRecoveryState: -1 })
  })

  it('has no other eligible ones when the one that leads is enough', () => {
    const image = ordersOf(leaderless, { fenced: [1, 2, 3], min: 1 })
    expect(becomes(image, changesWith(image, 3, NO_CONFIG))).toEqual({ leader: 3, isr: [3], elr: [], lastKnownElr: [] })
  })

  it('is led by the preferred replica only if that is eligible', () => {
    const image = ordersOf(leaderless, { fenced: [3] })
    expect(becomes(image, changesToPreferred(image, 10, NO_CONFIG))).toMatchObject({ leader: 2, isr: [2], elr: [3] })
  })

  it('is led by the last known leader once nobody is eligible, who then has to recover', () => {
    const image = ordersOf({ ...leaderless, elr: [] }, { fenced: [1, 2] })
    expect(changesWith(image, 2, NO_CONFIG)).toEqual([])
    const led = after(image, changesWith(image, 1, NO_CONFIG))
    expect(ordersIn(led)).toMatchObject({ leader: 1, isr: [1], elr: [], lastKnownElr: [], leaderRecoveryState: 1 })
  })

  it('is not led by one of several that another Kafka remembers', () => {
    const image = ordersOf({ ...leaderless, elr: [], lastKnownElr: [1, 2] }, { fenced: [1] })
    expect(changesWith(image, 1, NO_CONFIG)).toEqual([])
  })

  it('is led by anybody when somebody insists, and then nobody else is eligible', () => {
    const image = ordersOf(leaderless, { fenced: [2, 3] })
    const request = { electionType: 1, topicPartitions: [{ topic: 'orders', partitions: [0] }], timeoutMs: 1 }
    const led = after(image, decideElections(aState(image), request).records)
    expect(ordersIn(led)).toMatchObject({ leader: 1, isr: [1], elr: [], lastKnownElr: [], leaderRecoveryState: 1 })
  })
})

describe('a move', () => {
  const moved = (image: MetadataImage, replicas: readonly number[] | null) => {
    const topics = [{ name: 'orders', partitions: [{ partitionIndex: 0, replicas }] }]
    const { records, reply } = decideReassignments(aState(image), { topics, timeoutMs: 1, allowReplicationFactorChange: true })
    return { error: errorName(reply.responses[0]!.partitions[0]!.errorCode), becomes: after(image, records) }
  }

  it('keeps those in sync that it is to do without, until enough of the others are', () => {
    const image = ordersOf({ replicas: [1, 3, 2], isr: [3, 2], leader: 3 }, { fenced: [1] })
    const waiting = moved(image, [2, 1]).becomes
    expect(ordersIn(waiting)).toMatchObject({ replicas: [2, 1, 3], removingReplicas: [3], isr: [3, 2], elr: [], leader: 3 })

    // Then the only one that stays turns out to have lost its disk.
    const lost = after(waiting, decideRegistration(aState(waiting), aRegistration(2), false).records)
    expect(ordersIn(lost)).toMatchObject({ replicas: [2, 1, 3], removingReplicas: [3], isr: [3], leader: 3 })

    const back = anIsrRequest([3, 2, 1], { brokerId: 3, leaderEpoch: 5, partitionEpoch: 11 })
    const unfenced = ordersOf({ ...ordersIn(waiting) })
    expect(ordersIn(after(unfenced, decideIsr(aState(unfenced), back).records))).toMatchObject({ replicas: [2, 1], isr: [2, 1], leader: 2 })
  })

  it('keeps those that are eligible as well', () => {
    const image = ordersOf({ isr: [1], elr: [3] }, { fenced: [2, 3] })
    expect(ordersIn(moved(image, [1, 2]).becomes)).toMatchObject({ replicas: [1, 2, 3], removingReplicas: [3], isr: [1], elr: [3] })
    expect(ordersIn(moved(image, [1]).becomes)).toMatchObject({ replicas: [1], removingReplicas: [], isr: [1], elr: [] })
    const [uncleanly] = changesAfterUncleanShutdown(moved(image, [1, 2]).becomes, 3, NO_CONFIG)
    expect(uncleanly).toMatchObject({ replicas: [1, 2], eligibleLeaderReplicas: [] })
  })

  it('ends at once where nobody goes who is needed, or as many are left as are asked for', () => {
    const few = ordersOf({ isr: [1] }, { fenced: [2, 3] })
    expect(ordersIn(moved(few, [1, 2]).becomes)).toMatchObject({ replicas: [1, 2], isr: [1] })
    const oneIsEnough = ordersOf({ isr: [1, 3] }, { fenced: [2], min: 1 })
    expect(ordersIn(moved(oneIsEnough, [1, 2]).becomes)).toMatchObject({ replicas: [1, 2], isr: [1] })
    const oneIsAll = ordersOf({ isr: [1, 3] }, { fenced: [2] })
    expect(ordersIn(moved(oneIsAll, [1]).becomes)).toMatchObject({ replicas: [1], isr: [1] })
  })

  it('ends when fewer are enough from now on', () => {
    const waiting = moved(ordersOf({ isr: [1, 3] }, { fenced: [2] }), [1, 2]).becomes
    const configs = [{ name: 'min.insync.replicas', configOperation: 0, value: '1' }]
    const resources = [{ resourceType: 2, resourceName: 'orders', configs }]
    const { records } = decideIncrementalConfigs(aState(waiting), { resources, validateOnly: false })
    expect(ordersIn(after(waiting, records))).toMatchObject({ replicas: [1, 2], removingReplicas: [], isr: [1] })
  })

  it('is not called off when too few of the former replicas are in sync', () => {
    const image = ordersOf({ replicas: [4, 2, 1], addingReplicas: [4], removingReplicas: [1], isr: [2, 4], leader: 2 }, { fenced: [1] })
    expect(moved(image, null)).toMatchObject({ error: 'INVALID_REPLICA_ASSIGNMENT', becomes: image })
    const enough = ordersOf({ replicas: [4, 2, 1], addingReplicas: [4], removingReplicas: [1], isr: [2, 1], leader: 2 })
    expect(moved(enough, null).error).toBe('NONE')
  })
})

const progress = { controlledShutdownOffset: undefined, lowestActiveOffset: 0 }

describe('a new process of a broker', () => {
  const register = (image: MetadataImage, previousBrokerEpoch: number) =>
    decideRegistration(aState(image), aRegistration(1, { previousBrokerEpoch }), false).records

  it('that follows a clean shutdown stays eligible', () => {
    const image = ordersOf({ isr: [], leader: -1, elr: [1, 2] }, { fenced: [1, 2] })
    expect(becomes(image, register(image, 101))).toMatchObject({ elr: [1, 2] })
  })

  it.each([-1, 100])('that follows another end is not (previous epoch %i)', previousBrokerEpoch => {
    const image = ordersOf({ isr: [], leader: -1, elr: [1, 2], lastKnownElr: [2] }, { fenced: [1, 2] })
    expect(becomes(image, register(image, previousBrokerEpoch))).toEqual({ leader: -1, isr: [], elr: [2], lastKnownElr: [2] })
    const still = ordersOf({ isr: [1, 2] })
    expect(becomes(still, register(still, previousBrokerEpoch))).toMatchObject({ leader: 2, isr: [2], elr: [] })
  })

  it('whose replica was the last in sync leaves it to one that is eligible, whatever its own process lost', () => {
    const image = ordersOf({ isr: [1], elr: [2] }, { fenced: [3] })
    expect(becomes(image, register(image, -1))).toEqual({ leader: 2, isr: [2], elr: [], lastKnownElr: [] })
  })

  it('leads what nobody else was in sync with, once it is unfenced', () => {
    const image = ordersOf({ isr: [1] }, { fenced: [2, 3] })
    const registered = after(image, register(image, -1))
    expect(ordersIn(registered)).toMatchObject({ leader: -1, isr: [], elr: [], lastKnownElr: [1] })
    const beat = aHeartbeat(1, { brokerEpoch: 1000, currentMetadataOffset: 1000 })
    expect(becomes(registered, decideHeartbeat(aState(registered), beat, progress).records)).toMatchObject({ leader: 1, isr: [1] })
  })
})

it('a broker that went uncleanly is taken from those in sync and those eligible, and from nobody else', () => {
  const partitions = [{ isr: [1, 2, 3] }, { isr: [3], elr: [1] }, { isr: [2, 3] }]
  const image = anImage({ topics: [aTopic('orders', partitions)], eligibleLeaders: { minInsyncReplicas: 2 } })
  const changes = changesAfterUncleanShutdown(image, 1, NO_CONFIG)
  expect(changes.map(({ partitionId, isr, eligibleLeaderReplicas }) => [partitionId, isr, eligibleLeaderReplicas])).toEqual([
    [0, [2, 3], null],
    [1, null, []],
  ])
})

it('who is eligible is so no more when enough are in sync again', () => {
  const image = ordersOf({ isr: [1], elr: [2, 3] })
  expect(becomes(image, decideIsr(aState(image), anIsrRequest([1, 2])).records)).toMatchObject({ isr: [1, 2], elr: [] })
  const three = ordersOf({ isr: [1], elr: [2, 3] }, { min: 3 })
  expect(becomes(three, decideIsr(aState(three), anIsrRequest([1, 2])).records)).toMatchObject({ isr: [1, 2], elr: [3] })
  const shrinking = ordersOf({ isr: [1, 2, 3] })
  expect(becomes(shrinking, decideIsr(aState(shrinking), anIsrRequest([1])).records)).toMatchObject({ isr: [1], elr: [2, 3] })
})

describe('min.insync.replicas', () => {
  const set = (image: MetadataImage, resource: { type: number; name: string }, value: string | null) =>
    decideIncrementalConfigs(aState(image), {
      resources: [
        {
          resourceType: resource.type,
          resourceName: resource.name,
          configs: [{ name: 'min.insync.replicas', configOperation: value === null ? 1 : 0, value }],
        },
      ],
      validateOnly: false,
    })
  const topic = { type: 2, name: 'orders' }
  const everybody = { type: 4, name: '' }

  it.each([topic, everybody])('that is reached from now on leaves nobody eligible ($name)', resource => {
    const image = ordersOf({ isr: [1], elr: [2] })
    expect(becomes(image, set(image, resource, '1').records)).toMatchObject({ leader: 1, isr: [1], elr: [] })
  })

  it('that is still not reached takes nothing from who is eligible', () => {
    const image = ordersOf({ isr: [], leader: -1, elr: [2, 3] }, { fenced: [2, 3] })
    expect(becomes(image, set(image, topic, '1').records)).toMatchObject({ isr: [], elr: [2, 3] })
    const fewer = ordersOf({ isr: [1], elr: [2, 3] }, { min: 3 })
    expect(becomes(fewer, set(fewer, topic, '2').records)).toMatchObject({ isr: [1], elr: [2, 3] })
  })

  it('is the same at every broker, and is never without a value', () => {
    const image = ordersOf({})
    const errorOf = ({ reply }: ReturnType<typeof set>) => errorName(reply.responses[0]!.errorCode)
    expect(errorOf(set(image, { type: 4, name: '1' }, '1'))).toBe('INVALID_CONFIG')
    expect(errorOf(set(image, everybody, null))).toBe('INVALID_CONFIG')
    expect(errorOf(set(image, topic, null))).toBe('NONE')
    const without = anImage()
    expect([errorOf(set(without, { type: 4, name: '1' }, '1')), errorOf(set(without, everybody, null))]).toEqual(['NONE', 'NONE'])
  })
})
