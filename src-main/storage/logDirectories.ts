import type { BufferPool } from '../base/bufferPool.ts'
import { LOST_DIRECTORY, MIGRATING_DIRECTORY, UNASSIGNED_DIRECTORY, type Uuid } from '../base/uuid.ts'
import { DiskError, type Env } from '../env/env.ts'
import { FailedFolders } from './failedFolders.ts'
import { FilePool } from './filePool.ts'
import { RecentMemory } from './recentBatches.ts'
import type { LogConfig } from './logConfig.ts'
import { type FoundPartition, ForeignLogDirectory, LogDirectory, type LogDirectoryOptions, type WantedPartition } from './logDirectory.ts'
import { isOutOfSpace } from './outOfSpace.ts'
import type { PartitionLog } from './partitionLog.ts'

/** A partition's folder, and where it is. */
export interface PlacedPartition extends FoundPartition {
  readonly directory: LogDirectory
}

/** The partition's log may lie in a folder that is offline: an empty one elsewhere must not take its name. */
export class LogDirectoryOffline extends Error {
  override readonly name = 'LogDirectoryOffline'
}

/** What metadata knows of the place of a replica (KIP-858). */
export interface ReplicaPlacement {
  /** `UNASSIGNED_DIRECTORY` leaves the choice to the broker. */
  readonly assigned: Uuid
  /** Whether nothing can have been acknowledged on the strength of this replica yet. */
  readonly isNew: boolean
}

export interface LogDirectoriesOptions extends Omit<LogDirectoryOptions, 'pool'> {
  /** That of the metadata log; the first one when left out. One that is not among the paths holds nothing else. */
  readonly metadataPath?: string
  /** How much all logs together remember of what was written last, for those who read along; see `RecentBatches`. */
  readonly recentBytes?: number
  /** For that. */
  readonly memory?: BufferPool
}

/** Of what use a folder is. */
export interface LogFolderState {
  readonly path: string
  /** Why it is offline, for good. */
  readonly failure: Error | undefined
  /** Whether its disk has no room for appends. */
  readonly isFull: boolean
}

/** Ids that are no folder's. */
const NOWHERE: ReadonlySet<Uuid> = new Set([UNASSIGNED_DIRECTORY, LOST_DIRECTORY, MIGRATING_DIRECTORY])

/**
 * All log folders of a broker. Each is on a disk of its own as far as anybody here knows: one that cannot be opened, or fails, takes its partitions
 * with it and leaves the others alone.
 */
export class LogDirectories {
  /** Those that could be opened, in the order of the config; some may have failed since. */
  readonly all: readonly LogDirectory[]
  /** Holds the metadata log. Perhaps not among `all`. */
  readonly metadata: LogDirectory
  /** Those that could not be opened, and why. */
  readonly unopened: ReadonlyMap<string, Error>
  readonly #paths: readonly string[]
  readonly #log: LogDirectoryOptions['log']
  #failed: FailedFolders | undefined
  #remembering: Promise<void> = Promise.resolve()
  #remember: (failed: LogDirectory) => Promise<void> = () => Promise.resolve()

  private constructor(made: {
    readonly all: readonly LogDirectory[]
    readonly metadata: LogDirectory
    readonly unopened: ReadonlyMap<string, Error>
    readonly paths: readonly string[]
    readonly log: LogDirectoryOptions['log']
  }) {
    this.all = made.all
    this.metadata = made.metadata
    this.unopened = made.unopened
    this.#paths = made.paths
    this.#log = made.log
  }

