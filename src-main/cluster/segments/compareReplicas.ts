import { join } from 'node:path'
import type { Comparison, Difference, ReplicaFiles, Stretch } from '../../contract/segments.ts'
import { baseOffset } from '../../protocol/records/batch.ts'
import type { ReadableFiles } from '../dump/items.ts'
import { batchBefore, walkLog } from './logWalk.ts'
import { openLog } from './openLog.ts'
import { type PlacedBatch, ReplicaCursor } from './replicaCursor.ts'

/** A first look goes no further back than this. */
const LAST_PART_BYTES = 1024 * 1024
/** How much is compared between two looks at it. */
const REPORT_EVERY_BYTES = 4 * 1024 * 1024
/** More than a screen can tell apart; later ones are added to the last. */
const MOST_STRETCHES = 200

/**
 * Compares replicas with the one that counts: the leader's, or while there is none the one of which most is known to be committed. `from` null: only
 * their last part, or as far back as their epochs already tell them apart.
 */
export async function* compareReplicas(
  files: ReadableFiles,
  replicas: readonly ReplicaFiles[],
  from: number | null,
  signal: AbortSignal,
): AsyncGenerator<Comparison, void, undefined> {
  const readable = replicas.filter(
    each => each.folder !== null && each.problem === null && !each.isOfOtherTopic && each.logEndOffset !== null,
  )
  const reference = referenceOf(readable)
  if (reference === undefined) {
    yield { reference: null, from: 0, to: 0, replicas: [], differences: [], comparedBytes: 0, totalBytes: 0, isDone: true }
    return
  }
  const begin = from ?? (await lastPart(files, reference, readable))
  const others = readable.filter(each => each !== reference)
  const cursors = [reference, ...others].map(each => new ReplicaCursor(files, each, begin))
  try {
    yield* new ReplicaComparison(cursors, new Map(others.map(each => [each.brokerId, each.highWatermark ?? 0])), begin).run(signal)
  } finally {
    for (const cursor of cursors) await cursor.close()
  }
}

function referenceOf(replicas: readonly ReplicaFiles[]): ReplicaFiles | undefined {
  const leader = replicas.find(({ isLeader }) => isLeader)
  const known = (each: ReplicaFiles) => [each.highWatermark ?? 0, each.logEndOffset ?? 0] as const
  return (
    leader ??
    replicas.toSorted((one, other) => {
      const [[oneMark, oneEnd], [otherMark, otherEnd]] = [known(one), known(other)]
      return otherMark - oneMark || otherEnd - oneEnd
    })[0]
  )
}

async function lastPart(files: ReadableFiles, reference: ReplicaFiles, replicas: readonly ReplicaFiles[]): Promise<number> {
  const logs = reference.files.filter(({ kind, suffix }) => kind === 'log' && suffix === '')
  const [last, previous] = [logs.at(-1), logs.at(-2)]
  const log = last !== undefined && last.sizeBytes < LAST_PART_BYTES / 4 && previous !== undefined ? previous : last
  let begin = reference.logStartOffset ?? 0
  if (log !== undefined) {
    await using opened = await openLog(files, join(reference.folder ?? '', log.name), log.offset ?? 0)
    const position = await batchBefore(opened, { position: Math.max(0, log.sizeBytes - LAST_PART_BYTES) })
    for await (const each of walkLog(opened, position)) {
      if (each.kind === 'broken') continue
      begin = baseOffset(each.header)
      break
    }
  }
  const apart = replicas.map(each => partingOffset(reference, each)).filter(offset => offset !== undefined)
  return Math.max(0, Math.min(begin, ...apart.map(offset => Math.max(offset - 1, reference.logStartOffset ?? 0))))
}

/** The first offset that their epochs say they cannot share. */
function partingOffset(one: ReplicaFiles, other: ReplicaFiles): number | undefined {
  const start = Math.max(one.logStartOffset ?? 0, other.logStartOffset ?? 0)
  const end = Math.min(one.logEndOffset ?? 0, other.logEndOffset ?? 0)
  const bounds = [...one.epochs, ...other.epochs].map(({ startOffset }) => startOffset).filter(offset => offset >= start && offset < end)
  const epochAt = ({ epochs }: ReplicaFiles, offset: number) => epochs.findLast(each => each.startOffset <= offset)?.epoch
  return [start, ...bounds].sort((a, b) => a - b).find(offset => offset < end && epochAt(one, offset) !== epochAt(other, offset))
}

class ReplicaComparison {
  readonly #reference: ReplicaCursor
  readonly #others: readonly ReplicaCursor[]
  readonly #cursors: readonly ReplicaCursor[]
  /** What each replica itself knows to be committed: what it has beyond may be cut off yet. */
  readonly #highWatermarks: ReadonlyMap<number, number>
  readonly #from: number
  readonly #stretches = new Map<number, Stretch[]>()
  readonly #differing = new Map<number, number>()
  readonly #differences: Difference[] = []
  #to: number

