import type { Disk } from '../../env/env.ts'

/** The committed records of a partition as they lie in files of this machine. */
export interface PartitionFiles {
  readonly partition: number
  readonly logStartOffset: number
  /** Nothing from here on is known to be committed. */
  readonly highWatermark: number
  /** From the oldest on; `path` is the `.log` file. */
  readonly segments: readonly { readonly baseOffset: number; readonly path: string; readonly size: number }[]
}

/** Files of clusters whose disks are here. */
export interface ReplicaFiles {
  readonly disk: Pick<Disk, 'open' | 'readFile'>
  /** As of now: segments come and go. */
  of(topic: string): Promise<readonly PartitionFiles[]>
}
