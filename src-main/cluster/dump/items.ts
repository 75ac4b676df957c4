import { fillIn } from '../../base/fillIn.ts'
import { FILE_PROBLEMS, type FileProblem, type Told, type ToldDetails } from '../../contract/told.ts'

/** A count of 64 bits: exact as a number up to 2^53, as its digits beyond. */
export type Int64 = number | string

/** What a file turned out to be: comes before all else that is said of it. */
export interface FileItem {
  readonly type: 'file'
  readonly file: string
  /** In words: `log of orders-0`. */
  readonly kind: string
  readonly sizeInBytes: number
  /** What its name tells: base offset, end offset, epoch. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** The header of a batch. Byte positions are those of the file. */
export interface BatchItem {
  readonly type: 'batch'
  readonly file: string
  readonly position: number
  readonly sizeInBytes: number
  readonly baseOffset: Int64
  readonly lastOffset: Int64
  readonly recordCount: number
  readonly partitionLeaderEpoch: number
  readonly magic: number
  readonly crc: number
  readonly isCrcValid: boolean
  /** A codec's name, or `codec 7` for one that does not exist. */
  readonly compression: string
  readonly timestampType: 'CreateTime' | 'LogAppendTime'
  readonly baseTimestamp: Int64
  readonly maxTimestamp: Int64
  readonly producerId: Int64
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly lastSequence: number
  readonly isTransactional: boolean
  readonly isControl: boolean
  /** The time from which a compacted batch's tombstones and markers may go (KIP-534); null when none is set. */
  readonly deleteHorizonMs: Int64 | null
}

export interface RecordItem {
  readonly type: 'record'
  readonly file: string
  readonly batchPosition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly { readonly key: string; readonly value: Buffer | null }[]
  /** What key and value mean, where that is known: control records, and those of Kafka's own topics. */
  readonly decoded: Readonly<Record<string, unknown>> | undefined
}

/** Anything smaller than a batch: an entry of an index, a producer, a line of a checkpoint, a property. */
export interface EntryItem {
  readonly type: 'entry'
  readonly file: string
  readonly entry: string
  /** Where it begins in the file; undefined where the format has no places worth telling. */
  readonly position: number | undefined
  readonly fields: Readonly<Record<string, unknown>>
}

/** Something that is not as the format says. */
export interface ProblemItem {
  readonly type: 'problem'
  readonly file: string
  /** Byte in the file, where known. */
  readonly position: number | undefined
  readonly offset: Int64 | undefined
  /** In words. */
  readonly problem: string
  /** The same for whoever says it in other words. */
  readonly code: FileProblem
  readonly details: ToldDetails
}

export type DumpItem = FileItem | BatchItem | RecordItem | EntryItem | ProblemItem

/** Items that belong together, made one by one while they are read: taken before the next are asked for. */
export type Items = Iterable<DumpItem>

export interface DumpOptions {
  /** Whether offsets, deltas and timestamps of records are checked too, and indexes against their log. */
  readonly verify: boolean
}

/** What a dump asks of a disk. A whole `Disk` will do, and so will one that only reads. */
export interface ReadableFiles {
  open(path: string): Promise<ReadableFile>
  stat(path: string): Promise<{ readonly size: number; readonly isDirectory: boolean } | undefined>
  list(path: string): Promise<readonly { readonly name: string; readonly isDirectory: boolean }[]>
}

export interface ReadableFile {
  readonly size: number
  /** Fewer bytes than asked only at the end of the file. */
  read(position: number, length: number): Promise<Buffer>
  close(): Promise<void>
}

/** What is wrong, and what stands in the sentence about it. */
export interface Wrong {
  readonly code: FileProblem
  readonly details: ToldDetails
}

export const wrong = (code: FileProblem, details: ToldDetails = {}): Wrong => ({ code, details })

export const wrongText = ({ code, details }: Wrong): string => fillIn(FILE_PROBLEMS[code], details)

/** The same for a screen. */
export const wrongTold = (found: Wrong): Told => ({ code: `fileProblems.${found.code}`, details: found.details, message: wrongText(found) })

/** Says of one file what is wrong, and where. */
export type Complain = (wrong: Wrong, at?: { readonly position?: number; readonly offset?: Int64 }) => ProblemItem

export function complaintsAbout(file: string): Complain {
  return (found, at) => ({ type: 'problem', file, position: at?.position, offset: at?.offset, problem: wrongText(found), ...found })
}
