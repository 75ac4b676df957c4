import type { Logger } from '../../base/logger.ts'
import { LOST_DIRECTORY, MIGRATING_DIRECTORY, UNASSIGNED_DIRECTORY, type Uuid } from '../../base/uuid.ts'
import type { Clock } from '../../env/env.ts'
import type { MetadataImage, PartitionImage } from '../../metadata/image.ts'
import type { LogDirectories, PlacedPartition } from '../../storage/logDirectories.ts'
import type { LogConfig } from '../../storage/logConfig.ts'
import type { PartitionLog } from '../../storage/partitionLog.ts'
import { DirectoryAssignments, type DirectoryAssignmentsOptions } from './directoryAssignments.ts'

export interface ReplicaPlacesOptions extends DirectoryAssignmentsOptions {
  readonly logDirectories: LogDirectories
  readonly metadata: () => MetadataImage
}

/** A replica of this broker, as far as its place is concerned. */
interface Replica {
  readonly topic: string
  readonly topicId: Uuid
  readonly index: number
}

const METADATA_TOPIC = '__cluster_metadata'

/**
 * In which log folder each replica of this broker is: as metadata has it where that can be, and where it cannot, metadata is told (KIP-858).
 */
export class ReplicaPlaces {
  readonly #brokerId: number
  readonly #directories: LogDirectories
  readonly #metadata: () => MetadataImage
  readonly #logger: Logger
  readonly #assignments: DirectoryAssignments

  constructor(clock: Clock, options: ReplicaPlacesOptions) {
    this.#brokerId = options.brokerId
    this.#directories = options.logDirectories
    this.#metadata = options.metadata
    this.#logger = options.logger
    this.#assignments = new DirectoryAssignments(clock, options)
  }

  /** Folders that are no partition's of this broker, or that are one too many for it. */
  strays(image: MetadataImage): PlacedPartition[] {
    return this.#directories.listPartitions().filter(found => found.topic !== METADATA_TOPIC && this.#isStray(found, image))
  }

  /** As Kafka has it: without a topic id, of a topic that is gone, or of a partition that others have by now. Of two folders one is stray, too. */
  #isStray({ topic, partition, topicId, damage, directory }: PlacedPartition, image: MetadataImage): boolean {
    const known = damage === undefined ? image.topicsById.get(topicId ?? '') : image.topicsByName.get(topic)
    const state = known?.partitions[partition]
    if (state === undefined || !state.replicas.includes(this.#brokerId)) return true
    const holders = this.#directories.online.filter(each => each.find(topic, partition) !== undefined)
    if (holders.length < 2) return false
    const assigned = this.#assignedTo(state)
    return directory !== (holders.find(each => each.directoryId === assigned) ?? holders[0])
  }

  /** Kept, as Kafka does: a mistake in the metadata must not cost what is on the disk. */
  async setAside(stray: PlacedPartition): Promise<void> {
    const { topic, partition, topicId, directory } = stray
    const path = await directory.setAside(stray)
    this.#logger.warn(`${topic}-${partition} is no partition of this broker: set aside`, { from: directory.path, path, topicId })
  }

  openLog({ topic, topicId, index }: Replica, config: LogConfig): Promise<PartitionLog> {
    const state = this.#metadata().partition(topicId, index)
    const placement = {
      assigned: state === undefined ? UNASSIGNED_DIRECTORY : this.#assignedTo(state),
      isNew: state === undefined || state.partitionEpoch === 0 || !mayBeNeeded(state, this.#brokerId),
    }
    return this.#directories.openLog({ topic, partition: index, topicId }, config, placement)
  }

  /**
   * Tells the controller in which folder the replica is, unless metadata says so already. One that is offline is lost, unless the controller has it
   * in a folder of which it hears, or knows, that it does not work.
   */
  tell(replica: Replica & { readonly log: PartitionLog | undefined; readonly isOffline: boolean }): void {
    const { topicId, index } = replica
    const state = this.#metadata().partition(topicId, index)
    if (state === undefined || !state.replicas.includes(this.#brokerId)) return
    const assigned = this.#assignedTo(state)
    const actual = this.#actual(replica, assigned)
    if (actual === assigned) this.#assignments.forget({ topicId, partition: index })
    else this.#assignments.assign({ topicId, partition: index, directoryId: actual })
  }

  #actual({ log, isOffline }: { readonly log: PartitionLog | undefined; readonly isOffline: boolean }, assigned: Uuid): Uuid {
    if (!isOffline) return (log && this.#directories.directoryOf(log)?.directoryId) ?? assigned // not opened yet
    const countsAsOnline = assigned === UNASSIGNED_DIRECTORY || assigned === MIGRATING_DIRECTORY
    return countsAsOnline || this.#directories.directoryIds.includes(assigned) ? LOST_DIRECTORY : assigned
  }

  #assignedTo({ replicas, directories }: PartitionImage): Uuid {
    return directories[replicas.indexOf(this.#brokerId)] ?? UNASSIGNED_DIRECTORY
  }

  /** This broker has no such replica any more. */
  forget({ topicId, index }: Replica): void {
    this.#assignments.forget({ topicId, partition: index })
  }

  stop(): void {
    this.#assignments.stop()
  }
}

/** Whether the controller may have a replica lead for what is in its log: then an empty log must not take the place of one that cannot be opened. */
function mayBeNeeded({ isr, elr, lastKnownElr }: PartitionImage, brokerId: number): boolean {
  return [isr, elr, lastKnownElr].some(members => members.includes(brokerId))
}
