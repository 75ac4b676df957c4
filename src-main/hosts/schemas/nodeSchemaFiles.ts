import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, extname, join, relative, resolve, sep } from 'node:path'
import { NoSchema } from '../../admin/schemas/registryTrouble.ts'
import type { SchemaFiles } from '../../admin/schemas/schemaFiles.ts'

const EXTENSIONS = new Set(['.avsc', '.proto', '.json'])
/** In a folder, JSON is more often something else. */
const IN_FOLDERS = new Set(['.avsc', '.proto'])
const MAX_FILES = 500
/** Whoever chooses the root of a disk by mistake is not to wait for all of it. */
const MAX_FOLDERS = 2_000
const MAX_DEPTH = 6
const MAX_BYTES = 1024 * 1024
/** Folders of other people's files, which are large and hold no schemas of one's own. */
const SKIPPED = new Set(['node_modules', 'target', 'build', 'dist'])

interface Seen {
  readonly path: string
  readonly size: number
  readonly modifiedMs: number
}

/** Schemas on this machine. Besides a chosen file, those in its folder and below are read, since it may import them. */
export const nodeSchemaFiles: SchemaFiles = {
  read: async (path, known) => {
    const chosen = resolve(path)
    const isFolder = (await statOf(chosen)).isDirectory
    const extension = extname(chosen).toLowerCase()
    if (!isFolder && !EXTENSIONS.has(extension)) throw new NoSchema('noFile', 'Schemas are in files that end in .avsc, .proto or .json')
    const folder = isFolder ? chosen : dirname(chosen)
    const seen = await schemasBelow(folder, isFolder ? undefined : extension)
    if (!isFolder && !seen.some(file => file.path === chosen)) seen.push({ path: chosen, ...(await statOf(chosen)) })
    const stamp = JSON.stringify([chosen, ...seen.map(file => [file.path, file.size, file.modifiedMs])])
    if (stamp === known) return undefined
    const files = await Promise.all(
      seen.map(async file => ({ name: relative(folder, file.path).replaceAll(sep, '/'), text: await textOf(file) })),
    )
    return { stamp, chosen: isFolder ? null : basename(chosen), files }
  },
}

async function statOf(path: string): Promise<{ readonly isDirectory: boolean; readonly size: number; readonly modifiedMs: number }> {
  try {
    const found = await stat(path)
    return { isDirectory: found.isDirectory(), size: found.size, modifiedMs: found.mtimeMs }
  } catch (problem) {
    throw asNoFile(problem, path)
  }
}

async function schemasBelow(folder: string, extension: string | undefined): Promise<Seen[]> {
  const found: Seen[] = []
  const waiting = [{ folder, depth: 0 }]
  let visited = 0
  for (let next = waiting.shift(); next !== undefined && found.length < MAX_FILES && visited < MAX_FOLDERS; next = waiting.shift()) {
    visited += 1
    for (const entry of await entriesOf(next.folder)) {
      const path = join(next.folder, entry.name)
      if (entry.isDirectory() && next.depth < MAX_DEPTH && !entry.name.startsWith('.') && !SKIPPED.has(entry.name)) {
        waiting.push({ folder: path, depth: next.depth + 1 })
      }
      const own = extname(entry.name).toLowerCase()
      const isWanted = entry.isFile() && (extension === undefined ? IN_FOLDERS.has(own) : own === extension)
      if (isWanted && found.length < MAX_FILES) found.push({ path, ...(await statOf(path)) })
    }
  }
  return found.filter(({ size }) => size <= MAX_BYTES)
}

async function entriesOf(folder: string) {
  try {
    return (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (problem) {
    throw asNoFile(problem, folder)
  }
}

async function textOf({ path, size }: Seen): Promise<string> {
  if (size > MAX_BYTES) throw new NoSchema('noFile', `${path} has more than ${MAX_BYTES / 1024 / 1024} MB`)
  try {
    return await readFile(path, 'utf8')
  } catch (problem) {
    throw asNoFile(problem, path)
  }
}

function asNoFile(problem: unknown, path: string): unknown {
  switch ((problem as NodeJS.ErrnoException).code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new NoSchema('noFile', `There is no ${path} on the machine where Trilog runs`)
    case 'EACCES':
    case 'EPERM':
      return new NoSchema('noFile', `Trilog may not read ${path}`)
    case 'ELOOP':
    case 'ENAMETOOLONG':
      return new NoSchema('noFile', `${path} cannot be followed`)
    default:
      return problem
  }
}
