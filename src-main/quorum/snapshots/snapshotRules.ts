import type { SnapshotId } from '../../protocol/files/fileNames.ts'
import type { QuorumConfig } from '../quorumConfig.ts'
import type { KeptSnapshot } from './snapshotFiles.ts'

type Retention = Pick<QuorumConfig, 'metadataMaxRetentionBytes' | 'metadataMaxRetentionMs'>

/**
 * Before which snapshot the log and older snapshots may go, by size and by age (KIP-630). The latest snapshot stays whatever it is, and with it all of
 * the log behind it: what a start and a follower need.
 */
export function snapshotToStartAt(
  snapshots: readonly KeptSnapshot[],
  { logSizeInBytes, nowMs, config }: { readonly logSizeInBytes: number; readonly nowMs: number; readonly config: Retention },
): SnapshotId | undefined {
  const { metadataMaxRetentionBytes: maxBytes, metadataMaxRetentionMs: maxMs } = config
  let bytes = snapshots.reduce((sum, each) => sum + each.sizeInBytes, logSizeInBytes)
  let start: SnapshotId | undefined
  for (const [index, oldest] of snapshots.slice(0, -1).entries()) {
    const isOld = maxMs >= 0 && nowMs - oldest.writtenMs > maxMs
    const isExcess = maxBytes >= 0 && bytes > maxBytes
    if (!isOld && !isExcess) break
    bytes -= oldest.sizeInBytes
    start = snapshots[index + 1]
  }
  return start
}