  /**
   * Opens the folders; an empty one becomes this node's. Throws when that of the metadata log cannot be opened, when one is somebody else's or in
   * use, and when two have the same id; any other that cannot be opened is offline.
   */
  static async open(
    env: Pick<Env, 'clock' | 'disk' | 'random'>,
    paths: readonly string[],
    { metadataPath = paths[0]!, recentBytes, memory, ...options }: LogDirectoriesOptions,
  ): Promise<LogDirectories> {
    const { log } = options
    const pool = new FilePool(env.disk, undefined, new RecentMemory(recentBytes, memory))
    const opened = new Map<string, LogDirectory>()
    const unopened = new Map<string, Error>()
    const open = async (path: string) => {
      try {
        opened.set(path, await LogDirectory.open(env, path, { ...options, pool }))
      } catch (problem) {
        const isBroken = problem instanceof DiskError && problem.code !== 'ELOCKED'
        if (!isBroken || path === metadataPath) throw problem
        log.error('a log folder cannot be opened and is offline', { path, problem })
        unopened.set(path, problem)
      }
    }
    const outcomes = await Promise.allSettled([...new Set([metadataPath, ...paths])].map(open))
    const problem = outcomes.find(each => each.status === 'rejected')?.reason as Error | undefined
    const twin = [...opened.values()].find(one =>
      [...opened.values()].some(other => other !== one && other.directoryId === one.directoryId),
    )
    if (problem === undefined && twin === undefined) {
      const all = paths.flatMap(path => opened.get(path) ?? [])
      const directories = new LogDirectories({ all, metadata: opened.get(metadataPath)!, unopened, paths, log })
      await directories.#rememberFailures(env)
      return directories
    }
    for (const directory of opened.values()) await directory.close(-1)
    throw problem ?? new ForeignLogDirectory(`${twin!.path} has the directory id ${twin!.directoryId}, as another log folder has`)
  }

  /** From life to life: what a folder held when it failed is not trusted until it was closed well once more. */
  async #rememberFailures(env: Pick<Env, 'clock' | 'disk'>): Promise<void> {
    const directories = [...new Set([...this.all, this.metadata])]
    const failed = await FailedFolders.read(
      env,
      directories.map(each => each.path),
      this.#log,
    )
    this.#failed = failed
    const back = directories.filter(each => failed.has(each.directoryId))
    for (const directory of back) if (!directory.wasCleanShutdown) directory.distrust()
    const mended = back.filter(each => each.wasCleanShutdown).map(each => each.directoryId)
    const online = () => directories.filter(each => each.failure === undefined).map(each => each.path)
    await failed.forget(mended, online())
    // The last one may still take it: a disk that fails to sync one file often takes another.
    this.#remember = ({ directoryId, path }) => (this.#remembering = failed.add(directoryId, [...online(), path]))
    this.onFailure(directory => void this.#remember(directory))
  }

  /** Resolves when the folders have taken down, as far as they can, which of them have failed up to now. Before that, the process had better not end. */
  get failuresRemembered(): Promise<void> {
    return this.#remembering
  }

  get online(): LogDirectory[] {
    return this.all.filter(each => each.failure === undefined)
  }

  /** Of those that are online. */
  get directoryIds(): Uuid[] {
    return this.online.map(each => each.directoryId)
  }

  /** Of those that were online when this process began, and are not now. */
  get failedIds(): Uuid[] {
    return this.all.filter(each => each.failure !== undefined).map(each => each.directoryId)
  }

  get hasOffline(): boolean {
    return this.unopened.size > 0 || this.all.some(each => each.failure !== undefined)
  }

