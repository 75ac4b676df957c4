import { type Disk, DiskError, type DiskFile } from '../env.ts'
import type { DiskFaults, DiskOperation } from './diskFaults.ts'

/** A disk on which chosen operations fail, without having had any effect. What is not struck goes to `disk` as it is. */
export function faultyDisk(disk: Disk, faults: DiskFaults): Disk {
  async function guarded<T>(operation: DiskOperation, path: string, act: () => Promise<T>): Promise<T> {
    const code = faults.strike(operation, path)
    if (code !== undefined) throw new DiskError(operation.startsWith('sync') ? 'EIO' : code, path, `cannot ${operation}: ${code}`)
    return act()
  }

  const faultyFile = (file: DiskFile): DiskFile => ({
    path: file.path,
    get size() {
      return file.size
    },
    read: (position, length, into) => guarded('read', file.path, () => file.read(position, length, into)),
    append: chunks => guarded('append', file.path, () => file.append(chunks)),
    sync: () => guarded('sync', file.path, () => file.sync()),
    truncate: length => guarded('truncate', file.path, () => file.truncate(length)),
    close: () => file.close(),
  })

  return {
    open: (path, options) => guarded('open', path, async () => faultyFile(await disk.open(path, options))),
    readFile: path => guarded('readFile', path, () => disk.readFile(path)),
    replaceFile: (path, bytes) => guarded('replaceFile', path, () => disk.replaceFile(path, bytes)),
    stat: path => guarded('stat', path, () => disk.stat(path)),
    list: path => guarded('list', path, () => disk.list(path)),
    makeDirectory: path => guarded('makeDirectory', path, () => disk.makeDirectory(path)),
    rename: (from, to) => guarded('rename', from, () => disk.rename(from, to)),
    remove: path => guarded('remove', path, () => disk.remove(path)),
    syncDirectory: path => guarded('syncDirectory', path, () => disk.syncDirectory(path)),
    setModified: (path, modifiedMs) => guarded('setModified', path, () => disk.setModified(path, modifiedMs)),
    lock: path => disk.lock(path),
    space: path => disk.space(path),
  }
}
