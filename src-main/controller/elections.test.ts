import { describe, expect, it } from 'vitest'
import { aBroker, anImage, aPartition, aTopic, uuidOf } from '../metadata/builders.ts'
import { changedPartition } from '../metadata/delta.ts'
import type { PartitionImage } from '../metadata/image.ts'
import { after, orders, ordersIn } from './builders.ts'
import {
  changesForConfigs,
  changesToPreferred,
  changesWith,
  changesWithout,
  changesWithoutOfflineReplicas,
  partitionChange,
  type PartitionTarget,
} from './elections.ts'

const NO_CONFIG = new Map<string, string>()

function become(
  before: Partial<PartitionImage>,
  target: PartitionTarget,
  alive: readonly number[],
  election: 'online' | 'preferred' | 'unclean' = 'online',
): PartitionImage | undefined {
  const partition = aPartition(before)
  const change = partitionChange(orders, partition, target, { election, image: anImage(), isActive: brokerId => alive.includes(brokerId) })
  return change === undefined ? undefined : changedPartition(partition, change)
}

it.each<{
  given: string
  before?: Partial<PartitionImage>
  target?: PartitionTarget
  alive?: readonly number[]
  election?: 'online' | 'preferred' | 'unclean'
  becomes: Partial<PartitionImage> | undefined
}>([
  { given: 'a leader that may stay', becomes: undefined },
  { given: 'a leader that may stay and a smaller isr', target: { isr: [1, 3] }, becomes: { isr: [1, 3], partitionEpoch: 11 } },
  {
    given: 'a leader that is away',
    alive: [2, 3],
    target: { isr: [2, 3] },
    becomes: { isr: [2, 3], leader: 2, leaderEpoch: 6, partitionEpoch: 11 },
  },
  {
    given: 'a leader that is away and a first follower that is not in sync',
    before: { isr: [1, 3] },
    alive: [2, 3],
    target: { isr: [3] },
    becomes: { isr: [3], leader: 3, leaderEpoch: 6, partitionEpoch: 11 },
  },
  {
    given: 'a last in-sync replica that goes: it stays in the isr and nobody leads',
    before: { isr: [1] },
    alive: [2, 3],
    target: { isr: [] },
    becomes: { isr: [1], leader: -1, leaderEpoch: 6, partitionEpoch: 11 },
  },
  {
    given: 'a last in-sync replica that comes back',
    before: { isr: [1], leader: -1 },
    becomes: { isr: [1], leader: 1, leaderEpoch: 6, partitionEpoch: 11 },
  },
  {
    given: 'nobody in sync, and an unclean election',
    before: { isr: [1], leader: -1 },
    alive: [3],
    election: 'unclean',
    becomes: { isr: [3], leader: 3, leaderEpoch: 6, partitionEpoch: 11, leaderRecoveryState: 1 },
  },
  {
    given: 'somebody in sync, and an unclean election: it is not needed',
    before: { isr: [2], leader: -1 },
    alive: [1, 2],
    election: 'unclean',
    becomes: { isr: [2], leader: 2, leaderEpoch: 6, partitionEpoch: 11 },
  },
  { given: 'nobody alive, and an unclean election', before: { isr: [1], leader: -1 }, alive: [], election: 'unclean', becomes: undefined },
  {
    given: 'a preferred election',
    before: { leader: 2 },
    election: 'preferred',
    becomes: { leader: 1, leaderEpoch: 6, partitionEpoch: 11 },
  },
  {
    given: 'a preferred election while the preferred replica is not in sync',
    before: { isr: [2, 3], leader: 3 },
    election: 'preferred',
    becomes: undefined,
  },
  {
    given: 'recovery that is over',
    before: { leaderRecoveryState: 1, isr: [1] },
    target: { leaderRecoveryState: 0 },
    becomes: { isr: [1], leaderRecoveryState: 0, partitionEpoch: 11 },
  },
  {
    given: 'a reassignment that begins',
    before: { replicas: [1, 2] },
    target: { replicas: [3, 2, 1], addingReplicas: [3], removingReplicas: [1] },
    becomes: { replicas: [3, 2, 1], addingReplicas: [3], removingReplicas: [1], isr: [1, 2], partitionEpoch: 11 },
  },
  {
    given: 'a reassignment whose new replica has caught up: the old leader goes',
    before: { replicas: [3, 2, 1], addingReplicas: [3], removingReplicas: [1], isr: [1, 2], leader: 1 },
    target: { isr: [1, 2, 3] },
    becomes: { replicas: [3, 2], addingReplicas: [], removingReplicas: [], isr: [2, 3], leader: 3, leaderEpoch: 6, partitionEpoch: 11 },
  },
  {
    given: 'a replica that is removed while the leader stays: a leader epoch begins all the same',
    before: { replicas: [1, 2, 3] },
    target: { replicas: [1, 2, 3], removingReplicas: [3] },
    becomes: { replicas: [1, 2], isr: [1, 2], leader: 1, leaderEpoch: 6, partitionEpoch: 11 },
  },
])('elects for $given', ({ before = {}, target = {}, alive = [1, 2, 3], election, becomes }) => {
  const result = become(before, target, alive, election)
  if (becomes === undefined) return expect(result).toBeUndefined()
  const { directories: _, ...rest } = result!
  const { directories: __, ...expected } = { ...aPartition(before), ...becomes }
  expect(rest).toEqual(expected)
})

