import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { diskBehaves } from '../../simulation/diskBehaves.suite.ts'
import { networkBehaves } from '../../simulation/networkBehaves.suite.ts'
import { nodeEnv } from './env.ts'
import { plainNetwork } from './network.ts'

const { clock, disk, network } = nodeEnv()
const directories: string[] = []
const smallDisks: string[] = []

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'trilog-env-'))
  directories.push(directory)
  return directory
}

/** A disk in memory, small enough to be filled; nothing where this user may not mount one. */
async function mountedSmallDisk(): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined
  const directory = await mkdtemp(join(tmpdir(), 'trilog-small-'))
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', directory], { stdio: 'ignore' })
  if (status === 0) smallDisks.push(directory)
  else await rm(directory, { recursive: true })
  return status === 0 ? directory : undefined
}

/** Takes all the room of a file system but `freeBytes`. */
async function filled(path: string, freeBytes: number): Promise<{ readonly giveBack: () => Promise<void> }> {
  const file = await open(path, 'w')
  let size = 0
  for (let piece = 1024 * 1024; piece >= 4096;) {
    try {
      size += (await file.write(Buffer.alloc(piece), 0, piece, size)).bytesWritten
    } catch {
      piece /= 2
    }
  }
  await file.truncate(size - freeBytes)
  await file.close()
  return { giveBack: () => rm(path) }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(1)
}

afterAll(async () => {
  for (const directory of smallDisks) {
    spawnSync('umount', [directory], { stdio: 'ignore' })
    await rm(directory, { recursive: true, force: true })
  }
  for (const directory of directories) await rm(directory, { recursive: true, force: true })
})

const settle = <T>(promise: Promise<T>) => promise

diskBehaves('a disk of this machine', async () => ({ disk, directory: await newDirectory(), settle }))
const smallDisk = await mountedSmallDisk()
if (smallDisk !== undefined) {
  diskBehaves('a small disk of this machine', async () => {
    const directory = await mkdtemp(join(smallDisk, 'trilog-env-'))
    return { disk, directory, settle, fill: freeBytes => filled(join(smallDisk, 'filler'), freeBytes) }
  })
} else it.skip('a small disk of this machine, as every disk (only root can mount one)', () => {})
networkBehaves('the network of this machine', () => ({ server: network, client: network, settle, until, aWhile: () => sleep(100) }))
networkBehaves('the same, with what is accepted read as Node does by itself', () => ({
  server: plainNetwork,
  isReadElsewhere: true,
  client: network,
  settle,
  until,
  aWhile: () => sleep(100),
}))

describe('a clock', () => {
  it('never rings early, and not at all when cancelled', async () => {
    const rang: number[] = []
    for (let count = 0; count < 50; count++) {
      const began = clock.elapsed()
      const delay = 1 + count / 7
      clock.after(delay, () => rang.push(clock.elapsed() - began - delay))
      clock.after(delay, () => rang.push(-1)).cancel()
    }
    await until(() => rang.length >= 50)
    await sleep(20)
    expect(rang.length).toBe(50)
    expect(Math.min(...rang)).toBeGreaterThanOrEqual(0)
  })
})

describe('a lock file', () => {
  /** A process that does nothing but live. */
  async function anotherProcess() {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
    await new Promise(resolve => child.once('spawn', resolve))
    return { pid: child.pid!, kill: () => new Promise(resolve => child.once('exit', resolve) && child.kill('SIGKILL')) }
  }

  it('is respected while the process it names lives, and falls when that was killed', async () => {
    const path = join(await newDirectory(), '.lock')
    const holder = await anotherProcess()
    const lockIt = `
      import { lockFile } from ${JSON.stringify(new URL('./lockFile.ts', import.meta.url).href)}
      await lockFile(${JSON.stringify(path)})
      console.log('locked')
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', lockIt], { stdio: ['ignore', 'pipe', 'inherit'] })
    await new Promise(resolve => child.stdout.once('data', resolve))
    await expect(disk.lock(path)).rejects.toMatchObject({ code: 'ELOCKED', message: expect.stringContaining(String(child.pid)) })
    child.kill('SIGKILL')
    await new Promise(resolve => child.once('exit', resolve))
    await (await disk.lock(path)).release()
    await holder.kill()
  })

  it.runIf(process.platform === 'linux')('does not believe a pid that now belongs to another process', async () => {
    const path = join(await newDirectory(), '.lock')
    const other = await anotherProcess()
    await writeFile(path, `${other.pid} 1`)
    await (await disk.lock(path)).release()
    await other.kill()
  })

  it('holds nothing when it names nobody, or this process before it began', async () => {
    const directory = await newDirectory()
    await writeFile(join(directory, 'empty'), '')
    await (await disk.lock(join(directory, 'empty'))).release()
    await writeFile(join(directory, 'ours'), `${process.pid} 1`)
    await (await disk.lock(join(directory, 'ours'))).release()
    expect(await disk.list(directory)).toEqual([])
  })

  it('goes to one of many who want it', async () => {
    const path = join(await newDirectory(), '.lock')
    await writeFile(path, '999999999')
    const tries = await Promise.allSettled(Array.from({ length: 20 }, () => disk.lock(path)))
    expect(tries.filter(each => each.status === 'fulfilled').length).toBe(1)
  })
})
