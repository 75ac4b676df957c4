import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'

const guardUrl = pathToFileURL(join(import.meta.dirname, 'guard.ts')).href

it('what a benchmark has started and put on disk goes with it, even when it is killed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'trilog-guard-'))
  const script = `
    import { guard, spawnGuarded } from ${JSON.stringify(guardUrl)}
    guard('folder', ${JSON.stringify(folder)})
    const { pid } = spawnGuarded(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], ['ignore', 'ignore', 'ignore'])
    console.log(pid)`
  const benchmark = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [pid] = (await once(createInterface(benchmark.stdout), 'line')) as [string]
  expect(isAlive(Number(pid))).toBe(true)
  benchmark.kill('SIGKILL')
  await expect.poll(() => isAlive(Number(pid)) || existsSync(folder), { timeout: 60_000 }).toBe(false)
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
