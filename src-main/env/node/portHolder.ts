/**
 * Linux tells in two steps who listens: `/proc/net/tcp` has the socket's inode by port, and one of the descriptors in `/proc/<pid>/fd` points to that
 * inode. Descriptors of other users are not shown to us, and other systems have nothing like it: then nobody is named.
 */
import { readdir, readFile, readlink } from 'node:fs/promises'
import { basename } from 'node:path'
import type { PortHolder } from '../processes.ts'

const LISTENING = '0A'
/** What is called with a class path of a hundred files is known by its first ones. */
const LONG_LINE = 200

export async function holderOfPort(port: number): Promise<PortHolder | undefined> {
  if (process.platform !== 'linux') return undefined
  const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map(textOf))
  const sockets = new Set(tables.flatMap(table => listeningInodes(table, port)).map(inode => `socket:[${inode}]`))
  if (sockets.size === 0) return undefined
  for (const pid of (await entriesOf('/proc')).filter(name => /^\d+$/.test(name))) {
    if (await hasOpen(pid, sockets)) return { pid: Number(pid), ...(await programOf(pid)) }
  }
  return undefined
}

/** A line is `sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …`, addresses as `HEX:PORT` in hexadecimal. */
function listeningInodes(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return table.split('\n').flatMap(line => {
    const fields = line.trim().split(/\s+/)
    return fields[1]?.endsWith(suffix) === true && fields[3] === LISTENING ? [fields[9] ?? ''] : []
  })
}

async function hasOpen(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  for (const descriptor of await entriesOf(`/proc/${pid}/fd`)) {
    const target = await orElse('', readlink(`/proc/${pid}/fd/${descriptor}`))
    if (sockets.has(target)) return true
  }
  return false
}

/** The program as it was started; a process's own name for itself may be that of its main thread. */
async function programOf(pid: string): Promise<Omit<PortHolder, 'pid'>> {
  const words = (await textOf(`/proc/${pid}/cmdline`)).split('\0').filter(word => word !== '')
  const command = basename(words[0]?.split(' ')[0] ?? '') || (await textOf(`/proc/${pid}/comm`)).trim()
  const commandLine = words.join(' ')
  return { command, commandLine: commandLine.length > LONG_LINE ? `${commandLine.slice(0, LONG_LINE)}…` : commandLine || command }
}

const textOf = (path: string) => orElse('', readFile(path, 'utf8'))
const entriesOf = (path: string) => orElse([], readdir(path))

/** Processes end while one looks at them, and those of other users are closed to us: what cannot be read is not there. */
async function orElse<T>(otherwise: T, reading: Promise<T>): Promise<T> {
  try {
    return await reading
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    return otherwise
  }
}
