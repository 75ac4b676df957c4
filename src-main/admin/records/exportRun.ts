import type { ExportFormat } from '../../contract/records.ts'
import type { ExportFile } from './exportFile.ts'
import { recordWriter } from './recordWriter.ts'
import type { RunWork } from './runs.ts'
import type { SelectedRecords } from './selection.ts'

const WRITE_BYTES = 256 * 1024

/** Writes the records of a selection to a file, as fast as the file takes them. */
export function exportRun(selected: SelectedRecords, format: ExportFormat, file: ExportFile): RunWork {
  let records = 0
  let leftOut = 0
  let bytes = 0

  async function* write(stop: AbortSignal): AsyncGenerator<void, boolean, undefined> {
    const writer = recordWriter(format)
    let waiting: Buffer[] = [Buffer.from(writer.head)]
    let waitingBytes = 0
    const flush = async () => {
      const all = Buffer.concat(waiting)
      waiting = []
      waitingBytes = 0
      if (all.length > 0) await file.write(all)
      bytes += all.length
    }
    const parts = selected.parts(stop)
    try {
      for (;;) {
        const part = await parts.next()
        if (part.done === true) {
          await flush()
          return part.value
        }
        for (const record of part.value) {
          const line = writer.record(record)
          if (line === undefined) {
            leftOut += 1
            continue
          }
          waiting.push(line)
          records += 1
          if ((waitingBytes += line.length) >= WRITE_BYTES) await flush()
        }
        yield
      }
    } finally {
      await parts.return(false)
    }
  }

  return {
    place: file.place,
    steps: async function* (stop) {
      let isWhole = false
      const abandon = () => file.abandon()
      stop.addEventListener('abort', abandon, { once: true })
      try {
        isWhole = yield* write(stop)
        return isWhole
      } catch (problem) {
        if (!stop.aborted) throw problem
        return false
      } finally {
        stop.removeEventListener('abort', abandon)
        await file.close({ isWhole })
      }
    },
    progress: () => ({ records, bytes, leftOut, ...scanned(selected) }),
  }
}

/** How far a selection was gone through, as a run tells it. */
export const scanned = ({ read, all, undecided, firstUndecided, missing }: SelectedRecords) => ({
  undecided,
  firstUndecided,
  ...missing.told,
  done: all === 0 ? null : Math.min(1, read / all),
})
