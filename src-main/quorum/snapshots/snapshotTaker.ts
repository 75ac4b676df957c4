import type { Logger } from '../../base/logger.ts'
import type { Env, Timer } from '../../env/env.ts'
import type { MetadataRecordInput } from '../../protocol/messages/metadataRecords.ts'
import { isOutOfSpace } from '../../storage/outOfSpace.ts'
import type { QuorumConfig } from '../quorumConfig.ts'
import type { QuorumLog } from '../quorumLog.ts'
import { snapshotContent } from './snapshotContent.ts'
import type { SnapshotFiles } from './snapshotFiles.ts'
import { snapshotToStartAt } from './snapshotRules.ts'

/** What a snapshot is taken of: the state once this batch was applied. */
interface Applied {
  readonly endOffset: number
  readonly epoch: number
  readonly timestamp: number
}

/**
 * Writes a snapshot of the committed state once enough was added to it, by bytes or by time, and then lets go of older ones and of the log before them.
 * Every node does so for itself, while the rest goes on.
 */
export class SnapshotTaker {
  readonly #env: Pick<Env, 'clock'>
  readonly #files: SnapshotFiles
  readonly #log: QuorumLog
  readonly #config: QuorumConfig
  readonly #logger: Logger
  /** What the listeners have made of all that was delivered; the records are read later, and must not change with what is delivered then. */
  readonly #state: () => Iterable<MetadataRecordInput>
  readonly #onFailure: (cause: unknown) => void
  #bytes = 0
  /** What came last since the latest snapshot. */
  #applied: Applied | undefined
  #timer: Timer | undefined
  #writing: Promise<void> | undefined
  #isStopped = false

  constructor(
    env: Pick<Env, 'clock'>,
    parts: {
      readonly files: SnapshotFiles
      readonly log: QuorumLog
      readonly config: QuorumConfig
      readonly logger: Logger
      readonly state: () => Iterable<MetadataRecordInput>
      readonly onFailure: (cause: unknown) => void
    },
  ) {
    this.#env = env
    this.#files = parts.files
    this.#log = parts.log
    this.#config = parts.config
    this.#logger = parts.logger
    this.#state = parts.state
    this.#onFailure = parts.onFailure
  }

  /** A batch was given to all listeners. To be called in the same turn. */
  delivered(applied: Applied, sizeInBytes: number): void {
    if (this.#isStopped) return
    this.#applied = applied
    this.#bytes += sizeInBytes
    if (this.#bytes >= this.#config.metadataLogMaxRecordBytesBetweenSnapshots) return this.#take()
    const intervalMs = this.#config.metadataLogMaxSnapshotIntervalMs
    if (intervalMs > 0) this.#timer ??= this.#env.clock.after(intervalMs, () => this.#take())
  }

  /** The state is now that of a snapshot that is there already. */
  replaced(): void {
    this.#bytes = 0
    this.#applied = undefined
    this.#disarm()
  }

  /** Calls off what is being written; resolves when nothing is any more. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#disarm()
    await this.#writing
  }

  #take(): void {
    const applied = this.#applied
    this.#disarm()
    // What is under way takes its time: the next batch asks again.
    if (this.#writing !== undefined || applied === undefined || this.#isStopped) return
    this.replaced()
    this.#writing = this.#write(applied, this.#state())
      .catch((cause: unknown) => {
        if (isOutOfSpace(cause)) this.#logger.warn('the disk has no room for a snapshot of the metadata: the log has to do', { cause })
        else this.#onFailure(cause)
      })
      .finally(() => {
        this.#writing = undefined
      })
  }

  async #write({ endOffset, epoch, timestamp }: Applied, records: Iterable<MetadataRecordInput>): Promise<void> {
    const content = snapshotContent(records, { epoch, timestamp })
    const isWritten = await this.#files.write({ endOffset, epoch }, content, () => this.#isStopped)
    if (!isWritten) return
    this.#logger.info('a snapshot of the metadata was written', { endOffset, epoch })
    await this.#clean(endOffset)
  }

  /** Ones from elsewhere may end behind the log, which then is about to be replaced. */
  async #clean(upTo: number): Promise<void> {
    const kept = this.#files.kept.filter(each => each.endOffset <= upTo)
    const start = snapshotToStartAt(kept, {
      logSizeInBytes: this.#log.sizeInBytes,
      nowMs: this.#env.clock.now(),
      config: this.#config,
    })
    if (start !== undefined && start.endOffset > this.#log.logStartOffset) this.#log.raiseLogStartOffset(start.endOffset)
    // The log begins where a snapshot ends; those that end before it lead nowhere.
    await this.#files.removeBelow(this.#log.logStartOffset)
    await this.#log.deleteOldSegments()
  }

  #disarm(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }
}
