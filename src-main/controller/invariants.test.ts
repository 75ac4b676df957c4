import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { LOST_DIRECTORY } from '../base/uuid.ts'
import { aBroker, anImage, aTopic, uuidOf } from '../metadata/builders.ts'
import { applyRecords } from '../metadata/delta.ts'
import { leaderRecoveryState as leaderRecoveryStates, type MetadataImage, type PartitionImage } from '../metadata/image.ts'
import type { MetadataRecord } from '../protocol/messages/metadataRecords.ts'
import { aHeartbeat, anAssignment, anIsrRequest, aRegistration, aState, orders, ordersIn } from './builders.ts'
import { decideIncrementalConfigs } from './configs.ts'
import { decideDirectoryAssignments } from './directories.ts'
import { changesToPreferred } from './elections.ts'
import { decideIsr } from './isr.ts'
import { decideElections } from './leaderElections.ts'
import { decideReassignments } from './reassignments.ts'
import { decideFencing, decideHeartbeat, decideRegistration, decideUnregistration } from './registrations.ts'

/** What can happen to a cluster, as far as the controller hears of it. */
interface Happening {
  readonly what:
    | 'fence'
    | 'unfence'
    | 'shutDown'
    | 'restart'
    | 'restartCleanly'
    | 'isr'
    | 'prefer'
    | 'elect'
    | 'reassign'
    | 'cancel'
    | 'unclean'
    | 'minIsr'
    | 'failFolder'
    | 'assign'
    | 'lose'
    | 'unregister'
  readonly broker: number
  readonly members: readonly number[]
}

const happenings = fc.array(
  fc.record<Happening>({
    what: fc.constantFrom(
      'fence',
      'unfence',
      'shutDown',
      'restart',
      'restartCleanly',
      'isr',
      'prefer',
      'elect',
      'reassign',
      'cancel',
      'unclean',
      'minIsr',
      'failFolder',
      'assign',
      'lose',
      'unregister',
    ),
    broker: fc.integer({ min: 1, max: 4 }),
    members: fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
  }),
  { minLength: 1, maxLength: 60 },
)

test.prop([happenings, fc.boolean()], { numRuns: 500 })('whatever happens, a partition stays whole', (events, allowUnclean) => {
  const brokers = [1, 2, 3, 4].map(id => aBroker(id, { directories: foldersOf(id) }))
  const image = anImage({ brokers, topics: [aTopic('orders', [{ replicas: [1, 2, 3] }])] })
  let offset = 1000
  for (const event of events) {
    if (event.what === 'unclean' && !allowUnclean) continue
    const before = ordersIn(image)
    const records = recordsOf(event, image, offset)
    applyRecords(image, records)
    offset += records.length
    const becomes = ordersIn(image)
    stayWhole(image, becomes)
    // In an isr that a leader asks for, it vouches for the newcomers itself.
    const vouchedFor = event.what === 'isr' ? event.members : []
    follows(before, becomes, { cleanly: !allowUnclean, safe: [...before.isr, ...vouchedFor] })
  }
})

/** A partition that lost records for want of patience loses some again before it has recovered. */
const twiceImpatient: Happening[] = [
  { what: 'fence', broker: 3, members: [1] },
  { what: 'reassign', broker: 1, members: [4, 1] },
  { what: 'restart', broker: 1, members: [1] },
  { what: 'unfence', broker: 1, members: [1] },
  { what: 'fence', broker: 2, members: [1] },
  { what: 'unclean', broker: 2, members: [1] },
  { what: 'fence', broker: 4, members: [1] },
]

