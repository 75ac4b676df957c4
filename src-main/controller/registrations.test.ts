import { describe, expect, it } from 'vitest'
import { UNASSIGNED_DIRECTORY, type Uuid } from '../base/uuid.ts'
import { aBroker, anImage, aTopic, uuidOf } from '../metadata/builders.ts'
import type { BrokerImage, MetadataImage, PartitionImage } from '../metadata/image.ts'
import { errorName } from '../protocol/errors.ts'
import type { BrokerHeartbeatRequest } from '../protocol/messages/brokerHeartbeat.ts'
import { after, anAssignment, aHeartbeat, aRegistration, aState, ordersIn } from './builders.ts'
import { decideDirectoryAssignments } from './directories.ts'
import {
  type BrokerState,
  decideFencing,
  decideHeartbeat,
  decideRegistration,
  decideUnregistration,
  nextBrokerState,
} from './registrations.ts'

describe('a registration', () => {
  it.each([
    { given: 'another cluster', request: aRegistration(4, { clusterId: 'other' }), error: 'INCONSISTENT_CLUSTER_ID' },
    { given: 'no log folder', request: aRegistration(4, { logDirs: [] }), error: 'INVALID_REGISTRATION' },
    { given: 'a log folder twice', request: aRegistration(4, { logDirs: [uuidOf('x'), uuidOf('x')] }), error: 'INVALID_REGISTRATION' },
    { given: 'a reserved log folder', request: aRegistration(4, { logDirs: ['AAAAAAAAAAAAAAAAAAAAAQ'] }), error: 'INVALID_REGISTRATION' },
    { given: "another broker's folder", request: aRegistration(4, { logDirs: [uuidOf('directory-1')] }), error: 'INVALID_REGISTRATION' },
    { given: 'no metadata.version', request: aRegistration(4, { features: [] }), error: 'UNSUPPORTED_VERSION' },
    {
      given: 'too old a metadata.version',
      request: aRegistration(4, { features: [{ name: 'metadata.version', minSupportedVersion: 1, maxSupportedVersion: 24 }] }),
      error: 'UNSUPPORTED_VERSION',
    },
  ] as const)('with $given is refused with $error', ({ request, error }) => {
    const { records, reply } = decideRegistration(aState(), request, false)
    expect(records).toEqual([])
    expect(errorName(reply.errorCode)).toBe(error)
  })

  it('of a new broker leaves it fenced, in the epoch that is the offset of the record', () => {
    const state = aState()
    const { records, reply } = decideRegistration(state, aRegistration(4), false)
    expect(reply).toMatchObject({ errorCode: 0, brokerEpoch: 1000 })
    expect(after(state.image, records).brokers.get(4)).toMatchObject({
      brokerEpoch: 1000,
      fenced: true,
      directories: [uuidOf('directory-4')],
    })
  })

  it('of another process is refused while the old one lives', () => {
    const { records, reply } = decideRegistration(aState(), aRegistration(1), true)
    expect([records, errorName(reply.errorCode)]).toEqual([[], 'DUPLICATE_BROKER_REGISTRATION'])
  })

  it('of another process takes the broker out of every isr where others remain', () => {
    const image = anImage({ topics: [aTopic('orders', [{}, { isr: [1] }])] })
    const { records, reply } = decideRegistration(aState(image), aRegistration(1), false)
    const result = after(image, records)
    expect(reply.brokerEpoch).toBe(1000)
    expect(result.brokers.get(1)).toMatchObject({ fenced: true, brokerEpoch: 1000 })
    expect(ordersIn(result)).toMatchObject({ isr: [2, 3], leader: 2 })
    expect(result.topicsByName.get('orders')!.partitions[1]).toMatchObject({ isr: [1], leader: -1 })
  })

  it('after a wipe leaves its replicas offline, for good as far as the controller goes', () => {
    const [old, fresh] = [uuidOf('directory-1'), uuidOf('fresh')]
    const directories = [old, UNASSIGNED_DIRECTORY, UNASSIGNED_DIRECTORY]
    const image = anImage({
      topics: [
        aTopic('orders', [
          { isr: [1], directories },
          { isr: [2, 3], directories },
        ]),
      ],
    })
    const registered = after(image, decideRegistration(aState(image), aRegistration(1, { logDirs: [fresh] }), false).records)
    const beat = aHeartbeat(1, { brokerEpoch: 1000, currentMetadataOffset: 1000 })
    const progress = { controlledShutdownOffset: undefined, lowestActiveOffset: 0 }
    const unfenced = after(registered, decideHeartbeat(aState(registered), beat, progress).records)
    expect(unfenced.isActive(1)).toBe(true)
    expect(ordersIn(unfenced)).toMatchObject({ leader: -1, isr: [1] })

    const assignment = anAssignment(1, [fresh], { brokerEpoch: 1000 })
    const assigned = after(unfenced, decideDirectoryAssignments(aState(unfenced), assignment).records)
    expect(ordersIn(assigned)).toMatchObject({ leader: 1, isr: [1], directories: directories.with(0, fresh) })
  })

  it('of the same process with one log folder less moves what is there', () => {
    const [fine, bad] = [uuidOf('fine'), uuidOf('bad')]
    const image = twoFolders(bad)
    const again = aRegistration(1, { incarnationId: uuidOf('incarnation-1'), logDirs: [fine] })
    const result = after(image, decideRegistration(aState(image), again, true).records)
    expect(result.brokers.get(1)).toMatchObject({ fenced: false, brokerEpoch: 101, directories: [fine] })
    expect(ordersIn(result)).toMatchObject({ leader: 2, isr: [2, 3] })
  })

  it('of the same process keeps epoch and standing', () => {
    const image = anImage({ topics: [aTopic('orders')] })
    const { records, reply } = decideRegistration(aState(image), aRegistration(1, { incarnationId: uuidOf('incarnation-1') }), true)
    expect(reply).toMatchObject({ errorCode: 0, brokerEpoch: 101 })
    expect(after(image, records).brokers.get(1)).toMatchObject({ fenced: false, brokerEpoch: 101 })
    expect(records).toHaveLength(1)
  })
})

