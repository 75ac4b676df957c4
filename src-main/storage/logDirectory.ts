import { assert } from '../base/assert.ts'
import type { Logger } from '../base/logger.ts'
import { type Uuid, randomUuid } from '../base/uuid.ts'
import { type DirectoryEntry, DiskError, type DiskLock, type Env } from '../env/env.ts'
import { MalformedMessage } from '../protocol/byteReader.ts'
import { type PartitionOffset, decodeOffsetCheckpoint, encodeOffsetCheckpoint } from '../protocol/files/checkpoints.ts'
import { CLEAN_SHUTDOWN_FILE, decodeCleanShutdown, encodeCleanShutdown } from '../protocol/files/cleanShutdown.ts'
import { META_PROPERTIES_FILE, type MetaProperties, decodeMetaProperties, encodeMetaProperties } from '../protocol/files/metaProperties.ts'
import { parsePartitionDirectory, partitionDirectoryName, retiredDirectoryName } from '../protocol/files/partitionDirectory.ts'
import { FilePool } from './filePool.ts'
import type { LogConfig } from './logConfig.ts'
import { isOutOfSpace } from './outOfSpace.ts'
import { type Owner, readOwner, replaceOwner, syncOwner, whatIsLeft, writeOwner } from './ownerFile.ts'
import { PartitionLog, type PartitionLogOptions } from './partitionLog.ts'
import { Turnstile } from './turnstile.ts'

const RECOVERY_POINTS = 'recovery-point-offset-checkpoint'
const LOG_STARTS = 'log-start-offset-checkpoint'
const HIGH_WATERMARKS = 'replication-offset-checkpoint'
const FIRST_DIRTY = 'cleaner-offset-checkpoint'
const LOCK = '.lock'
/** Logs that are loaded at a time: enough to keep the disk busy, few enough to keep the memory down. */
const OPENED_AT_A_TIME = 16

export interface LogDirectoryOptions {
  /** An empty folder becomes this cluster's; one of another cluster is refused. */
  readonly clusterId: string
  readonly nodeId: number
  readonly log: Logger
  /** Shared by the folders of one broker. */
  readonly pool?: FilePool
}

export interface WantedPartition {
  readonly topic: string
  readonly partition: number
  readonly topicId: Uuid | undefined
}

export interface FoundPartition extends Owner {
  readonly topic: string
  readonly partition: number
}

/** The folder belongs to somebody else. */
export class ForeignLogDirectory extends Error {
  override readonly name = 'ForeignLogDirectory'
}

/** What one log's lines in the checkpoint files say. */
interface Checkpointed {
  recoveryPoint: number
  logStartOffset: number
  highWatermark: number
  /** Nothing when no compaction has been over it. */
  firstDirtyOffset: number | undefined
}

/**
 * A broker's folder: whose it is, the partitions' logs in it, and the checkpoint files that tell a start where to begin. Locked while it is open.
 * The marker of a clean shutdown is taken away before anything is written, so that it never vouches for more than it saw.
 *
 * A disk that fails takes the whole folder offline, all logs in one turn and for good: what one file met, the next would meet as well, and a disk
 * that comes back has lost nobody knows what. A full disk refuses what needs space, and nothing else.
 */
export class LogDirectory {
  readonly path: string
  readonly clusterId: string
  readonly nodeId: number
  readonly directoryId: Uuid
  /** Whether the process before this one ended as it should. */
  readonly wasCleanShutdown: boolean
  /** Of the process that ended cleanly; -1 otherwise (KIP-966). */
  readonly previousBrokerEpoch: number
  readonly #env: Pick<Env, 'clock' | 'disk' | 'random'>
  readonly #log: Logger
  readonly #lock: DiskLock
  readonly #pool: FilePool
  readonly #found: Map<string, FoundPartition>
  /** By folder name. Of logs that are not open it keeps what the files said. */
  readonly #checkpointed: Map<string, Checkpointed>
  /** Names in the files whose folder is gone: a new log of that name must not inherit their lines. */
  readonly #outdated = new Set<string>()
  readonly #open = new Map<string, PartitionLog>()
  readonly #opening = new Set<string>()
  /** Of these, those that have no folder yet. */
  readonly #coming = new Set<string>()
  /** Logs that nobody has checked since a process did not end as it should, or that were found damaged. */
  readonly #unsure: Set<string>
  readonly #retired = new Set<string>()
  #mayBeUnstored = false
  readonly #openings = new Turnstile(OPENED_AT_A_TIME)
  readonly #failureListeners: ((cause: Error) => void)[] = []
  #failure: Error | undefined
  #isClosed = false
  /** What the checkpoint files hold, as far as this process wrote them. */
  readonly #written = new Map<string, Buffer>()
  #writing: Promise<void> | undefined
  #nextWriting: Promise<void> | undefined