  constructor(cursors: readonly ReplicaCursor[], highWatermarks: ReadonlyMap<number, number>, from: number) {
    this.#cursors = cursors
    this.#reference = cursors[0]!
    this.#others = cursors.slice(1)
    this.#highWatermarks = highWatermarks
    this.#from = this.#to = from
  }

  async *run(signal: AbortSignal): AsyncGenerator<Comparison, void, undefined> {
    for (const cursor of this.#cursors) await cursor.next()
    let reported = 0
    for (let batch = this.#reference.batch; batch !== undefined; batch = this.#reference.batch) {
      this.#add(this.#reference.brokerId, 'same', batch)
      for (const other of this.#others) await this.#hold(other, batch)
      await this.#reference.next()
      if (signal.aborted) return
      const compared = this.#compared()
      if (compared - reported < REPORT_EVERY_BYTES) continue
      reported = compared
      yield this.#now(false)
    }
    for (const other of this.#others) while (other.batch !== undefined && !signal.aborted) await this.#extra(other, other.batch)
    if (!signal.aborted) yield this.#now(true)
  }

  /** Holds what another replica has against a batch of the reference, and moves it on past that. */
  async #hold(other: ReplicaCursor, batch: PlacedBatch): Promise<void> {
    while (other.batch !== undefined && other.batch.lastOffset < batch.baseOffset) await this.#extra(other, other.batch)
    const found = other.batch
    if (found === undefined || found.baseOffset > batch.lastOffset) {
      this.#add(other.brokerId, 'missing', batch)
      // At its ends it has not yet fetched, or no longer keeps, what the reference has; a hole is something else.
      if (found !== undefined && batch.lastOffset >= other.logStartOffset)
        this.#differs(other.brokerId, { reference: batch, replica: undefined })
    } else if (found.baseOffset === batch.baseOffset && found.bytes.equals(batch.bytes)) {
      this.#add(other.brokerId, 'same', found)
      await other.next()
    } else {
      this.#differs(other.brokerId, { reference: batch, replica: found })
      // Its batches may be cut otherwise. One that goes on beyond this one is held against the next, too.
      for (let each = other.batch; each !== undefined && each.baseOffset <= batch.lastOffset; each = other.batch) {
        this.#add(other.brokerId, 'other', each)
        if (each.lastOffset > batch.lastOffset) break
        await other.next()
      }
    }
  }

  async #extra(other: ReplicaCursor, batch: PlacedBatch): Promise<void> {
    this.#differs(other.brokerId, { reference: undefined, replica: batch })
    this.#add(other.brokerId, 'extra', batch)
    await other.next()
  }

  #differs(brokerId: number, { reference, replica }: { reference: PlacedBatch | undefined; replica: PlacedBatch | undefined }): void {
    this.#differing.set(brokerId, (this.#differing.get(brokerId) ?? 0) + 1)
    if (this.#differences.some(each => each.brokerId === brokerId)) return
    const offset = Math.min(reference?.baseOffset ?? Infinity, replica?.baseOffset ?? Infinity)
    const place = (batch: PlacedBatch | undefined) =>
      batch === undefined ? null : { file: batch.file, position: batch.position, sizeBytes: batch.sizeBytes }
    this.#differences.push({
      brokerId,
      offset,
      reference: place(reference),
      replica: place(replica),
      isCommitted: offset < (this.#highWatermarks.get(brokerId) ?? 0),
    })
  }

  #add(brokerId: number, kind: Stretch['kind'], { baseOffset: from, lastOffset, leaderEpoch }: PlacedBatch): void {
    const to = lastOffset + 1
    this.#to = Math.max(this.#to, to)
    const stretches = this.#stretches.get(brokerId) ?? []
    this.#stretches.set(brokerId, stretches)
    const last = stretches.at(-1)
    const goesOn = last !== undefined && ((last.kind === kind && last.leaderEpoch === leaderEpoch) || stretches.length >= MOST_STRETCHES)
    if (goesOn) stretches[stretches.length - 1] = { ...last, to: Math.max(last.to, to) }
    else stretches.push({ from: Math.max(from, last?.to ?? this.#from), to, kind, leaderEpoch })
  }

  readonly #compared = () => this.#cursors.reduce((sum, { readBytes }) => sum + readBytes, 0)

  #now(isDone: boolean): Comparison {
    const totalBytes = this.#cursors.reduce((sum, each) => sum + each.totalBytes, 0)
    return {
      reference: this.#reference.brokerId,
      from: this.#from,
      to: this.#to,
      replicas: this.#cursors.map(({ brokerId }) => ({
        brokerId,
        stretches: [...(this.#stretches.get(brokerId) ?? [])],
        differingBatches: this.#differing.get(brokerId) ?? 0,
      })),
      differences: [...this.#differences],
      comparedBytes: isDone ? totalBytes : Math.min(totalBytes, this.#compared()),
      totalBytes,
      isDone,
    }
  }
}