test.prop([happenings, fc.boolean()], { numRuns: 500, examples: [[twiceImpatient, true]] })(
  'whatever happens, who is in sync or eligible has all that is committed, although processes lose what they had not written',
  (events, allowUnclean) => {
    const brokers = [1, 2, 3, 4].map(id => aBroker(id, { directories: foldersOf(id) }))
    const topics = [aTopic('orders', [{ replicas: [1, 2, 3] }])]
    const image = anImage({ brokers, topics, eligibleLeaders: { minInsyncReplicas: 2 } })
    let offset = 1000
    /** Brokers that have all that was ever committed. */
    let complete = new Set(ordersIn(image).isr)
    for (const event of events) {
      if (event.what === 'unclean' && !allowUnclean) continue
      const before = ordersIn(image)
      const isKnown = image.brokers.has(event.broker)
      const records = recordsOf(event, image, offset)
      applyRecords(image, records)
      offset += records.length
      const becomes = ordersIn(image)
      stayWhole(image, becomes)
      const { leader, isr, elr, replicas, leaderRecoveryState } = becomes
      // Of one that was removed for good, nobody knows with what it comes back.
      if (event.what === 'restart' || (event.what === 'restartCleanly' && !isKnown)) complete.delete(event.broker)
      // In an isr that a leader asks for, it vouches for the newcomers.
      if (event.what === 'isr') for (const member of isr) complete.add(member)
      // Nobody is given up whose place not enough others have taken.
      if (before.replicas.some(replica => complete.has(replica) && isComplete(before, replica) && !replicas.includes(replica)))
        expect(isr.length).toBeGreaterThanOrEqual(Math.min(minIsrOf(image), replicas.length))
      // Nobody was left of whom it was sure, or somebody did not want to wait: what the new leader has is all there is from now on.
      const isOutsider = leader !== -1 && leader !== before.leader && ![...before.isr, ...before.elr].includes(leader)
      if (leaderRecoveryState === RECOVERING && (isOutsider || before.leaderRecoveryState !== RECOVERING)) complete = new Set(isr)
      for (const member of [...isr, ...elr]) expect(complete).toContain(member)
      // Records come, and the others do not get them.
      if (leader !== -1 && isr.length >= Math.min(minIsrOf(image), replicas.length)) complete = new Set(isr)
    }
  },
)

const isComplete = ({ isr, elr }: PartitionImage, replica: number) => [...isr, ...elr].includes(replica)

const { RECOVERING } = leaderRecoveryStates

const minIsrOf = (image: MetadataImage) =>
  Number(image.topicConfigs('orders').get('min.insync.replicas') ?? image.configsOf(4, '').get('min.insync.replicas'))

const foldersOf = (broker: number) => [uuidOf(`one of ${broker}`), uuidOf(`other of ${broker}`)]

function recordsOf({ what, broker, members }: Happening, image: MetadataImage, nextOffset: number): readonly MetadataRecord[] {
  const state = { ...aState(image), nextOffset }
  const brokerEpoch = image.brokers.get(broker)?.brokerEpoch ?? -1
  const partition = ordersIn(image)
  const anyFolder = foldersOf(broker)[members[0]! % 2]!
  const beat = (given: object) =>
    decideHeartbeat(state, aHeartbeat(broker, { brokerEpoch, currentMetadataOffset: nextOffset, ...given }), {
      controlledShutdownOffset: 0,
      lowestActiveOffset: Infinity,
    }).records
  switch (what) {
    case 'fence':
      return decideFencing(state, broker)
    case 'unfence':
      return beat({})
    case 'shutDown':
      return beat({ wantShutDown: true })
    case 'restart':
    case 'restartCleanly':
      return decideRegistration(
        state,
        aRegistration(broker, {
          incarnationId: uuidOf(`${nextOffset}`),
          logDirs: members.length > 1 ? foldersOf(broker) : foldersOf(broker).slice(0, 1),
          previousBrokerEpoch: what === 'restart' ? -1 : brokerEpoch,
        }),
        false,
      ).records
    case 'isr': {
      // The leader asks for what it likes, in the epochs that are right, as a leader with a newer view than ours could not.
      const leader = image.brokers.get(partition.leader)
      if (leader === undefined) return []
      const { leaderEpoch, partitionEpoch } = partition
      const given = { brokerId: leader.brokerId, brokerEpoch: leader.brokerEpoch, leaderEpoch, partitionEpoch }
      const newIsrWithEpochs = [...new Set([leader.brokerId, ...members])].map(brokerId => ({ brokerId, brokerEpoch: -1 }))
      return decideIsr(state, anIsrRequest([], { ...given, newIsrWithEpochs })).records
    }
    case 'prefer':
      return changesToPreferred(image, 10, state.settings.staticConfigs)
    case 'elect':
      return decideElections(state, { electionType: 0, topicPartitions: null, timeoutMs: 1 }).records
    case 'reassign':
    case 'cancel': {
      const partitions = [{ partitionIndex: 0, replicas: what === 'cancel' ? null : members }]
      const topics = [{ name: 'orders', partitions }]
      return decideReassignments(state, { topics, timeoutMs: 1, allowReplicationFactorChange: true }).records
    }
    case 'unregister':
      return decideUnregistration(state, { brokerId: broker }).records
    case 'failFolder':
      return beat({ offlineLogDirs: members.length > 3 ? foldersOf(broker) : [anyFolder] })
    case 'assign':
    case 'lose': {
      const directory = what === 'lose' ? LOST_DIRECTORY : anyFolder
      return decideDirectoryAssignments(state, anAssignment(broker, [directory], { brokerEpoch })).records
    }
    case 'unclean':
    case 'minIsr': {
      const unclean = { name: 'unclean.leader.election.enable', configOperation: 0, value: broker % 2 === 0 ? 'true' : 'false' }
      const configs = [what === 'unclean' ? unclean : { name: 'min.insync.replicas', configOperation: 0, value: String(broker) }]
      return decideIncrementalConfigs(state, { resources: [{ resourceType: 2, resourceName: 'orders', configs }], validateOnly: false })
        .records
    }
  }
}

