import type { Logger } from '../../base/logger.ts'
import type { SnapshotId } from '../../protocol/files/fileNames.ts'
import type { QuorumLog } from '../quorumLog.ts'
import { DamagedSnapshot } from './snapshotContent.ts'
import type { LoadedSnapshot, SnapshotFiles } from './snapshotFiles.ts'

/**
 * What a start goes on from: the newest snapshot that is whole; nothing, when there is none and the log goes back to the first record. Afterwards the log
 * goes on from the snapshot, and begins at 0 or where one of the snapshots ends. Throws when records are lost that this node once said to have.
 */
export async function openingState(log: QuorumLog, files: SnapshotFiles, logger: Logger): Promise<LoadedSnapshot | undefined> {
  await files.open()
  const snapshot = await newestWhole(log, files, logger)
  if (snapshot === undefined) {
    if (log.logStartOffset === 0) return undefined
    throw new Error(`the metadata log begins at offset ${log.logStartOffset}, and there is no snapshot of what was before`)
  }
  if (!goesOnFrom(log, snapshot)) {
    // A crash came between a snapshot and the log that it was to replace, or a power failure took the log's end, which the snapshot has.
    const { endOffset } = snapshot
    logger.info('the metadata log begins anew behind a snapshot', { endOffset, logEndOffset: log.logEndOffset })
    await log.truncateFullyAndStartAt(endOffset)
  }
  const { logStartOffset } = log
  if (logStartOffset > 0) {
    const start = files.kept.find(each => each.endOffset >= logStartOffset)
    log.raiseLogStartOffset(start?.endOffset ?? snapshot.endOffset)
    await files.removeBelow(log.logStartOffset)
  }
  return snapshot
}

async function newestWhole(log: QuorumLog, files: SnapshotFiles, logger: Logger): Promise<LoadedSnapshot | undefined> {
  for (const each of files.kept.toReversed()) {
    if (each.endOffset < log.logStartOffset) return undefined
    try {
      return await files.load(each)
    } catch (problem) {
      if (!(problem instanceof DamagedSnapshot)) throw problem
      const { endOffset, epoch } = each
      const what = `the snapshot of the metadata at offset ${endOffset}, epoch ${epoch}, is damaged`
      // This node may have told its leader that it has all of it.
      if (log.logEndOffset < endOffset) throw new Error(`${what}, and the log does not reach as far`, { cause: problem })
      logger.warn(`${what}: it is deleted, and an older one or the log is used`, { cause: problem })
      await files.remove(each)
    }
  }
  return undefined
}

/** Whether the log has, or had before it was cleaned, the very records of which the snapshot was made, to the last one. */
function goesOnFrom(log: QuorumLog, { endOffset, epoch }: SnapshotId): boolean {
  if (log.logEndOffset < endOffset) return false
  if (log.logStartOffset === endOffset) return true
  const end = log.endOffsetFor(epoch)
  return end.epoch === epoch && end.endOffset >= endOffset
}