/** Broker 1 has the folders `fine` and `bad`, and its replica of `orders` in one of them. */
function twoFolders(directory: Uuid, partition: Partial<PartitionImage> = {}, broker: Partial<BrokerImage> = {}): MetadataImage {
  const brokers = [aBroker(1, { directories: [uuidOf('fine'), uuidOf('bad')], ...broker }), aBroker(2), aBroker(3)]
  const directories = [directory, UNASSIGNED_DIRECTORY, UNASSIGNED_DIRECTORY]
  return anImage({ brokers, topics: [aTopic('orders', [{ directories, ...partition }])] })
}

const leading = [aTopic('orders', [{ replicas: [1, 2, 3] }])]
const idle = [aTopic('orders', [{ replicas: [2, 3] }])]
const offline = { offlineLogDirs: [uuidOf('directory-1')] }

it.each<{ is: Partial<BrokerImage>; leads?: boolean; says: Partial<BrokerHeartbeatRequest>; progress?: object; next: BrokerState }>([
  { is: { fenced: true }, says: {}, next: 'unfenced' },
  { is: { fenced: true }, says: { currentMetadataOffset: 101 }, next: 'unfenced' },
  { is: { fenced: true }, says: { currentMetadataOffset: 100 }, next: 'fenced' },
  { is: { fenced: true }, says: { wantFence: true }, next: 'fenced' },
  { is: { fenced: true }, says: offline, next: 'fenced' },
  { is: { fenced: true }, says: { wantShutDown: true }, next: 'shutDown' },
  { is: { fenced: true, inControlledShutdown: true }, says: {}, next: 'fenced' },
  { is: {}, says: {}, next: 'unfenced' },
  { is: {}, says: { currentMetadataOffset: 0 }, next: 'unfenced' },
  { is: {}, says: { wantFence: true }, next: 'fenced' },
  { is: {}, says: offline, next: 'fenced' },
  { is: {}, says: { wantFence: true, wantShutDown: true }, next: 'shutDown' },
  { is: {}, says: { wantShutDown: true }, next: 'controlledShutdown' },
  { is: {}, leads: false, says: { wantShutDown: true }, next: 'shutDown' },
  { is: { inControlledShutdown: true }, says: { wantShutDown: true }, next: 'controlledShutdown' },
  {
    is: { inControlledShutdown: true },
    leads: false,
    says: { wantShutDown: true },
    progress: { lowestActiveOffset: 499 },
    next: 'controlledShutdown',
  },
  {
    is: { inControlledShutdown: true },
    leads: false,
    says: { wantShutDown: true },
    progress: { lowestActiveOffset: 500 },
    next: 'shutDown',
  },
  {
    is: { inControlledShutdown: true },
    leads: false,
    says: { wantShutDown: true },
    progress: { lowestActiveOffset: Infinity },
    next: 'shutDown',
  },
])('takes a broker that is $is and leads ($leads) and says $says to $next', ({ is, leads = true, says, progress, next }) => {
  const broker = aBroker(1, is)
  const image = anImage({ brokers: [broker, aBroker(2), aBroker(3)], topics: leads ? leading : idle })
  const waiting = { controlledShutdownOffset: 500, lowestActiveOffset: 0, ...progress }
  expect(nextBrokerState(image, broker, aHeartbeat(1, says), waiting)).toBe(next)
})

