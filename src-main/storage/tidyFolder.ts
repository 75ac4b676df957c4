import { type Disk, DiskError } from '../env/env.ts'
import { type LogFileKind, type LogFileName, logFileName, parseLogFileName } from '../protocol/files/fileNames.ts'
import { BATCH_HEADER_BYTES, batchSize, lastOffset } from '../protocol/records/batch.ts'

/** In the order in which a compacted segment's files get their final names; the log's name is the one that counts. */
const SWAPPED: readonly LogFileKind[] = ['index', 'timeindex', 'txnindex', 'log']

/**
 * Finishes or undoes what a crash left half done in a log's folder, and answers the names that are left. Makes the folder when there is none. May be
 * interrupted anywhere and begun again.
 *
 *   .deleted, .tmp   gone: nobody needs them
 *   .cleaned         gone: a compaction had not finished writing it
 *   .log.swap        a compacted segment whose files are all there: it takes the place of those it was made from (see `LogFiles.replace`)
 *   other .swap      gone with the `.log.cleaned` they belong to
 */
export async function tidyFolder(disk: Disk, directory: string): Promise<ReadonlySet<string>> {
  const names = new Set(await namesIn(disk, directory))
  const remove = async (name: string) => {
    names.delete(name)
    await disk.remove(`${directory}/${name}`)
  }
  for (const name of names) {
    if (/\.(deleted|cleaned|tmp)$/.test(name)) await remove(name)
  }
  for (const { offset, kind } of parsed(names, 'swap'))
    if (kind === 'log') await finishSwap(disk, { directory, names, base: offset, remove })
  for (const { name } of parsed(names, 'swap')) await remove(name)
  for (const { offset, kind, name } of parsed(names, '')) {
    // An index without a log is what is left of a removal.
    if (kind !== 'snapshot' && !names.has(logFileName(offset, 'log'))) await remove(name)
  }
  return names
}

interface Swap {
  readonly directory: string
  readonly names: Set<string>
  readonly base: number
  readonly remove: (name: string) => Promise<void>
}

async function finishSwap(disk: Disk, { directory, names, base, remove }: Swap): Promise<void> {
  // The index is the first to get its final name, and only when all the old files are away.
  if (names.has(`${logFileName(base, 'index')}.swap`)) {
    const end = Math.max(base + 1, await endOffset(disk, `${directory}/${logFileName(base, 'log')}.swap`))
    for (const { offset, kind, name } of parsed(names, '')) if (kind !== 'snapshot' && offset >= base && offset < end) await remove(name)
    await disk.syncDirectory(directory)
  }
  for (const kind of SWAPPED) {
    const name = logFileName(base, kind)
    if (!names.delete(`${name}.swap`)) continue
    await disk.rename(`${directory}/${name}.swap`, `${directory}/${name}`)
    names.add(name)
  }
  await disk.syncDirectory(directory)
}

/** Behind the last record of a compacted segment. What lies behind that and was compacted too is entirely replaced by later records, and harmless. */
async function endOffset(disk: Disk, path: string): Promise<number> {
  const file = await disk.open(path)
  try {
    let end = 0
    for (let position = 0; position < file.size;) {
      const header = await file.read(position, BATCH_HEADER_BYTES)
      if (header.length < BATCH_HEADER_BYTES || batchSize(header) < BATCH_HEADER_BYTES) break
      end = lastOffset(header) + 1
      position += batchSize(header)
    }
    return end
  } finally {
    await file.close()
  }
}

function parsed(names: ReadonlySet<string>, suffix: LogFileName['suffix']): (LogFileName & { readonly name: string })[] {
  const found: (LogFileName & { readonly name: string })[] = []
  for (const name of names) {
    const each = parseLogFileName(name)
    if (each?.suffix === suffix) found.push({ ...each, name })
  }
  return found
}

async function namesIn(disk: Disk, directory: string): Promise<string[]> {
  try {
    return (await disk.list(directory)).filter(entry => !entry.isDirectory).map(entry => entry.name)
  } catch (problem) {
    if (!(problem instanceof DiskError && problem.code === 'ENOENT')) throw problem
    await disk.makeDirectory(directory)
    return []
  }
}
