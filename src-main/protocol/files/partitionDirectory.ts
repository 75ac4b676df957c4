import { isTopicName } from '../topicName.ts'

/**
 * What a partition's folder is for: in use, waiting for deletion, moving in from another log folder, or belonging to no partition any
 * more.
 */
export type DirectoryState = 'current' | 'delete' | 'future' | 'stray'

export interface PartitionDirectory {
  readonly topic: string
  readonly partition: number
  readonly state: DirectoryState
}

/** Longest folder name that every file system takes. */
const MAX_NAME_LENGTH = 255
const SUFFIXED = /^(.+)\.([0-9a-f]{32})-(delete|future|stray)$/
const PARTITION = /^(.+)-(\d{1,10})$/

/** `<topic>-<partition>`. */
export function partitionDirectoryName(topic: string, partition: number): string {
  return `${topic}-${partition}`
}

/** The name under which a folder leaves the others: `unique` is 32 hexadecimal digits. The topic is cut when the name would be too long. */
export function retiredDirectoryName(
  topic: string,
  partition: number,
  { unique, state }: { readonly unique: string; readonly state: Exclude<DirectoryState, 'current'> },
): string {
  const end = `-${partition}.${unique}-${state}`
  return topic.slice(0, MAX_NAME_LENGTH - end.length) + end
}

/** Undefined for a folder that is no partition's. The partition is what follows the last hyphen. */
export function parsePartitionDirectory(name: string): PartitionDirectory | undefined {
  const [, retired, , state] = SUFFIXED.exec(name) ?? []
  const [, topic, digits] = PARTITION.exec(retired ?? name) ?? []
  if (topic === undefined || !isTopicName(topic)) return undefined
  const partition = Number(digits)
  if (partition > 0x7fff_ffff || digits !== `${partition}`) return undefined
  return { topic, partition, state: (state ?? 'current') as DirectoryState }
}
