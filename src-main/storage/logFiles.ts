import type { Env, Timer } from '../env/env.ts'
import { baseOffset, lastOffset } from '../protocol/records/batch.ts'
import type { ProducerSnapshotEntry } from '../protocol/files/producerSnapshot.ts'
import type { EpochFile } from './epochFile.ts'
import type { FilePool } from './filePool.ts'
import { type LoadedLog, firstSegment } from './loadLog.ts'
import { segmentFor } from './logReader.ts'
import { isOutOfSpace, wholly } from './outOfSpace.ts'
import type { ProducerSnapshots } from './producerSnapshots.ts'
import { resumeSegment } from './resumeSegment.ts'
import { scanBatches } from './scanBatches.ts'
import type { Segment } from './segment.ts'
import type { Turns } from './turns.ts'

/** Decided, and waiting for its turn at the disk. */
export type Work =
  | { readonly type: 'batch'; readonly segment: Segment; readonly bytes: Buffer; readonly position: number }
  | { readonly type: 'roll'; readonly from: Segment; readonly to: Segment; readonly producers: readonly ProducerSnapshotEntry[] }

/** How far the writing of a list of work has come. */
export interface Written {
  /** Of the list, from its beginning. */
  done: number
  /** Where the log ends by now; nothing while no batch was among it. */
  end: number | undefined
}

/**
 * The files of one log, and up to where they are on the disk. Does what its log decided, in the order that leaves something good behind whenever the
 * process dies. Its methods need a turn, except `syncUpTo`.
 */
export class LogFiles {
  readonly directory: string
  readonly epochs: EpochFile
  readonly snapshots: ProducerSnapshots
  readonly #env: Pick<Env, 'clock' | 'disk'>
  readonly #pool: FilePool
  readonly #turns: Turns
  readonly #checkpoint: () => Promise<void>
  /** Those whose files exist, ascending. */
  #segments: readonly Segment[]
  #sizeInBytes: number
  #recoveryPoint: number
  /** Counts what took something away from the end: who began before must not vouch for what is there now. */
  #cuts = 0
  /** Whether there are names in the folder that a power failure could take. */
  #hasNewNames: boolean
  /** What has to be on the disk before the folder's names are. Done once. */
  #beforeFirstSync: (() => Promise<void>) | undefined
  #namesSynced: Promise<void> = Promise.resolve()
  /** Made for the first. */
  #removals: Map<Timer, readonly Segment[]> | undefined

  constructor(
    env: Pick<Env, 'clock' | 'disk'>,
    loaded: LoadedLog,
    of: {
      readonly directory: string
      readonly pool: FilePool
      readonly turns: Turns
      readonly recoveryPoint: number
      /** Makes a lowered recovery point durable. */
      readonly checkpoint: () => Promise<void>
      readonly beforeFirstSync: (() => Promise<void>) | undefined
    },
  ) {
    this.#env = env
    this.directory = of.directory
    this.epochs = loaded.epochs
    this.snapshots = loaded.snapshots
    this.#pool = of.pool
    this.#turns = of.turns
    this.#checkpoint = of.checkpoint
    this.#segments = loaded.segments
    this.#sizeInBytes = loaded.segments.reduce((sum, segment) => sum + segment.size, 0)
    this.#recoveryPoint = of.recoveryPoint
    this.#hasNewNames = loaded.isNew || of.beforeFirstSync !== undefined
    this.#beforeFirstSync = of.beforeFirstSync
  }

  /** At least one, but for moments in which the log starts over. */
  get segments(): readonly Segment[] {
    return this.#segments
  }

  get sizeInBytes(): number {
    return this.#sizeInBytes
  }

  get recoveryPoint(): number {
    return this.#recoveryPoint
  }

  /** Writes what was decided, with one append for each segment, and counts it in `written`. Refused by a full disk it can go on from there. */
  async write(work: readonly Work[], written: Written): Promise<void> {
    // An epoch must be in its file before its first batch is in the log.
    await this.epochs.persist()
    while (written.done < work.length) {
      const next = work[written.done]!
      if (next.type === 'roll') {
        await this.#roll(next)
        written.done += 1
        continue
      }
      const chunks: Buffer[] = []
      let bytes = 0
      for (let at = written.done; at < work.length; at += 1) {
        const each = work[at]!
        if (each.type === 'roll' || each.segment !== next.segment) break
        chunks.push(each.bytes)
        bytes += each.bytes.length
      }
      await next.segment.append(chunks, bytes)
      this.#sizeInBytes += bytes
      written.done += chunks.length
      written.end = lastOffset(chunks.at(-1)!) + 1
    }
  }

