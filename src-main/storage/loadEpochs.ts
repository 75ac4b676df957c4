import type { Logger } from '../base/logger.ts'
import type { Disk } from '../env/env.ts'
import { MalformedMessage } from '../protocol/byteReader.ts'
import { encodeLeaderEpochCheckpoint } from '../protocol/files/checkpoints.ts'
import { baseOffset, lastOffset, partitionLeaderEpoch } from '../protocol/records/batch.ts'
import { EpochFile } from './epochFile.ts'
import { scanHeaders } from './scanBatches.ts'
import type { Segment } from './segment.ts'

/** How many of the newest leader epochs a start holds against the batches. */
const CHECKED_EPOCHS = 4

interface Batches {
  readonly segments: readonly Segment[]
  readonly sureUpTo: number
}

interface Folder {
  readonly directory: string
  readonly log: Logger
}

/** The epochs as their file has them; none when it cannot be read. */
export async function readEpochs(
  disk: Disk,
  names: ReadonlySet<string>,
  { directory, log }: Folder,
): Promise<{ readonly epochs: EpochFile; readonly isRead: boolean }> {
  try {
    return { epochs: await EpochFile.load(disk, directory, names), isRead: true }
  } catch (problem) {
    if (!(problem instanceof MalformedMessage)) throw problem
    log.warn('the leader epochs of a log cannot be read', { directory, problem })
    return { epochs: new EpochFile(disk, directory, encodeLeaderEpochCheckpoint([])), isRead: false }
  }
}

/**
 * Makes the epochs of a log of which all batches below `sureUpTo` are sure anew when these contradict. Epochs in which nobody wrote anything do not
 * matter.
 */
export async function fitEpochs(epochs: EpochFile, of: Folder & Batches): Promise<void> {
  const { directory, segments, sureUpTo, log } = of
  if (await fit(epochs, of)) return
  log.warn('made the leader epochs of a log anew from its batches', { directory })
  epochs.changed(epochs.cache.clear())
  for (const segment of segments) {
    if (segment.baseOffset >= sureUpTo) return
    await scanHeaders(segment, { from: 0, to: segment.size, fromOffset: segment.baseOffset }, batch => {
      const epoch = partitionLeaderEpoch(batch)
      if (epoch >= 0) epochs.changed(epochs.cache.assign(epoch, baseOffset(batch)))
    })
  }
}

/** Whether the newest epochs begin where the batches have them begin. */
async function fit({ cache }: EpochFile, { segments, sureUpTo }: Batches): Promise<boolean> {
  const first = segments[0]!.baseOffset
  const starts = cache.entries.map(entry => entry.startOffset).filter(start => start > first && start < sureUpTo)
  // What came before an epoch is as telling as its first batch; and somewhere there is a batch of the first one.
  for (const offset of [first, ...starts.slice(-CHECKED_EPOCHS).map(start => start - 1)]) {
    let agree = true
    let visited = 0
    for (const segment of segments.slice(
      Math.max(
        0,
        segments.findLastIndex(each => each.baseOffset <= offset),
      ),
    )) {
      if (segment.baseOffset >= sureUpTo || visited > 1 || !agree) break
      const from = segment.baseOffset < offset ? await segment.positionBefore(offset) : 0
      await scanHeaders(segment, { from, to: segment.size, fromOffset: segment.baseOffset }, batch => {
        const epoch = partitionLeaderEpoch(batch)
        agree = epoch < 0 || baseOffset(batch) >= sureUpTo || cache.epochAt(baseOffset(batch)) === epoch
        if (lastOffset(batch) >= offset) visited += 1
        return agree && visited < 2
      })
    }
    if (!agree) return false
  }
  return true
}
