import { DiskError } from '../../env/env.ts'
import type { ReadableFile, ReadableFiles } from '../dump/items.ts'
import { FileWindow } from './fileWindow.ts'
import type { IndexedLog } from './logWalk.ts'
import { OffsetIndex } from './offsetIndex.ts'

export type OpenLog = IndexedLog & AsyncDisposable

/** A log with the index beside it, if it has one. `path` is that of the `.log` file, or of what it is called once it waits to be deleted. */
export async function openLog(files: ReadableFiles, path: string, baseOffset: number): Promise<OpenLog> {
  const file = await files.open(path)
  try {
    const index = await indexBeside(files, path, baseOffset)
    return { window: new FileWindow(file), index, [Symbol.asyncDispose]: () => file.close() }
  } catch (problem) {
    await file.close()
    throw problem
  }
}

async function indexBeside(files: ReadableFiles, path: string, baseOffset: number): Promise<OffsetIndex | undefined> {
  const beside = path.replace(/\.log(?=$|\.)/, '.index')
  let file: ReadableFile | undefined
  try {
    if ((await files.stat(beside))?.isDirectory !== false) return undefined
    file = await files.open(beside)
    return await OffsetIndex.read(file, baseOffset)
  } catch (problem) {
    // Without it everything is found all the same, only later.
    if (problem instanceof DiskError) return undefined
    throw problem
  } finally {
    await file?.close()
  }
}