describe('a heartbeat', () => {
  const beat = (image: MetadataImage, request: BrokerHeartbeatRequest) =>
    decideHeartbeat(aState(image), request, { controlledShutdownOffset: undefined, lowestActiveOffset: 0 })

  it.each([aHeartbeat(1, { brokerEpoch: 7 }), aHeartbeat(9)])('in an epoch that has passed is refused', request => {
    const { records, reply } = beat(anImage({ topics: leading }), request)
    expect([records, errorName(reply.errorCode)]).toEqual([[], 'STALE_BROKER_EPOCH'])
  })

  it('unfences, and gives the broker what waited for it', () => {
    const image = anImage({ brokers: [aBroker(1, { fenced: true }), aBroker(2)], topics: [aTopic('orders', [{ isr: [1], leader: -1 }])] })
    const { records, reply } = beat(image, aHeartbeat(1))
    expect(reply).toMatchObject({ errorCode: 0, isCaughtUp: true, isFenced: false, shouldShutDown: false })
    expect(after(image, records).isActive(1)).toBe(true)
    expect(ordersIn(after(image, records))).toMatchObject({ leader: 1 })
  })

  it('that wants to shut down moves the leaders first, and is not repeated in the log', () => {
    const image = anImage({ topics: leading })
    const first = beat(image, aHeartbeat(1, { wantShutDown: true }))
    const moved = after(image, first.records)
    expect(first.reply).toMatchObject({ isFenced: false, shouldShutDown: false })
    expect(moved.brokers.get(1)).toMatchObject({ inControlledShutdown: true, fenced: false })
    expect(ordersIn(moved)).toMatchObject({ leader: 2, isr: [2, 3] })
    expect(beat(moved, aHeartbeat(1, { wantShutDown: true })).records).toEqual([])
  })

  describe('that tells of a log folder that failed', () => {
    const [fine, bad] = [uuidOf('fine'), uuidOf('bad')]
    const failing = aHeartbeat(1, { offlineLogDirs: [bad] })

    it('moves what was there, once', () => {
      const image = twoFolders(bad)
      const { records, reply } = beat(image, failing)
      const result = after(image, records)
      expect(reply).toMatchObject({ isFenced: false, next: 'unfenced', failed: [bad] })
      expect(result.brokers.get(1)).toMatchObject({ fenced: false, directories: [fine] })
      expect(ordersIn(result)).toMatchObject({ leader: 2, isr: [2, 3] })
      expect(beat(result, failing)).toMatchObject({ records: [], reply: { failed: [] } })
    })

    it('leaves what is elsewhere where it is', () => {
      const image = twoFolders(fine)
      const result = after(image, beat(image, failing).records)
      expect(result.brokers.get(1)?.directories).toEqual([fine])
      expect(ordersIn(result)).toBe(ordersIn(image))
    })

    it('keeps the last in-sync replica, without a leader', () => {
      const image = twoFolders(bad, { isr: [1] })
      expect(ordersIn(after(image, beat(image, failing).records))).toMatchObject({ leader: -1, leaderEpoch: 6, isr: [1] })
    })

    it('does not bring it back by being silent about it', () => {
      const image = twoFolders(bad)
      const result = after(image, beat(image, failing).records)
      expect(beat(result, aHeartbeat(1)).records).toEqual([])
    })

    it('and unfences gives the broker only what waited in other folders', () => {
      const waiting = { isr: [1], leader: -1 }
      for (const [directory, leader] of [
        [bad, -1],
        [fine, 1],
      ] as const) {
        const image = twoFolders(directory, waiting, { fenced: true })
        const result = after(image, beat(image, failing).records)
        expect(result.brokers.get(1)).toMatchObject({ fenced: false, directories: [fine] })
        expect(ordersIn(result).leader).toBe(leader)
      }
    })

    it('fences the broker when it was the last one, whose name stays', () => {
      const image = twoFolders(bad)
      const one = after(image, beat(image, failing).records)
      const { records, reply } = beat(one, aHeartbeat(1, { offlineLogDirs: [bad, fine] }))
      expect(reply).toMatchObject({ isFenced: true, next: 'fenced' })
      expect(after(one, records).brokers.get(1)).toMatchObject({ fenced: true, directories: [fine] })
      const both = beat(image, aHeartbeat(1, { offlineLogDirs: [bad, fine] }))
      expect(after(image, both.records).brokers.get(1)).toMatchObject({ fenced: true, directories: [fine, bad] })
      expect(ordersIn(after(image, both.records))).toMatchObject({ leader: 2, isr: [2, 3] })
    })
  })

  it('of a broker with nothing to say changes nothing', () => {
    expect(beat(anImage({ topics: leading }), aHeartbeat(1))).toMatchObject({ records: [], reply: { errorCode: 0, isFenced: false } })
  })
})