  static async open(env: Pick<Env, 'clock' | 'disk' | 'random'>, path: string, options: LogDirectoryOptions): Promise<LogDirectory> {
    const { disk } = env
    await disk.makeDirectory(path)
    const lock = await disk.lock(`${path}/${LOCK}`)
    try {
      const entries = await disk.list(path)
      const names = new Set(entries.filter(entry => !entry.isDirectory).map(entry => entry.name))
      const directoryId = await claim(env, path, names, options)
      const shutdown = await takeCleanShutdown(env, path, names)
      const found = new Map<string, FoundPartition>()
      const retired: string[] = []
      const look = async ({ name, isDirectory }: DirectoryEntry) => {
        const parsed = isDirectory ? parsePartitionDirectory(name) : undefined
        if (parsed?.state === 'current') {
          found.set(name, { topic: parsed.topic, partition: parsed.partition, ...(await readOwner(disk, `${path}/${name}`)) })
        } else if (parsed?.state === 'delete') retired.push(name)
        else if (parsed?.state === 'stray') options.log.warn('a folder of no partition is still there', { path: `${path}/${name}` })
      }
      await Promise.all(entries.map(look))
      const checkpointed = await readCheckpoints(env, path, names, options.log)
      if (shutdown === undefined) await settleUnsynced(env, path, { found, checkpointed, log: options.log })
      const directory = new LogDirectory(env, path, options, { lock, directoryId, shutdown, found, checkpointed })
      for (const name of retired) directory.#removeLater(`${path}/${name}`, 0)
      return directory
    } catch (problem) {
      await lock.release()
      throw problem
    }
  }

