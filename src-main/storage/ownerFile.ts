import { type Uuid, ZERO_UUID } from '../base/uuid.ts'
import { type Disk, DiskError } from '../env/env.ts'
import { MalformedMessage } from '../protocol/byteReader.ts'
import { parseLogFileName } from '../protocol/files/fileNames.ts'
import { PARTITION_METADATA_FILE, decodePartitionMetadata, encodePartitionMetadata } from '../protocol/files/partitionMetadata.ts'
import { CorruptLog } from './corruptLog.ts'
import { EPOCHS_FILE } from './epochFile.ts'

/** What a partition's folder says of whose it is. */
export interface Owner {
  /** Nothing when it says nothing. */
  readonly topicId: Uuid | undefined
  /** Why the folder cannot say whose it is: a log that is opened there would be anybody's. */
  readonly damage?: Error
  /** The damage is what a power failure does to a file that was written and not synced. */
  readonly isTorn?: boolean
}

/**
 * Says in a new folder whose it is, without waiting for the disk: ten thousand partitions are made at a time. A power failure may take it or leave a part of
 * it; `syncOwner` has to follow before the log there vouches for anything.
 */
export async function writeOwner(disk: Disk, directory: string, topicId: Uuid): Promise<void> {
  const file = await disk.open(fileIn(directory), { create: true })
  try {
    if (file.size > 0) await file.truncate(0) // what a full disk let through at the last attempt
    await file.append([encodePartitionMetadata({ topicId })])
  } finally {
    await file.close()
  }
}

/** Brings to the disk what the folder says; its name, too, needs a sync of the folder. */
export async function syncOwner(disk: Disk, directory: string): Promise<void> {
  const file = await disk.open(fileIn(directory))
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/** As `writeOwner`, all or nothing, and on the disk when it resolves: for a folder that may hold records. */
export function replaceOwner(disk: Disk, directory: string, topicId: Uuid): Promise<void> {
  return disk.replaceFile(fileIn(directory), encodePartitionMetadata({ topicId }))
}

export async function readOwner(disk: Disk, directory: string): Promise<Owner> {
  const file = fileIn(directory)
  let bytes: Buffer
  try {
    bytes = await disk.readFile(file)
  } catch (problem) {
    if (problem instanceof DiskError && problem.code === 'ENOENT') return { topicId: undefined }
    throw problem
  }
  try {
    return { topicId: decodePartitionMetadata(bytes).topicId }
  } catch (cause) {
    if (!(cause instanceof MalformedMessage)) throw cause
    const isTorn = bytes.length < WHOLE_BYTES || bytes.includes(0)
    return { topicId: undefined, damage: new CorruptLog(`${file} does not say whose folder it is in`, { cause }), isTorn }
  }
}

/**
 * What a folder holds that does not say whose it is, in which nothing was ever synced, after a process that did not end as it should: nothing, a log, or
 * more than a log. The power may have failed before the file that says so was on the disk.
 */
export async function whatIsLeft(disk: Disk, directory: string): Promise<'nothing' | 'log' | 'more'> {
  let left: 'nothing' | 'log' = 'nothing'
  for (const { name } of await disk.list(directory)) {
    if (OWN.has(name)) continue
    if (parseLogFileName(name) === undefined) return 'more'
    left = 'log'
  }
  return left
}

/** What every folder has beside its log. */
const OWN = new Set([PARTITION_METADATA_FILE, EPOCHS_FILE].flatMap(name => [name, `${name}.tmp`]))

const WHOLE_BYTES = encodePartitionMetadata({ topicId: ZERO_UUID }).length

function fileIn(directory: string): string {
  return `${directory}/${PARTITION_METADATA_FILE}`
}