  /** All of them, opened or not, in the order of the config. */
  get states(): LogFolderState[] {
    return this.#paths.map(path => {
      const opened = this.all.find(each => each.path === path)
      const failure = opened === undefined ? this.unopened.get(path) : opened.failure
      return { path, failure, isFull: failure === undefined && opened !== undefined && opened.logs.some(log => log.isFull) }
    })
  }

  /** Under which the process before this one was registered, if it left every folder as it should; -1 otherwise (KIP-966). */
  get previousBrokerEpoch(): number {
    const [epoch = -1, ...others] = this.all.map(each => each.previousBrokerEpoch)
    return this.unopened.size === 0 && others.every(each => each === epoch) ? epoch : -1
  }

  /** What the online folders hold, opened or not. */
  listPartitions(): PlacedPartition[] {
    return this.online.flatMap(directory => directory.listPartitions().map(found => ({ ...found, directory })))
  }

  /** The logs that are open, but for those of folders that have failed. */
  get logs(): PartitionLog[] {
    return this.online.flatMap(each => each.logs)
  }

  directoryOf(log: PartitionLog): LogDirectory | undefined {
    const path = log.directory.slice(0, log.directory.lastIndexOf('/'))
    return this.all.find(each => each.path === path)
  }

  /** Called when one goes offline, in the turn in which its logs did. */
  onFailure(listen: (directory: LogDirectory, cause: Error) => void): void {
    for (const directory of new Set([...this.all, this.metadata])) directory.onFailure(cause => listen(directory, cause))
  }

  /**
   * Opens a partition's log where it is, or makes it: where metadata says, else in the folder with the fewest partitions. Throws
   * `LogDirectoryOffline` while it may be in a folder that is offline; otherwise as `LogDirectory.openLog`. A leader waits until the log is `ready`.
   */
  openLog(wanted: WantedPartition, config: LogConfig, placement: ReplicaPlacement): Promise<PartitionLog> {
    const { topic, partition, topicId } = wanted
    const online = this.online
    const holders = online.filter(each => each.find(topic, partition) !== undefined)
    const assigned = online.find(each => each.directoryId === placement.assigned)
    const holder = holders.includes(assigned!) ? assigned : holders[0]
    if (holder === undefined && assigned === undefined && this.hasOffline && !(placement.isNew && NOWHERE.has(placement.assigned))) {
      const problem = `the log of ${topic}-${partition} may be in a folder that is offline: metadata has it in ${placement.assigned}`
      return Promise.reject(new LogDirectoryOffline(problem))
    }
    const place = holder ?? assigned ?? online.toSorted((one, other) => one.partitionCount - other.partitionCount)[0]
    if (place === undefined) return Promise.reject(new LogDirectoryOffline('every log folder is offline'))
    return place.openLog(topic, partition, topicId, config, { lazily: true })
  }

  /** The partition is no longer this broker's. */
  async deleteLog(log: PartitionLog): Promise<void> {
    await this.directoryOf(log)?.deleteLog(log)
  }

  /** As `deleteLog`, wherever the folder is, and when its log is not open. Leaves that of another topic of the same name alone. */
  async deleteFolder(wanted: WantedPartition, delayMs: number): Promise<void> {
    for (const directory of this.online) {
      const found = directory.find(wanted.topic, wanted.partition)
      if (found === undefined || (found.topicId !== undefined && found.topicId !== wanted.topicId)) continue
      await directory.deleteFolder(wanted, delayMs)
    }
  }

  /** Writes the checkpoint files of all online folders, as far as it goes: what fails is told, and the next call tries again where that is safe. */
  async checkpoint(): Promise<void> {
    const checkpointOne = async (directory: LogDirectory) => {
      try {
        await directory.checkpoint()
      } catch (problem) {
        if (isOutOfSpace(problem)) this.#log.warn('the disk is full: the checkpoints are as they were', { path: directory.path, problem })
        else if (directory.failure === undefined) throw problem
      }
    }
    await Promise.all(this.online.map(checkpointOne))
  }

  /** As `LogDirectory.close`, each for itself. */
  async close(brokerEpoch: number): Promise<void> {
    const closeOne = async (directory: LogDirectory) => {
      const failure = await directory.close(brokerEpoch)
      if (failure !== undefined && directory.failure === undefined) await this.#remember(directory)
    }
    const closed = await Promise.allSettled([...new Set([...this.all, this.metadata])].map(closeOne))
    await this.#remembering
    this.#failed?.close()
    for (const each of closed) if (each.status === 'rejected') throw each.reason
  }
}
