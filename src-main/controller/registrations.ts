import { LOST_DIRECTORY, MIGRATING_DIRECTORY, UNASSIGNED_DIRECTORY, type Uuid } from '../base/uuid.ts'
import { imageAfter } from '../metadata/delta.ts'
import { METADATA_VERSION_FEATURE } from '../metadata/features.ts'
import type { BrokerImage, MetadataImage } from '../metadata/image.ts'
import { errorCode, type ErrorName } from '../protocol/errors.ts'
import type { BrokerHeartbeat, BrokerHeartbeatRequest } from '../protocol/messages/brokerHeartbeat.ts'
import type { BrokerRegistration, BrokerRegistrationRequest } from '../protocol/messages/brokerRegistration.ts'
import { type MetadataRecord, metadataRecord } from '../protocol/messages/metadataRecords.ts'
import type { UnregisterBroker, UnregisterBrokerRequest } from '../protocol/messages/unregisterBroker.ts'
import type { ResponseInput } from '../protocol/schema.ts'
import { accepted, type ControllerState, type Decision, type Refusal, refusal, refuse, refused } from './decision.ts'
import { changesAfterUncleanShutdown, changesWith, changesWithout, changesWithoutOfflineReplicas } from './elections.ts'

/** Who speaks for a broker must have its current epoch; whoever has an older one is a process that was replaced. */
export function brokerEpochError(image: MetadataImage, brokerId: number, brokerEpoch: number): ErrorName | undefined {
  return image.brokers.get(brokerId)?.brokerEpoch === brokerEpoch ? undefined : 'STALE_BROKER_EPOCH'
}

/**
 * Takes a broker in, fenced until it has caught up. Its epoch is the offset of the record that does so. A new incarnation leaves every ISR,
 * and where its predecessor did not shut down cleanly in the epoch it was known by, it is not eligible to lead either, because what that had not synced
 * may be gone (KIP-966; in a cluster without that, it leaves the ISR where others remain). Replicas in log folders that it does not name are offline until it says
 * where they are now (`decideDirectoryAssignments`): such as all of them, when its disk was wiped and its folder has a new id.
 */
export function decideRegistration(
  state: ControllerState,
  request: BrokerRegistrationRequest,
  /** Whether the broker that is registered under this id is known to live. */
  hasValidSession: boolean,
): Decision<ResponseInput<typeof BrokerRegistration>> {
  const { image, nextOffset, settings } = state
  const { brokerId, incarnationId } = request
  const known = image.brokers.get(brokerId)
  const isSameProcess = known?.incarnationId === incarnationId

  const problem = registrationProblem(state, request)
  if (problem !== undefined) return refuse({ throttleTimeMs: 0, errorCode: errorCode(problem.error) })
  if (known !== undefined && !isSameProcess && !known.fenced && hasValidSession) {
    return refuse({ throttleTimeMs: 0, errorCode: errorCode('DUPLICATE_BROKER_REGISTRATION') })
  }

  const brokerEpoch = known !== undefined && isSameProcess ? known.brokerEpoch : nextOffset
  const register = metadataRecord({
    type: 'RegisterBrokerRecord',
    brokerId,
    brokerEpoch,
    incarnationId,
    endPoints: request.listeners,
    features: request.features,
    rack: request.rack,
    // The same process asking again has lost an answer, not its state.
    fenced: isSameProcess ? known.fenced : true,
    inControlledShutdown: isSameProcess ? known.inControlledShutdown : false,
    logDirs: request.logDirs,
  })
  const changes = isSameProcess
    ? changesWithoutOfflineReplicas(imageAfter(image, [register]), brokerId, settings.staticConfigs)
    : known?.brokerEpoch === request.previousBrokerEpoch
      ? changesWithout(image, brokerId, settings.staticConfigs)
      : changesAfterUncleanShutdown(image, brokerId, settings.staticConfigs)
  return { records: [register, ...changes], reply: { throttleTimeMs: 0, errorCode: 0, brokerEpoch } }
}

