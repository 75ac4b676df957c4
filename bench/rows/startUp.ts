import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { out } from '../brokers.ts'
import type { Row } from '../figures.ts'

/** `trilog up` from an empty folder: from the start of the process to the line that says ready. */
export async function startUp(rounds: number): Promise<Row[]> {
  const whole: number[] = []
  const own: number[] = []
  for (let round = 0; round < rounds; round++) {
    const data = await mkdtemp(join(tmpdir(), 'trilog-bench-'))
    const startedAt = performance.now()
    const host = spawn(process.execPath, [join(out, 'cli.js'), 'up', '--json', '--port', '0', '--data', data], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(createInterface(host.stdout), 'line')) as [string]
    whole.push(performance.now() - startedAt)
    own.push((JSON.parse(line) as { readyMs: number }).readyMs)
    host.kill('SIGINT')
    await once(host, 'exit')
    await rm(data, { recursive: true, force: true })
  }
  return [
    { name: 'trilog up to ready, empty folder, process start included', unit: 'ms', values: whole, bar: '≤ 1,500' },
    { name: 'the same as the host counts it (readyMs)', unit: 'ms', values: own },
  ]
}
