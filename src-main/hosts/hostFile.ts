import { randomBytes } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

const HostFile = z.object({
  pid: z.number().int().positive(),
  url: z.string(),
  port: z.number().int().min(1).max(65_535),
  token: z.string(),
})

/** How the CLI finds the running host of a folder. Only its owner can read it: the token lets one do everything. */
export type HostFile = z.infer<typeof HostFile>

const pathOf = (directory: string) => join(directory, 'host.json')

/** Replaces the whole file at once, so that nobody reads half of it, or what a host that was killed left behind under an old file's permissions. */
export async function writeHostFile(directory: string, file: HostFile): Promise<void> {
  const fresh = `${pathOf(directory)}.${randomBytes(4).toString('hex')}`
  try {
    await writeFile(fresh, `${JSON.stringify(file)}\n`, { mode: 0o600, flag: 'wx' })
    await rename(fresh, pathOf(directory))
  } finally {
    await rm(fresh, { force: true })
  }
}

export async function removeHostFile(directory: string): Promise<void> {
  await rm(pathOf(directory), { force: true })
}

/** `undefined` when there is none, or none of ours. It may be from a host that was killed. */
export async function readHostFile(directory: string): Promise<HostFile | undefined> {
  try {
    return HostFile.safeParse(JSON.parse(await readFile(pathOf(directory), 'utf8'))).data
  } catch (error) {
    const isMissing = ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')
    if (isMissing || error instanceof SyntaxError) return undefined
    throw error
  }
}