function registrationProblem({ image, settings }: ControllerState, request: BrokerRegistrationRequest): Refusal | undefined {
  if (request.clusterId !== settings.clusterId) return refusal('INCONSISTENT_CLUSTER_ID')

  const { logDirs } = request
  const reserved = [MIGRATING_DIRECTORY, UNASSIGNED_DIRECTORY, LOST_DIRECTORY]
  if (logDirs.length === 0) return refusal('INVALID_REGISTRATION', 'A broker has at least one log folder.')
  if (new Set(logDirs).size !== logDirs.length) return refusal('INVALID_REGISTRATION', 'A log folder is named twice.')
  if (logDirs.some(id => reserved.includes(id))) return refusal('INVALID_REGISTRATION', 'A log folder has a reserved id.')
  for (const other of image.brokers.values()) {
    if (other.brokerId !== request.brokerId && other.directories.some(id => logDirs.includes(id))) {
      return refusal('INVALID_REGISTRATION', `A log folder belongs to broker ${other.brokerId}.`)
    }
  }

  const level = (name: string) => request.features.find(feature => feature.name === name)
  if (level(METADATA_VERSION_FEATURE) === undefined) return refusal('UNSUPPORTED_VERSION', 'The broker does not name metadata.version.')
  for (const [name, finalized] of image.features) {
    const supported = level(name)
    if (supported === undefined || finalized < supported.minSupportedVersion || finalized > supported.maxSupportedVersion) {
      return refusal('UNSUPPORTED_VERSION', `The broker does not support level ${finalized} of ${name}.`)
    }
  }
  return undefined
}

/** What a broker is to the controller. Fenced ⇄ unfenced → controlled shutdown → shut down (which is fenced, and told to stop). */
export type BrokerState = 'fenced' | 'unfenced' | 'controlledShutdown' | 'shutDown'

/** What the controller remembers of brokers beside the image: gone with its leadership. */
export interface ShutdownProgress {
  /** Where the metadata log ended when the broker's leaderships were moved; undefined before. */
  readonly controlledShutdownOffset: number | undefined
  /** What every active broker has applied; `Infinity` when there is none. */
  readonly lowestActiveOffset: number
}

/** Where a heartbeat takes a broker. */
export function nextBrokerState(
  image: MetadataImage,
  broker: BrokerImage,
  request: BrokerHeartbeatRequest,
  { controlledShutdownOffset, lowestActiveOffset }: ShutdownProgress,
): BrokerState {
  const { wantShutDown, currentMetadataOffset, offlineLogDirs } = request
  // Without a folder that works there is nothing to lead or to follow with.
  const hasNoDisk = broker.directories.length > 0 && broker.directories.every(id => offlineLogDirs.includes(id))
  const wantFence = request.wantFence || hasNoDisk
  if (broker.fenced) {
    if (wantShutDown) return 'shutDown'
    const isCaughtUp = currentMetadataOffset >= broker.brokerEpoch
    // Whoever asked to be let go comes back as another incarnation or not at all.
    return !wantFence && isCaughtUp && !broker.inControlledShutdown ? 'unfenced' : 'fenced'
  }
  if (broker.inControlledShutdown) {
    if (leadsAnything(image, broker.brokerId)) return 'controlledShutdown'
    // The others must know of their new leaderships before the old leader stops answering.
    const othersKnow = controlledShutdownOffset !== undefined && controlledShutdownOffset <= lowestActiveOffset
    return othersKnow ? 'shutDown' : 'controlledShutdown'
  }
  if (wantFence) return wantShutDown ? 'shutDown' : 'fenced'
  if (wantShutDown) return leadsAnything(image, broker.brokerId) ? 'controlledShutdown' : 'shutDown'
  return 'unfenced'
}

function leadsAnything(image: MetadataImage, brokerId: number): boolean {
  for (const { partitions } of image.topicsById.values()) {
    if (partitions.some(partition => partition.leader === brokerId)) return true
  }
  return false
}

/** The answer, and what the controller logs of it. */
export type HeartbeatReply = ResponseInput<typeof BrokerHeartbeat> & {
  readonly next: BrokerState
  /** Log folders of which it was not known yet that they failed. */
  readonly failed: readonly Uuid[]
}