it('fences once', () => {
  const image = anImage({ topics: leading })
  const fenced = after(image, decideFencing(aState(image), 1))
  expect(fenced.brokers.get(1)?.fenced).toBe(true)
  expect(ordersIn(fenced)).toMatchObject({ leader: 2, isr: [2, 3] })
  expect(decideFencing(aState(fenced), 1)).toEqual([])
  expect(decideFencing(aState(fenced), 9)).toEqual([])
})

describe('the removal of a broker', () => {
  const withElr = anImage({
    topics: [aTopic('orders', [{ isr: [1, 2], leader: 1, elr: [3] }]), aTopic('audit', [{ replicas: [1], isr: [1], leader: 1 }])],
    eligibleLeaders: { minInsyncReplicas: 3 },
  })

  it('takes it out of every ISR, but leaves it assigned, and eligible where it was', () => {
    const { records, reply } = decideUnregistration(aState(withElr), { brokerId: 1 })
    expect(reply.errorCode).toBe(0)
    const image = after(withElr, records)
    expect([...image.brokers.keys()]).toEqual([2, 3])
    expect(ordersIn(image)).toMatchObject({ replicas: [1, 2, 3], isr: [2], leader: 2, elr: [1, 3] })
    expect(image.topicsByName.get('audit')!.partitions[0]).toMatchObject({ replicas: [1], isr: [], leader: -1, elr: [1] })
  })

  it('lets it come back under a new epoch, and lead what nobody else can', () => {
    const gone = after(withElr, decideUnregistration(aState(withElr), { brokerId: 1 }).records)
    const { records, reply } = decideRegistration(aState(gone), aRegistration(1), false)
    expect(reply).toMatchObject({ errorCode: 0, brokerEpoch: 1000 })
    const back = after(gone, records)
    expect(ordersIn(back)).toMatchObject({ isr: [2], elr: [3] })
    const { records: unfencing } = decideHeartbeat(aState(back), aHeartbeat(1, { brokerEpoch: 1000, currentMetadataOffset: 1000 }), {
      controlledShutdownOffset: undefined,
      lowestActiveOffset: Infinity,
    })
    expect(after(back, unfencing).topicsByName.get('audit')!.partitions[0]).toMatchObject({ isr: [1], leader: 1 })
  })

  it('needs it to be there', () => {
    const { records, reply } = decideUnregistration(aState(), { brokerId: 9 })
    expect([errorName(reply.errorCode), records]).toEqual(['BROKER_ID_NOT_REGISTERED', []])
  })
})