function stayWhole(image: MetadataImage, partition: PartitionImage): void {
  const { isr, elr, replicas, leader, addingReplicas, removingReplicas } = partition
  expect(partition.directories).toHaveLength(replicas.length)
  if (!image.hasEligibleLeaders) expect(isr.length).toBeGreaterThan(0)
  if (isr.length >= Math.min(minIsrOf(image), replicas.length)) expect(elr).toEqual([])
  for (const member of elr) expect(replicas.includes(member) && !isr.includes(member)).toBe(true)
  expect(new Set(isr).size).toBe(isr.length)
  expect(new Set(replicas).size).toBe(replicas.length)
  for (const member of isr) expect(replicas).toContain(member)
  if (leader !== -1) {
    expect(isr).toContain(leader)
    expect(image.isOnline(partition, leader)).toBe(true)
  } else {
    // Nobody leads only while nobody may.
    for (const member of [...isr, ...elr]) expect(image.isOnline(partition, member)).toBe(false)
    if (isr.length + elr.length === 0) for (const last of partition.lastKnownElr) expect(image.isOnline(partition, last)).toBe(false)
  }
  if (leader !== -1) expect(partition.lastKnownElr).toEqual([])
  // Who is away, or in a folder that does not work, is only in the isr when it is all there is.
  if (isr.length > 1) for (const member of isr) expect(image.isOnline(partition, member)).toBe(true)
  for (const moving of [...addingReplicas, ...removingReplicas]) expect(replicas).toContain(moving)
  expect(ordersIn(image)).toBe(image.topicsById.get(orders)!.partitions[0])
}

function follows(before: PartitionImage, after: PartitionImage, { cleanly, safe }: { cleanly: boolean; safe: readonly number[] }): void {
  expect(after.leaderEpoch).toBeGreaterThanOrEqual(before.leaderEpoch)
  expect(after.partitionEpoch).toBeGreaterThanOrEqual(before.partitionEpoch)
  if (after !== before) expect(after.partitionEpoch).toBeGreaterThan(before.partitionEpoch)
  if (after.leader !== before.leader) expect(after.leaderEpoch).toBeGreaterThan(before.leaderEpoch)
  // What was acknowledged is at every member of the isr: without unclean elections, one of them is always left, and leads.
  if (!cleanly) return
  expect(after.isr.some(member => safe.includes(member))).toBe(true)
  if (after.leader !== -1 && after.leader !== before.leader) expect(safe).toContain(after.leader)
}