/** A heartbeat, of a broker whose epoch is right. */
export function decideHeartbeat(
  { image, settings }: ControllerState,
  request: BrokerHeartbeatRequest,
  progress: ShutdownProgress,
): Decision<HeartbeatReply> {
  const broker = image.brokers.get(request.brokerId)
  if (broker === undefined || broker.brokerEpoch !== request.brokerEpoch) {
    return refuse({ throttleTimeMs: 0, errorCode: errorCode('STALE_BROKER_EPOCH'), shouldShutDown: false, next: 'fenced', failed: [] })
  }
  const failed = broker.directories.filter(id => request.offlineLogDirs.includes(id))
  const losses = lossOf(image, broker, failed, settings.staticConfigs)
  const now = losses.length > 0 ? imageAfter(image, losses) : image
  const next = nextBrokerState(now, now.brokers.get(broker.brokerId)!, request, progress)
  return {
    records: [...losses, ...transition(now, broker, next, settings.staticConfigs)],
    reply: {
      throttleTimeMs: 0,
      errorCode: 0,
      isCaughtUp: request.currentMetadataOffset >= broker.brokerEpoch,
      isFenced: next === 'fenced' || next === 'shutDown',
      shouldShutDown: next === 'shutDown',
      next,
      failed,
    },
  }
}

/**
 * Takes log folders that failed from those of a broker (KIP-858). They stay out until it registers again: a folder that failed is never trusted again
 * by the same process. When none would remain, nothing is taken, as the record could not say so: the broker is fenced, which comes to the same.
 */
function lossOf(
  image: MetadataImage,
  broker: BrokerImage,
  failed: readonly Uuid[],
  staticConfigs: ReadonlyMap<string, string>,
): readonly MetadataRecord[] {
  const { brokerId, brokerEpoch } = broker
  const logDirs = broker.directories.filter(id => !failed.includes(id))
  if (failed.length === 0 || logDirs.length === 0) return []
  const loss = metadataRecord({ type: 'BrokerRegistrationChangeRecord', brokerId, brokerEpoch, logDirs })
  return [...changesWithoutOfflineReplicas(imageAfter(image, [loss]), brokerId, staticConfigs), loss]
}

function transition(
  image: MetadataImage,
  broker: BrokerImage,
  next: BrokerState,
  staticConfigs: ReadonlyMap<string, string>,
): readonly MetadataRecord[] {
  const { brokerId, brokerEpoch } = broker
  const change = (fields: { fenced?: number; inControlledShutdown?: number }) =>
    metadataRecord({ type: 'BrokerRegistrationChangeRecord', brokerId, brokerEpoch, ...fields })
  switch (next) {
    case 'unfenced':
      return broker.fenced ? [change({ fenced: -1 }), ...changesWith(image, brokerId, staticConfigs)] : []
    case 'controlledShutdown':
      // Asked again while it still leads something: try to move that too.
      return [
        ...(broker.inControlledShutdown ? [] : [change({ inControlledShutdown: 1 })]),
        ...changesWithout(image, brokerId, staticConfigs),
      ]
    case 'fenced':
    case 'shutDown':
      return broker.fenced ? [] : [...changesWithout(image, brokerId, staticConfigs), change({ fenced: 1 })]
  }
}

/** A broker that is not heard of any more. */
export function decideFencing({ image, settings }: ControllerState, brokerId: number): readonly MetadataRecord[] {
  const broker = image.brokers.get(brokerId)
  return broker === undefined ? [] : transition(image, broker, 'fenced', settings.staticConfigs)
}

/**
 * Removes a broker for good. Its replicas leave every ISR. Where it is assigned it stays assigned, until somebody reassigns the partitions, and where it
 * is eligible to lead it stays so: that is given up when it registers again, because nobody knows with what disk. One that lives does so at once.
 */
export function decideUnregistration(
  { image, settings }: ControllerState,
  { brokerId }: UnregisterBrokerRequest,
): Decision<ResponseInput<typeof UnregisterBroker>> {
  const broker = image.brokers.get(brokerId)
  if (broker === undefined) {
    return refuse({ throttleTimeMs: 0, ...refused(refusal('BROKER_ID_NOT_REGISTERED', `Broker ${brokerId} is not registered.`)) })
  }
  const { brokerEpoch } = broker
  const leaves = changesWithout(image, brokerId, settings.staticConfigs)
  const unregister = metadataRecord({ type: 'UnregisterBrokerRecord', brokerId, brokerEpoch })
  return { records: [...leaves, unregister], reply: { throttleTimeMs: 0, ...accepted } }
}