describe('a broker that goes', () => {
  it('leaves every isr, and its leaderships go to others', () => {
    const image = anImage({ topics: [aTopic('orders', [{}, { replicas: [2, 3, 1] }, { replicas: [2, 3] }])] })
    const changes = changesWithout(image, 1, NO_CONFIG)
    expect(changes).toHaveLength(2)
    const [first, second] = after(image, changes).topicsById.get(orders)!.partitions
    expect(first).toMatchObject({ leader: 2, leaderEpoch: 6, isr: [2, 3] })
    expect(second).toMatchObject({ leader: 2, leaderEpoch: 5, isr: [2, 3] })
  })

  it('is not replaced by one that is on its way out too', () => {
    const image = anImage({ brokers: [aBroker(1), aBroker(2, { inControlledShutdown: true }), aBroker(3)], topics: [aTopic('orders')] })
    expect(ordersIn(after(image, changesWithout(image, 1, NO_CONFIG)))).toMatchObject({ leader: 3, isr: [2, 3] })
  })

  it.each([
    { given: 'the topic allows it', configs: { '2:orders': { 'unclean.leader.election.enable': 'true' } }, file: {} },
    { given: 'the file allows it', configs: {}, file: { 'unclean.leader.election.enable': 'true' } },
  ])('is replaced by one that is not in sync if $given', ({ configs, file }) => {
    const image = anImage({ topics: [aTopic('orders', [{ isr: [1] }])], configs: { ...configs } })
    const changes = changesWithout(image, 1, new Map(Object.entries(file)))
    expect(ordersIn(after(image, changes))).toMatchObject({ leader: 2, isr: [2], leaderRecoveryState: 1 })
  })
})

describe('a broker that comes', () => {
  const brokers = [aBroker(1, { fenced: true }), aBroker(2), aBroker(3)]

  it('leads what waited for it, and nothing else', () => {
    const image = anImage({
      brokers,
      topics: [
        aTopic('orders', [
          { isr: [1], leader: -1 },
          { isr: [2, 3], leader: 2 },
        ]),
      ],
    })
    const changes = changesWith(image, 1, NO_CONFIG)
    expect(changes).toHaveLength(1)
    expect(ordersIn(after(image, changes))).toMatchObject({ leader: 1, isr: [1] })
  })

  it('does not lead what waits for another', () => {
    const image = anImage({ brokers, topics: [aTopic('orders', [{ isr: [3], leader: -1 }])] })
    image.brokers.set(3, aBroker(3, { fenced: true }))
    expect(changesWith(image, 1, NO_CONFIG)).toEqual([])
  })
})

describe('a log folder that failed', () => {
  const [fine, bad] = [uuidOf('fine'), uuidOf('bad')]
  const image = (partition: Partial<PartitionImage>, directories = [bad, uuidOf('directory-2'), uuidOf('directory-3')]) =>
    anImage({
      brokers: [aBroker(1, { directories: [fine] }), aBroker(2), aBroker(3)],
      topics: [aTopic('orders', [{ directories, ...partition }])],
    })

  it('takes its replicas out of every isr, and their leaderships to others', () => {
    const failed = image({})
    const changes = changesWithoutOfflineReplicas(failed, 1, NO_CONFIG)
    expect(ordersIn(after(failed, changes))).toMatchObject({ leader: 2, leaderEpoch: 6, isr: [2, 3] })
  })

  it('leaves the replicas in other folders alone', () => {
    const elsewhere = image({}, [fine, uuidOf('directory-2'), uuidOf('directory-3')])
    expect(changesWithoutOfflineReplicas(elsewhere, 1, NO_CONFIG)).toEqual([])
  })

  it('leaves the last in-sync replica in the isr, and nobody leads', () => {
    const failed = image({ isr: [1] })
    const changes = changesWithoutOfflineReplicas(failed, 1, NO_CONFIG)
    expect(ordersIn(after(failed, changes))).toMatchObject({ leader: -1, leaderEpoch: 6, isr: [1] })
    expect(changesWithoutOfflineReplicas(after(failed, changes), 1, NO_CONFIG)).toEqual([])
  })

  it('is not led from, whoever goes or comes', () => {
    const failed = image({ isr: [1, 2], leader: 2 })
    const without2 = after(failed, changesWithout(failed, 2, NO_CONFIG))
    expect(ordersIn(without2)).toMatchObject({ leader: -1, isr: [1] })
    expect(changesWith(without2, 1, NO_CONFIG)).toEqual([])
    expect(changesForConfigs(without2, NO_CONFIG)).toEqual([])
    expect(changesToPreferred(image({ isr: [1, 2], leader: 2 }), 10, NO_CONFIG)).toEqual([])
  })

  it('is not led from in an unclean election either', () => {
    const failed = image({ isr: [2], leader: -1 })
    failed.brokers.set(2, aBroker(2, { fenced: true }))
    const changes = changesForConfigs(failed, new Map([['unclean.leader.election.enable', 'true']]))
    expect(ordersIn(after(failed, changes))).toMatchObject({ leader: 3, isr: [3] })
  })
})

it('gives leadership back to preferred replicas, so many at a time', () => {
  const image = anImage({ topics: [aTopic('orders', [{ leader: 2 }, { leader: 3 }, { leader: 1 }, { isr: [2, 3], leader: 2 }])] })
  expect(changesToPreferred(image, 10, NO_CONFIG).map(change => [change.partitionId, change.leader])).toEqual([
    [0, 1],
    [1, 1],
  ])
  expect(changesToPreferred(image, 1, NO_CONFIG)).toHaveLength(1)
})

it('elects for partitions without leader once that is allowed', () => {
  const brokers = [aBroker(1, { fenced: true }), aBroker(2), aBroker(3)]
  const image = anImage({ brokers, topics: [aTopic('orders', [{ isr: [1], leader: -1 }])] })
  expect(changesForConfigs(image, NO_CONFIG)).toEqual([])
  expect(changesForConfigs(image, new Map([['unclean.leader.election.enable', 'true']]))).toMatchObject([{ leader: 2, isr: [2] }])
})
