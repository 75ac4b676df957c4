import { basename, dirname, join, resolve } from 'node:path'
import { DiskError } from '../../env/env.ts'
import { logFileName } from '../../protocol/files/fileNames.ts'
import { dumpOffsetIndex, dumpTimeIndex, dumpTransactionIndex } from './dumpIndexes.ts'
import { dumpBatches } from './dumpLog.ts'
import { dumpProducerSnapshot, dumpSmallFile } from './dumpSmallFile.ts'
import { describeKind, type FileKind, fileKindOf } from './fileKind.ts'
import { type Complain, complaintsAbout, type DumpOptions, type Items, type ReadableFile, type ReadableFiles, wrong } from './items.ts'

/**
 * What the files hold, in order; a folder stands for all that brokers write in it and in the folders below. Files are only read, a piece at a time, and
 * never trusted: what is wrong is an item among the others, and the next file is gone on with.
 */
export async function* dump(files: ReadableFiles, paths: readonly string[], options: DumpOptions): AsyncGenerator<Items> {
  for (const path of paths) {
    try {
      const found = await files.stat(path)
      if (found === undefined) yield [complaintsAbout(path)(wrong('missing'))]
      else if (found.isDirectory) yield* dumpFolder(files, path, options)
      else yield* dumpFile(files, path, options)
    } catch (problem) {
      yield [unreadable(path, problem)]
    }
  }
}

async function* dumpFolder(files: ReadableFiles, folder: string, options: DumpOptions): AsyncGenerator<Items> {
  let isEmpty = true
  for await (const path of filesIn(files, folder)) {
    isEmpty = false
    yield* dumpFile(files, path, options)
  }
  if (isEmpty) yield [complaintsAbout(folder)(wrong('emptyFolder'))]
}

async function* filesIn(files: ReadableFiles, folder: string): AsyncGenerator<string> {
  const entries = [...(await files.list(folder))].sort((one, other) => (one.name < other.name ? -1 : 1))
  for (const { name, isDirectory } of entries) {
    const path = join(folder, name)
    if (!isDirectory && fileKindOf(resolve(path)) !== undefined) yield path
  }
  for (const { name, isDirectory } of entries) if (isDirectory) yield* filesIn(files, join(folder, name))
}

async function* dumpFile(files: ReadableFiles, path: string, options: DumpOptions): AsyncGenerator<Items> {
  const complain = complaintsAbout(path)
  const kind = fileKindOf(resolve(path))
  if (kind === undefined) {
    yield [complain(wrong('strangeName', { name: basename(path) }))]
    return
  }
  try {
    await using opened = await open(files, path)
    const { words, fields } = describeKind(kind)
    yield [{ type: 'file', file: path, kind: words, sizeInBytes: opened.file.size, fields }]
    yield* contentOf(files, { path, file: opened.file, complain }, kind, options)
  } catch (problem) {
    yield [unreadable(path, problem)]
  }
}

interface OpenedFile {
  readonly path: string
  readonly file: ReadableFile
  readonly complain: Complain
}

async function* contentOf(files: ReadableFiles, opened: OpenedFile, kind: FileKind, options: DumpOptions): AsyncGenerator<Items> {
  switch (kind.kind) {
    case 'log':
      yield* dumpBatches({ ...opened, contents: kind.contents, baseOffset: kind.offset, isSnapshot: false }, options)
      break
    case 'metadataSnapshot':
      yield* dumpBatches({ ...opened, contents: 'metadata', baseOffset: 0, isSnapshot: kind.suffix !== 'part' }, options)
      break
    case 'index':
    case 'timeindex':
    case 'txnindex': {
      const show = { index: dumpOffsetIndex, timeindex: dumpTimeIndex, txnindex: dumpTransactionIndex }[kind.kind]
      await using log = options.verify ? await openLogBeside(files, opened.path, kind) : undefined
      yield* show({ ...opened, baseOffset: kind.offset, log: log?.file })
      if (options.verify && log === undefined) yield [opened.complain(wrong('noLogBeside'))]
      break
    }
    case 'snapshot':
      yield* dumpProducerSnapshot(opened, kind.offset)
      break
    default:
      yield* dumpSmallFile(kind.kind, opened)
  }
}

/** The log that an index belongs to: under the same suffix, or already without it. */
async function openLogBeside(files: ReadableFiles, path: string, { offset, suffix }: { readonly offset: number; readonly suffix: string }) {
  const log = join(dirname(path), logFileName(offset, 'log'))
  for (const name of suffix === '' ? [log] : [`${log}.${suffix}`, log]) {
    if ((await files.stat(name))?.isDirectory === false) return open(files, name)
  }
  return undefined
}

async function open(files: ReadableFiles, path: string) {
  const file = await files.open(path)
  return { file, [Symbol.asyncDispose]: () => file.close() }
}

function unreadable(path: string, problem: unknown) {
  if (problem instanceof DiskError) return complaintsAbout(path)(wrong('unreadable', { why: problem.message }))
  throw problem
}