  /**
   * The old segment gets its last index entries, the new one its files. Crash at any point: a new segment without a log is tidied away, one whose
   * predecessor lost its end is dropped by the recovery. The old one is synced beside the turns, and only then the recovery point moves.
   */
  async #roll({ from, to, producers }: Extract<Work, { type: 'roll' }>): Promise<void> {
    await from.seal()
    // With a segment behind it, a recovery would take the recovery point to vouch for its indexes too.
    if (this.#recoveryPoint >= to.baseOffset) await from.sync()
    await to.create()
    this.#segments = [...this.#segments, to]
    this.#hasNewNames = true
    this.#turns.beside(async () => {
      await this.snapshots.write(to.baseOffset, producers)
      await this.syncUpTo(to.baseOffset)
      await this.#retainSnapshots()
    })
  }

  /** Raises the recovery point to `offset`, which must be written. Runs beside appends and cuts. */
  async syncUpTo(offset: number): Promise<void> {
    const cuts = this.#cuts
    let reached = offset
    await this.epochs.persist()
    await this.syncNewNames()
    const unsynced = this.#segments.slice(segmentFor(this.#segments, this.#recoveryPoint)).filter(segment => segment.baseOffset < offset)
    for (const segment of unsynced) {
      if (!this.#segments.includes(segment)) continue
      if (segment.isComplete) await segment.use(() => segment.sync())
      else {
        // The indexes of the segment that holds the recovery point are made anew after a crash.
        await segment.use(() => segment.syncLog())
        if (segment.isSealed) reached = offset - 1
      }
    }
    if (cuts === this.#cuts && reached > this.#recoveryPoint) this.#recoveryPoint = reached
  }

  /** Lets no power failure take the folder's names, nor what it says of itself. Does nothing when nothing is new. Needs no turn. */
  syncNewNames(): Promise<void> {
    if (this.#hasNewNames) {
      this.#hasNewNames = false
      this.#namesSynced = this.#syncNames()
    }
    return this.#namesSynced // perhaps another's
  }

  async #syncNames(): Promise<void> {
    const before = this.#beforeFirstSync
    this.#beforeFirstSync = undefined
    await before?.()
    await this.#env.disk.syncDirectory(this.directory)
  }

  /** Gives the oldest segments names under which they are no part of the log, and removes them after `delayMs`. */
  async deleteOldest(count: number, delayMs: number): Promise<void> {
    const doomed = this.#segments.slice(0, count)
    this.#segments = this.#segments.slice(count)
    this.#sizeInBytes -= doomed.reduce((sum, segment) => sum + segment.size, 0)
    await wholly(() => this.#retire(doomed))
    await this.#env.disk.syncDirectory(this.directory)
    // Only now: a log start that was merely raised may be lower again after a crash, and then needs the epochs of what it uncovers.
    this.epochs.changed(this.epochs.cache.raiseStart(this.#segments[0]!.baseOffset))
    await this.#retainSnapshots()
    this.#removeLater(doomed, delayMs)
  }

  /**
   * Lets a compacted segment, synced under names ending in `.cleaned`, take the place of the neighbours it was made from; `false`, and nothing done, when
   * they are not all part of the log any more. Refused by a full disk, nothing was done but to its own names. Once its log is called `.swap` it counts:
   * before, a start removes it, and from then on, finishes what is done here, in this order (see `tidyFolder`). `replaced` is called in the turn in which
   * readers begin to find it.
   */
  async replace(
    old: readonly Segment[],
    cleaned: Segment,
    { delayMs, replaced }: { readonly delayMs: number; readonly replaced: () => void },
  ): Promise<boolean> {
    const at = this.#segments.indexOf(old[0]!)
    if (at === -1 || old.some((segment, index) => segment !== this.#segments[at + index])) return false
    await cleaned.rename('.swap') // a full disk may refuse it: then nothing counts yet
    await wholly(() => this.#env.disk.syncDirectory(this.directory))
    this.#segments = this.#segments.toSpliced(at, old.length, cleaned)
    this.#sizeInBytes += cleaned.size - old.reduce((sum, segment) => sum + segment.size, 0)
    replaced()
    await wholly(async () => {
      await this.#retire(old)
      await cleaned.rename('')
      await this.#env.disk.syncDirectory(this.directory)
      await this.#retainSnapshots()
    })
    this.#removeLater(old, delayMs)
    return true
  }

  /** Where a full disk has no room for the names of what is doomed, it goes at once: that makes room. */
  async #retire(doomed: readonly Segment[]): Promise<void> {
    for (const segment of doomed) {
      try {
        await segment.renameToDeleted()
      } catch (problem) {
        if (!isOutOfSpace(problem)) throw problem
        await segment.remove(this.#pool)
      }
    }
  }

  #removeLater(doomed: readonly Segment[], delayMs: number): void {
    const timer = this.#env.clock.after(delayMs, () => {
      this.#removals?.delete(timer)
      this.#turns.beside(() => this.#remove(doomed))
    })
    ;(this.#removals ??= new Map()).set(timer, doomed)
  }

  /** The first batch that ends at or behind `offset`, and where it lies; the end of the last segment at or before `offset` when there is none. */
  async find(offset: number): Promise<{ readonly segment: Segment; readonly position: number; readonly baseOffset: number }> {
    const segment = this.#segments[segmentFor(this.#segments, offset)]!
    let found = { segment, position: segment.size, baseOffset: offset }
    const from = await segment.positionBefore(offset)
    await scanBatches(segment, { from, to: segment.size, fromOffset: segment.baseOffset, checksums: false }, (batch, position) => {
      if (lastOffset(batch) < offset) return true
      found = { segment, position, baseOffset: baseOffset(batch) }
      return false
    })
    return found
  }

  /**
   * What is at `offset` and above is about to be taken away: from now on, on the disk too, a crash leads to a recovery that reads everything from there
   * on. A full disk may refuse it; then nothing has changed.
   */
  async lowerRecoveryPoint(offset: number): Promise<void> {
    this.#cuts += 1
    const before = this.#recoveryPoint
    if (offset >= before) return
    this.#recoveryPoint = offset
    try {
      await this.#checkpoint()
    } catch (problem) {
      this.#recoveryPoint = before
      throw problem
    }
  }

  /**
   * Lets the log end at `end`, cutting at a place that `find` gave, after `lowerRecoveryPoint`. Things go from the end to the front, so that what a
   * crash leaves is a beginning of the log; epochs last, with a `persist` of their own, because a recovery cuts those that are too many. `replay`
   * brings back whatever else was learnt from the batches.
   */
  async cutAt(
    { segment, position }: { readonly segment: Segment; readonly position: number },
    end: number,
    replay: () => Promise<void>,
  ): Promise<void> {
    await this.snapshots.removeAbove(end)
    await this.#removeNewest(this.#segments.length - 1 - this.#segments.indexOf(segment))
    this.#sizeInBytes -= segment.size - position
    await segment.cut(position, end)
    await this.#env.disk.syncDirectory(this.directory)
    await resumeSegment(segment, end)
    await replay()
    this.epochs.changed(this.epochs.cache.truncateFrom(end))
  }

  /** As above, for everything: an empty segment at `offset` is all that is left. What a crash may leave in between is a log that was never there. */
  async startOver(offset: number): Promise<void> {
    await this.snapshots.removeAbove(-1)
    await this.#removeNewest(this.#segments.length)
    this.epochs.changed(this.epochs.cache.clear())
    await this.epochs.persist()
    const first = await firstSegment(this.#env, this.#pool, { directory: this.directory, baseOffset: offset })
    // Without its name on the disk, a recovery point that counts on it would be a lie.
    await this.#syncNames()
    this.#segments = [first]
    this.#sizeInBytes = 0
    this.#recoveryPoint = offset
  }

  async #removeNewest(count: number): Promise<void> {
    const doomed = this.#segments.slice(this.#segments.length - count)
    this.#segments = this.#segments.slice(0, this.#segments.length - count)
    for (const segment of doomed) this.#sizeInBytes -= segment.size
    await this.#remove(doomed.toReversed())
  }

  async #remove(doomed: readonly Segment[]): Promise<void> {
    for (const segment of doomed) await segment.remove(this.#pool)
  }

  #retainSnapshots(): Promise<void> {
    return this.snapshots.retain(this.#segments.map(segment => segment.baseOffset))
  }

  /** Brings everything to the disk that a start without recovery relies on. */
  async finish(end: number, producers: readonly ProducerSnapshotEntry[]): Promise<void> {
    const active = this.#segments.at(-1)!
    if (!active.isMade) return // nothing was ever appended: the next start finds what this one found
    await active.writeLastTimeIndexEntry()
    await this.syncUpTo(end)
    await active.sync()
    if (this.snapshots.newest !== end && end > this.#segments[0]!.baseOffset) await this.snapshots.write(end, producers)
    await this.#retainSnapshots()
  }

  /** Closes all files, once their readers are done. */
  async close(): Promise<void> {
    for (const timer of this.#removals?.keys() ?? []) timer.cancel() // the next start does it
    const doomed = [...(this.#removals?.values() ?? [])].flat()
    await Promise.all([...doomed, ...this.#segments].map(segment => segment.close()))
  }
}