  private constructor(
    env: Pick<Env, 'clock' | 'disk' | 'random'>,
    path: string,
    { clusterId, nodeId, log, pool }: LogDirectoryOptions,
    opened: {
      readonly lock: DiskLock
      readonly directoryId: Uuid
      readonly shutdown: { readonly brokerEpoch: number } | undefined
      readonly found: Map<string, FoundPartition>
      readonly checkpointed: Map<string, Checkpointed>
    },
  ) {
    this.path = path
    this.clusterId = clusterId
    this.nodeId = nodeId
    this.directoryId = opened.directoryId
    this.wasCleanShutdown = opened.shutdown !== undefined
    this.previousBrokerEpoch = opened.shutdown?.brokerEpoch ?? -1
    this.#env = env
    this.#log = log
    this.#lock = opened.lock
    this.#pool = pool ?? new FilePool(env.disk)
    this.#found = opened.found
    this.#checkpointed = opened.checkpointed
    this.#unsure = new Set(this.wasCleanShutdown ? [] : this.#found.keys())
    for (const name of this.#checkpointed.keys()) if (!this.#found.has(name)) this.#outdated.add(name)
    for (const name of this.#outdated) this.#checkpointed.delete(name)
  }

  /** What the folder holds, opened or not. */
  listPartitions(): FoundPartition[] {
    return [...this.#found.values()]
  }

  /** As `listPartitions`, of one partition. */
  find(topic: string, partition: number): FoundPartition | undefined {
    return this.#found.get(partitionDirectoryName(topic, partition))
  }

  /** Partitions that are here, or will be in a moment. */
  get partitionCount(): number {
    return this.#found.size + this.#coming.size
  }

  /** The logs that are open. */
  get logs(): readonly PartitionLog[] {
    return [...this.#open.values()]
  }

  /** Why the folder is offline, for good. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Called once, when the folder goes offline, in the turn in which its logs do. */
  onFailure(listen: (cause: Error) => void): void {
    this.#failureListeners.push(listen)
  }

  /** The disk failed in an earlier life of this folder: before any log is opened. */
  distrust(): void {
    assert(this.#opening.size === 0 && this.#open.size === 0, 'no log is open yet')
    this.#mayBeUnstored = true
  }

  #fail(cause: Error): void {
    if (this.#failure !== undefined || this.#isClosed) return
    this.#failure = cause
    this.#log.error('a log folder went offline', { path: this.path, directoryId: this.directoryId, problem: cause })
    for (const log of this.#open.values()) log.fail(cause)
    for (const listen of this.#failureListeners) listen(cause)
  }

  /** Whatever touches the disk: a failure is the whole folder's. */
  async #onDisk<T>(act: () => Promise<T>): Promise<T> {
    if (this.#failure !== undefined) throw this.#failure
    try {
      return await act()
    } catch (problem) {
      if (isDiskFailure(problem)) this.#fail(problem)
      throw problem
    }
  }

  /**
   * Opens a partition's log, or makes it. Throws `CorruptLog` when synced data is damaged, and `ForeignLogDirectory` when the folder belongs to
   * another topic of the same name: that one has to be deleted first, with `deleteFolder`. Refused by a full disk, it may be asked again.
   */
  async openLog(
    topic: string,
    partition: number,
    topicId: Uuid | undefined,
    config: LogConfig,
    options: Pick<PartitionLogOptions, 'whenFull' | 'lazily'> = {},
  ): Promise<PartitionLog> {
    assert(!this.#isClosed, 'a closed folder opens no logs')
    const name = partitionDirectoryName(topic, partition)
    assert(!this.#open.has(name) && !this.#opening.has(name), () => `${name} is open already`)
    this.#opening.add(name)
    if (!this.#found.has(name)) this.#coming.add(name)
    try {
      return await this.#openings.through(() =>
        this.#onDisk(() => this.#openNow(name, { topic, partition, topicId }, { ...options, config })),
      )
    } finally {
      this.#opening.delete(name)
      this.#coming.delete(name)
    }
  }

  async #openNow(
    name: string,
    wanted: WantedPartition,
    options: Pick<PartitionLogOptions, 'config' | 'whenFull' | 'lazily'>,
  ): Promise<PartitionLog> {
    const { topicId } = wanted
    const directory = `${this.path}/${name}`
    const found = this.#found.get(name)
    if (found?.damage !== undefined) throw found.damage
    if (found?.topicId !== undefined && topicId !== undefined && found.topicId !== topicId) {
      throw new ForeignLogDirectory(`${directory} belongs to topic id ${found.topicId}, not to ${topicId}`)
    }
    const { recoveryPoint = 0, logStartOffset = 0, highWatermark = 0, firstDirtyOffset } = this.#checkpointed.get(name) ?? {}
    const isUnsynced = recoveryPoint === 0
    if (found === undefined) await this.#makeFolder(name, wanted)
    else if (topicId !== undefined && (found.topicId === undefined || (isUnsynced && this.#mayBeUnstored)))
      await this.#tie(name, { ...wanted, topicId })
    // What this process made itself, or tried to, is as unsure as it gets: a full disk may have stopped it half way.
    const cleanShutdown = this.wasCleanShutdown && found !== undefined && !this.#unsure.has(name)
    this.#unsure.add(name)
    const log = await PartitionLog.open(this.#env, {
      ...options,
      ...wanted,
      directory,
      cleanShutdown,
      isNew: found === undefined,
      mayBeUnstored: this.#mayBeUnstored,
      recoveryPoint,
      logStartOffset,
      highWatermark,
      ...(firstDirtyOffset !== undefined && { firstDirtyOffset }),
      log: this.#log,
      pool: this.#pool,
      checkpoint: () => this.checkpoint(),
      ...(isUnsynced && topicId !== undefined && { beforeFirstSync: () => syncOwner(this.#env.disk, directory) }),
    })
    if (this.#failure !== undefined) {
      // Somebody else met the failure meanwhile.
      log.fail(this.#failure)
      await log.close().catch(() => undefined) // it is told as the folder's
      throw this.#failure
    }
    log.onFailure(cause => {
      if (isDiskFailure(cause)) this.#fail(cause)
    })
    this.#unsure.delete(name)
    this.#open.set(name, log)
    return log
  }

  async #makeFolder(name: string, found: FoundPartition): Promise<void> {
    // Lines that an earlier log of this name left would claim offsets that this one never had.
    if (this.#outdated.has(name)) await this.checkpoint()
    const directory = `${this.path}/${name}`
    await this.#env.disk.makeDirectory(directory)
    if (found.topicId !== undefined) await writeOwner(this.#env.disk, directory, found.topicId)
    this.#found.set(name, found)
    this.#coming.delete(name)
  }

  async #tie(name: string, found: WantedPartition & { readonly topicId: Uuid }): Promise<void> {
    await replaceOwner(this.#env.disk, `${this.path}/${name}`, found.topicId)
    this.#found.set(name, found)
  }

  /** The partition is gone from here: its folder gets another name at once, and vanishes after the topic's `file.delete.delay.ms`. */
  async deleteLog(log: PartitionLog): Promise<void> {
    const name = partitionDirectoryName(log.topic, log.partition)
    assert(this.#open.get(name) === log, () => `${name} is not a log of this folder`)
    this.#open.delete(name)
    if (this.#failure !== undefined) {
      await log.close().catch(() => undefined) // it has failed and said so; the next start finds the folder, if there is one
      return
    }
    const retired = this.#retiredPath(log, 'delete')
    await this.#onDisk(() => this.#removeUnless(log.moveAway(retired), `${this.path}/${name}`))
    await this.#forget(name)
    this.#removeLater(retired, log.config.fileDeleteDelayMs)
  }

  /** Where a full disk has no room for another name, what is deleted goes at once: that makes room. */
  async #removeUnless(renamed: Promise<void>, path: string): Promise<void> {
    try {
      await renamed
    } catch (problem) {
      if (!isOutOfSpace(problem)) throw problem
      await this.#env.disk.remove(path)
    }
  }

  /** As `deleteLog`, for a folder that was found and whose log is not open. */
  async deleteFolder(found: WantedPartition, delayMs: number): Promise<void> {
    const retired = await this.#moveAway(found, 'delete')
    if (retired !== undefined) this.#removeLater(retired, delayMs)
  }

  /** The folder is no partition's of this broker. It gets another name, and stays: who knows why it is here may want it. Answers its new path. */
  setAside(found: WantedPartition): Promise<string | undefined> {
    return this.#moveAway(found, 'stray')
  }

  async #moveAway(found: WantedPartition, state: 'delete' | 'stray'): Promise<string | undefined> {
    const name = partitionDirectoryName(found.topic, found.partition)
    assert(!this.#open.has(name) && !this.#opening.has(name), () => `${name} is open`)
    if (!this.#found.has(name)) return undefined
    const retired = this.#retiredPath(found, state)
    const renamed = () => this.#env.disk.rename(`${this.path}/${name}`, retired)
    await this.#onDisk(() => (state === 'delete' ? this.#removeUnless(renamed(), `${this.path}/${name}`) : renamed()))
    await this.#forget(name)
    return retired
  }

  #retiredPath({ topic, partition }: { readonly topic: string; readonly partition: number }, state: 'delete' | 'stray'): string {
    const unique = this.#env.random.bytes(16).toString('hex')
    return `${this.path}/${retiredDirectoryName(topic, partition, { unique, state })}`
  }

  async #forget(name: string): Promise<void> {
    await this.#onDisk(() => this.#env.disk.syncDirectory(this.path))
    this.#found.delete(name)
    this.#unsure.delete(name)
    if (this.#checkpointed.delete(name)) this.#outdated.add(name)
  }

  #removeLater(path: string, delayMs: number): void {
    this.#retired.add(path)
    this.#env.clock.after(delayMs, () => {
      if (this.#isClosed || this.#failure !== undefined) return // the next start goes on with it
      this.#retired.delete(path)
      this.#onDisk(() => this.#env.disk.remove(path)).catch((problem: unknown) =>
        this.#log.warn('a deleted partition is still there', { path, problem }),
      )
    })
  }

  /**
   * Writes the recovery points, log start offsets, high watermarks and first dirty offsets of now. Calls that come while one is under way share the
   * next one. Refused by a full disk, it may be called again.
   */
  checkpoint(): Promise<void> {
    if (this.#writing === undefined) {
      this.#writing = this.#onDisk(() => this.#writeCheckpoints()).finally(() => (this.#writing = undefined))
      return this.#writing
    }
    this.#nextWriting ??= this.#writing
      .catch(() => undefined) // told to its own callers
      .then(() => {
        this.#nextWriting = undefined
        return this.checkpoint()
      })
    return this.#nextWriting
  }

  async #writeCheckpoints(): Promise<void> {
    for (const [name, log] of this.#open) {
      const { recoveryPoint, logStartOffset, highWatermark, firstDirtyOffset } = log
      // Kafka only lists a log start that the first segment does not tell.
      const isPlain = logStartOffset === log.segments[0]?.baseOffset
      if (!isPlain) await log.syncNewNames()
      if (this.#open.get(name) !== log) continue // deleted meanwhile: its line must not come back
      this.#checkpointed.set(name, {
        recoveryPoint,
        logStartOffset: isPlain ? 0 : logStartOffset,
        highWatermark,
        firstDirtyOffset,
      })
    }
    const outdated = [...this.#outdated]
    const recoveryPoints: PartitionOffset[] = []
    const logStarts: PartitionOffset[] = []
    const highWatermarks: PartitionOffset[] = []
    const firstDirty: PartitionOffset[] = []
    for (const [name, { recoveryPoint, logStartOffset, highWatermark, firstDirtyOffset }] of this.#checkpointed) {
      const found = this.#found.get(name)
      if (found === undefined) continue
      const { topic, partition } = found
      recoveryPoints.push({ topic, partition, offset: recoveryPoint })
      if (logStartOffset > 0) logStarts.push({ topic, partition, offset: logStartOffset })
      highWatermarks.push({ topic, partition, offset: highWatermark })
      if (firstDirtyOffset !== undefined) firstDirty.push({ topic, partition, offset: firstDirtyOffset })
    }
    await this.#writeCheckpoint(RECOVERY_POINTS, recoveryPoints)
    await this.#writeCheckpoint(LOG_STARTS, logStarts)
    await this.#writeCheckpoint(HIGH_WATERMARKS, highWatermarks)
    await this.#writeCheckpoint(FIRST_DIRTY, firstDirty)
    for (const name of outdated) this.#outdated.delete(name)
  }

  /** Where nothing has changed the disk is left alone: most of the time most brokers are idle. */
  async #writeCheckpoint(file: string, offsets: readonly PartitionOffset[]): Promise<void> {
    const bytes = encodeOffsetCheckpoint(offsets)
    if (this.#written.get(file)?.equals(bytes) === true) return
    this.#written.delete(file)
    await this.#env.disk.replaceFile(`${this.path}/${file}`, bytes)
    this.#written.set(file, bytes)
  }

  /**
   * The clean end: everything is synced, and the marker comes last of all. Without it — when a log has failed or was never checked, when the disk
   * is full or broken, or nobody called this — the next start checks everything. Answers with what the disk failed, if it did.
   */
  async close(brokerEpoch: number): Promise<Error | undefined> {
    if (this.#isClosed) return undefined
    this.#isClosed = true
    let met: Error | undefined
    try {
      const closed = await Promise.allSettled([...this.#open.values()].map(log => log.close()))
      const problems = closed.flatMap(each => (each.status === 'rejected' ? [each.reason as unknown] : []))
      const [problem] = problems
      met = problems.find(isDiskFailure)
      await this.checkpoint()
      if (problem === undefined && this.#unsure.size === 0) {
        await this.#env.disk.replaceFile(`${this.path}/${CLEAN_SHUTDOWN_FILE}`, encodeCleanShutdown({ brokerEpoch }))
      } else {
        const unchecked = [...this.#unsure]
        this.#log.warn('the next start has to check every log: not all can be vouched for', { path: this.path, problem, unchecked })
      }
    } catch (problem) {
      if (this.#failure === undefined && !(problem instanceof DiskError)) throw problem
      if (isDiskFailure(problem)) met ??= problem
      this.#log.warn('the next start has to check every log: the disk does not take the last word', { path: this.path, problem })
    } finally {
      await this.#lock.release().catch((problem: unknown) => {
        // The end of the process releases it as well.
        this.#log.warn('a log folder is still locked', { path: this.path, problem })
      })
    }
    return met
  }
}

/** What takes a whole folder offline. */
function isDiskFailure(problem: unknown): problem is DiskError {
  return problem instanceof DiskError && !isOutOfSpace(problem)
}

/** Makes the folder this node's, or makes sure that it is. */
async function claim(
  { disk, random }: Pick<Env, 'disk' | 'random'>,
  path: string,
  names: ReadonlySet<string>,
  { clusterId, nodeId }: LogDirectoryOptions,
): Promise<Uuid> {
  const file = `${path}/${META_PROPERTIES_FILE}`
  if (!names.has(META_PROPERTIES_FILE)) {
    const directoryId = randomUuid(length => random.bytes(length))
    await disk.replaceFile(file, encodeMetaProperties({ version: 1, clusterId, nodeId, directoryId }))
    return directoryId
  }
  const meta = readMeta(file, await disk.readFile(file))
  if (meta.clusterId !== clusterId) throw new ForeignLogDirectory(`${path} belongs to cluster ${meta.clusterId}, not to ${clusterId}`)
  if (meta.nodeId !== nodeId) throw new ForeignLogDirectory(`${path} belongs to node ${meta.nodeId}, not to ${nodeId}`)
  return meta.directoryId
}

function readMeta(path: string, bytes: Buffer): MetaProperties {
  try {
    return decodeMetaProperties(bytes)
  } catch (cause) {
    if (!(cause instanceof MalformedMessage)) throw cause
    const remedy = 'put back what it said, or move the folder away to have its partitions fetched from other replicas'
    throw new MalformedMessage(`${path} does not say whose folder it is in: ${cause.reason}; ${remedy}`, cause.position, { cause })
  }
}

/** Reads the marker and removes it for good. One that cannot be read vouches for nothing. */
async function takeCleanShutdown(
  { disk }: Pick<Env, 'disk'>,
  path: string,
  names: ReadonlySet<string>,
): Promise<{ readonly brokerEpoch: number } | undefined> {
  if (!names.has(CLEAN_SHUTDOWN_FILE)) return undefined
  const file = `${path}/${CLEAN_SHUTDOWN_FILE}`
  const bytes = await disk.readFile(file)
  await disk.remove(file)
  await disk.syncDirectory(path)
  try {
    return decodeCleanShutdown(bytes)
  } catch {
    return undefined // as if there were none: everything is checked
  }
}

/**
 * Of folders in which nothing was ever synced, the power may have taken the file that says whose they are. Then the log in it may be an earlier topic's of
 * the same name, and nobody was promised any of it: the folder is set aside. One without a log goes, one with more than a log is only one topic's ever.
 */
async function settleUnsynced(
  { disk, random }: Pick<Env, 'disk' | 'random'>,
  path: string,
  { found, checkpointed, log }: { found: Map<string, FoundPartition>; checkpointed: ReadonlyMap<string, Checkpointed>; log: Logger },
): Promise<void> {
  for (const [name, { topic, partition, damage, isTorn }] of found) {
    if (isTorn !== true || (checkpointed.get(name)?.recoveryPoint ?? 0) > 0) continue
    const directory = `${path}/${name}`
    const left = await whatIsLeft(disk, directory)
    if (left === 'more') {
      found.set(name, { topic, partition, topicId: undefined })
      continue
    }
    if (left === 'nothing') await disk.remove(directory)
    else {
      const aside = `${path}/${retiredDirectoryName(topic, partition, { unique: random.bytes(16).toString('hex'), state: 'stray' })}`
      log.warn('a log of which nothing was synced does not say whose it is, and is set aside', { path: directory, aside, damage })
      await disk.rename(directory, aside)
    }
    await disk.syncDirectory(path)
    found.delete(name)
  }
}

/** A file that cannot be read tells nothing; without it more is checked and less is known to be committed, and nothing is lost. */
async function readCheckpoints(
  { disk }: Pick<Env, 'disk'>,
  path: string,
  names: ReadonlySet<string>,
  log: Logger,
): Promise<Map<string, Checkpointed>> {
  const checkpointed = new Map<string, Checkpointed>()
  const read = async (file: string, key: keyof Checkpointed) => {
    if (!names.has(file)) return
    try {
      const offsets = decodeOffsetCheckpoint(await disk.readFile(`${path}/${file}`))
      for (const { topic, partition, offset } of offsets) {
        const name = partitionDirectoryName(topic, partition)
        const entry = checkpointed.get(name) ?? { recoveryPoint: 0, logStartOffset: 0, highWatermark: 0, firstDirtyOffset: undefined }
        entry[key] = offset
        checkpointed.set(name, entry)
      }
    } catch (problem) {
      if (!(problem instanceof MalformedMessage)) throw problem
      log.warn('a checkpoint file cannot be read and counts as empty', { path: `${path}/${file}`, problem })
    }
  }
  await read(RECOVERY_POINTS, 'recoveryPoint')
  await read(LOG_STARTS, 'logStartOffset')
  await read(HIGH_WATERMARKS, 'highWatermark')
  await read(FIRST_DIRTY, 'firstDirtyOffset')
  return checkpointed
}
