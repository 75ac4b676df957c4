import type { Disk, DiskFile } from '../env/env.ts'

/** What was asked of a disk. */
export class DiskCounts {
  /** Times of each operation. */
  operations: Record<string, number> = {}
  /** What `read` and `readFile` gave, by the ending of the file's name. */
  readBytes: Record<string, number> = {}
  /** Times of `read` and `readFile`, by the ending of the file's name. */
  reads: Record<string, number> = {}

  get total(): number {
    return Object.values(this.operations).reduce((sum, count) => sum + count, 0)
  }

  reset(): void {
    this.operations = {}
    this.readBytes = {}
    this.reads = {}
  }

  count(operation: string): void {
    this.operations[operation] = (this.operations[operation] ?? 0) + 1
  }

  countRead(operation: 'read' | 'readFile', path: string, bytes: number): void {
    this.count(operation)
    const name = path.slice(path.lastIndexOf('/') + 1)
    const ending = name.slice(name.lastIndexOf('.') + 1)
    this.reads[ending] = (this.reads[ending] ?? 0) + 1
    this.readBytes[ending] = (this.readBytes[ending] ?? 0) + bytes
  }
}

/** A disk that counts what it passes on: what an operation costs, said without a clock. */
export function countedDisk(disk: Disk, counts: DiskCounts): Disk {
  const counting =
    <Args extends readonly unknown[], T>(operation: string, act: (...args: Args) => Promise<T>) =>
    (...args: Args): Promise<T> => {
      counts.count(operation)
      return act(...args)
    }

  const countedFile = (file: DiskFile): DiskFile => ({
    path: file.path,
    get size() {
      return file.size
    },
    read: async (position, length, into) => {
      const bytes = await file.read(position, length, into)
      counts.countRead('read', file.path, bytes.length)
      return bytes
    },
    append: counting('append', chunks => file.append(chunks)),
    sync: counting('sync', () => file.sync()),
    truncate: counting('truncate', length => file.truncate(length)),
    close: counting('close', () => file.close()),
  })

  return {
    open: counting('open', async (path, options) => countedFile(await disk.open(path, options))),
    readFile: async path => {
      const bytes = await disk.readFile(path)
      counts.countRead('readFile', path, bytes.length)
      return bytes
    },
    replaceFile: counting('replaceFile', (path, bytes) => disk.replaceFile(path, bytes)),
    stat: counting('stat', path => disk.stat(path)),
    list: counting('list', path => disk.list(path)),
    makeDirectory: counting('makeDirectory', path => disk.makeDirectory(path)),
    rename: counting('rename', (from, to) => disk.rename(from, to)),
    remove: counting('remove', path => disk.remove(path)),
    syncDirectory: counting('syncDirectory', path => disk.syncDirectory(path)),
    setModified: counting('setModified', (path, modifiedMs) => disk.setModified(path, modifiedMs)),
    lock: path => disk.lock(path),
    space: path => disk.space(path),
  }
}
