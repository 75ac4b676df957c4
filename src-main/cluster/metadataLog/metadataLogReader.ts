import { MalformedMessage } from '../../protocol/byteReader.ts'
import type { ReadableFiles } from '../dump/items.ts'
import { findLog, isMissing, type LogFiles, type LogPlace } from './logFiles.ts'
import { readRecords, readSnapshot } from './readRecords.ts'
import { Timeline } from './timeline.ts'

/** What was read so far of one broker's copy. */
export interface Reading {
  readonly generation: number
  readonly brokerId: number
  readonly directory: string
  readonly timeline: Timeline
  /** The segment that was read last, and how far. */
  baseOffset: number
  position: number
  /** Records below it are in the snapshot. */
  readonly fromOffset: number
  problem: string | null
  /** How large the files were altogether when there was a problem. */
  sizeThen: number
}

/** Follows the metadata log on the disks of this machine. It is the brokers' own: what is read is what was written, committed or not. */
export class MetadataLogReader {
  readonly #files: ReadableFiles
  readonly #places: () => { readonly places: readonly LogPlace[]; readonly leaderId: number | null }
  #reading: Reading | undefined
  #generation = 0
  #refreshing: Promise<Reading | undefined> | undefined

  constructor(files: ReadableFiles, places: () => { readonly places: readonly LogPlace[]; readonly leaderId: number | null }) {
    this.#files = files
    this.#places = places
  }

  /** Reads what has come since; undefined where there is no log. One at a time: who asks meanwhile gets the same answer. */
  refresh(): Promise<Reading | undefined> {
    return (this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined)))
  }

  /** Forgets what was read: the memory is worth something else when nobody looks. */
  forget(): void {
    this.#reading = undefined
  }

  async #refresh(): Promise<Reading | undefined> {
    const { places, leaderId } = this.#places()
    try {
      const log = await findLog(this.#files, places, leaderId)
      if (log === undefined) return (this.#reading = undefined)
      const known = this.#reading
      const reading = known !== undefined && goesOn(known, log) ? known : await this.#begin(log)
      await this.#readOn(reading, log)
      return (this.#reading = reading)
    } catch (problem) {
      // A segment was deleted or a disk wiped between the list and the look: what is there is read at the next turn.
      if (isMissing(problem)) return this.#reading
      throw problem
    }
  }

  async #begin(log: LogFiles): Promise<Reading> {
    const { brokerId, directory, segments, snapshots } = log
    const first = segments[0]!.baseOffset
    const snapshot = first === 0 ? undefined : snapshots.find(({ endOffset }) => endOffset >= first)
    let problem: string | null = first > 0 && snapshot === undefined ? `there is no snapshot of what was before offset ${first}` : null
    let timeline = new Timeline()
    if (snapshot !== undefined) {
      const file = await this.#files.open(snapshot.path)
      try {
        timeline = new Timeline({ endOffset: snapshot.endOffset, records: await readSnapshot(file) })
      } catch (damage) {
        if (!(damage instanceof MalformedMessage)) throw damage
        problem = `the snapshot ${snapshot.path} cannot be read: ${damage.message}`
      } finally {
        await file.close()
      }
    }
    const fromOffset = snapshot?.endOffset ?? first
    const { baseOffset } = segments.findLast(each => each.baseOffset <= fromOffset) ?? segments[0]!
    const sizeThen = sizeOf(log)
    return { generation: ++this.#generation, brokerId, directory, timeline, baseOffset, position: 0, fromOffset, problem, sizeThen }
  }

  async #readOn(reading: Reading, log: LogFiles): Promise<void> {
    const wasTornAt = reading.sizeThen
    for (const segment of log.segments) {
      if (segment.baseOffset < reading.baseOffset) continue
      if (segment.baseOffset > reading.baseOffset) Object.assign(reading, { baseOffset: segment.baseOffset, position: 0 })
      if (segment.size <= reading.position) continue
      const file = await this.#files.open(segment.path)
      try {
        const { position, problem, isTorn } = await readRecords(file, reading.position, (at, record) => {
          if (at.offset >= reading.fromOffset) reading.timeline.add(at, record)
        })
        reading.position = position
        reading.sizeThen = sizeOf(log)
        // What is being written now is whole at the next look.
        reading.problem = problem !== null && isTorn && wasTornAt !== reading.sizeThen ? null : problem
        if (problem !== null) return
      } finally {
        await file.close()
      }
    }
  }
}

const sizeOf = ({ segments }: LogFiles) => segments.reduce((sum, { size }) => sum + size, 0)

/** Whether the log is the one that was read, and longer. A log that was cut, or that had a problem and has changed, is read again. */
function goesOn(reading: Reading, log: LogFiles): boolean {
  if (reading.directory !== log.directory) return false
  if (reading.problem !== null && reading.sizeThen !== sizeOf(log)) return false
  const segment = log.segments.find(({ baseOffset }) => baseOffset === reading.baseOffset)
  return segment !== undefined ? segment.size >= reading.position : log.segments[0]!.baseOffset > reading.baseOffset
}
