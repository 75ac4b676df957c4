import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ProcessEnd, RunningProcess } from '../processes.ts'
import { nodeProcesses } from './processes.ts'

const processes = nodeProcesses()
let folder: string
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'trilog processes ü '))))
afterAll(() => rm(folder, { recursive: true, force: true }))

async function script(name: string, source: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, source)
  return path
}

interface Watched {
  readonly process: RunningProcess
  readonly messages: unknown[]
  readonly lines: string[]
  readonly ended: Promise<ProcessEnd>
}

async function start(source: string, given: { parameters?: string[]; environment?: Record<string, string> } = {}): Promise<Watched> {
  const messages: unknown[] = []
  const lines: string[] = []
  const { promise: ended, resolve } = Promise.withResolvers<ProcessEnd>()
  const command = {
    entry: await script(`${Math.random().toString(36).slice(2)}.mjs`, source),
    parameters: given.parameters ?? [],
    nodeOptions: ['--stack-trace-limit=7'],
    environment: given.environment ?? {},
  }
  const process = processes.start(command, {
    message: message => messages.push(message),
    line: line => lines.push(line),
    exit: end => {
      messages.push('ended')
      lines.push('ended')
      resolve(end)
    },
  })
  return { process, messages, lines, ended }
}

async function until<T>(ask: () => T | Promise<T>, withinMs = 20_000): Promise<T> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${ask.toString()}`)
    await sleep(10)
  }
}

/** `T`: stopped, `S`: sleeping, `undefined`: gone. */
async function stateOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  const state = stat?.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3)
  return state === 'Z' ? undefined : state
}

describe('a child', () => {
  it('gets its parameters, its options and its environment beside ours', async () => {
    const child = await start(
      'process.send([process.argv.slice(2), process.execArgv, process.env.UV_THREADPOOL_SIZE, process.env.PATH])\nprocess.disconnect()',
      { parameters: ['a b', 'ü'], environment: { UV_THREADPOOL_SIZE: '16' } },
    )
    await child.ended
    expect(child.messages[0]).toEqual([['a b', 'ü'], ['--stack-trace-limit=7'], '16', process.env.PATH])
  })

  it('is heard to its last word, and only then has it ended', async () => {
    for (let count = 0; count < 10; count++) {
      const child = await start(
        'for (let n = 0; n < 200; n++) { console.log(n); process.send({ n }, () => { if (n === 199) end() }) }\n' +
          // What a process has not yet got rid of when it exits is lost with it, so this one waits for its own words to be out.
          'function end() { process.stdout.write("", () => process.stderr.write("half a line", () => process.send("last", () => process.exit(3)))) }',
      )
      expect(await child.ended).toEqual({ exitCode: 3, signal: null })
      expect(child.lines.at(-1)).toBe('ended')
      expect(child.messages.at(-1)).toBe('ended')
      expect(child.messages.at(-2)).toBe('last')
      expect(child.lines).toContain('half a line')
      expect(child.lines).toContain('199')
    }
  })

  it('is told things, and may be told more when it is gone', async () => {
    const child = await start('process.on("message", message => { process.send(message); process.disconnect() })')
    child.process.send({ type: 'stop' })
    expect(await child.ended).toEqual({ exitCode: 0, signal: null })
    expect(child.messages[0]).toEqual({ type: 'stop' })
    child.process.send({ type: 'stop' })
    child.process.signal('SIGKILL')
  })

  it('survives when nobody may speak to it any more, until it is killed', async () => {
    const child = await start('process.disconnect()\nsetInterval(() => console.log("here"), 5)')
    await until(() => child.lines.length > 3)
    child.process.send({ type: 'stop' })
    child.process.signal('SIGKILL')
    expect(await child.ended).toEqual({ exitCode: null, signal: 'SIGKILL' })
  })

  it('of which there is no script ends at once, and says why', async () => {
    const { promise: ended, resolve } = Promise.withResolvers<ProcessEnd>()
    const lines: string[] = []
    processes.start(
      { entry: join(folder, 'missing.mjs'), parameters: [], nodeOptions: [], environment: {} },
      { message: () => undefined, line: line => lines.push(line), exit: resolve },
    )
    expect((await ended).exitCode).toBe(1)
    expect(lines.join('\n')).toContain('missing.mjs')
  })
})

describe.runIf(process.platform === 'linux')('a frozen child', () => {
  /** A host that starts a child, freezes it, and has it guarded; then again without, if asked to. */
  const host = () => `
    import { nodeProcesses } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, 'processes.ts')).href)}
    const processes = nodeProcesses()
    const child = processes.start(
      { entry: process.argv[2], parameters: [], nodeOptions: [], environment: {} },
      { message: () => {
          processes.thawWhenGone([99999999])
          processes.thawWhenGone([child.pid])
          child.signal('SIGSTOP')
          console.log(child.pid)
        }, line: () => undefined, exit: () => process.exit(0) },
    )
    process.stdin.on('data', () => { processes.thawWhenGone([]); child.signal('SIGCONT'); console.log('thawed') })`

  async function frozen() {
    const child = await script(
      'child.mjs',
      'process.on("disconnect", () => process.exit(0))\nprocess.send("up")\nsetInterval(() => 0, 1000)',
    )
    const parent = spawn(process.execPath, [await script('host.mts', host()), child], { stdio: ['pipe', 'pipe', 'inherit'] })
    let said = ''
    parent.stdout.on('data', data => (said += String(data)))
    const pid = Number(await until(() => /^(\d+)\n/.exec(said)?.[1]))
    await until(async () => (await stateOf(pid)) === 'T')
    return { parent, pid, said: () => said }
  }

  it('wakes and ends when the process that froze it is killed', async () => {
    const { parent, pid } = await frozen()
    parent.kill('SIGKILL')
    await until(async () => (await stateOf(pid)) === undefined)
  })

  it('leaves no guard behind once it was thawed', async () => {
    const { parent, pid, said } = await frozen()
    const guards = async () => {
      const all = await Promise.all(
        (await import('node:fs/promises').then(fs => fs.readdir('/proc')))
          .filter(name => /^\d+$/.test(name))
          .map(async name => ({ name, command: await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '') })),
      )
      return all.filter(({ command }) => command.includes(`kill -CONT ${pid} `)).map(({ name }) => name)
    }
    expect(await guards()).toHaveLength(1)
    parent.stdin.write('thaw\n')
    await until(() => said().includes('thawed'))
    await until(async () => (await guards()).length === 0)
    parent.kill('SIGKILL')
    await until(async () => (await stateOf(pid)) === undefined)
  })
})

describe.runIf(process.platform === 'linux')('the holder of a port', () => {
  it.each(['127.0.0.1', '0.0.0.0', '::1'])('on %s is named, with its pid', async host => {
    const server = createServer()
    await new Promise<void>(resolve => server.listen(0, host, resolve))
    const { port } = server.address() as AddressInfo
    expect(await processes.holderOfPort(port)).toMatchObject({
      pid: process.pid,
      command: basename(process.argv0),
      commandLine: expect.stringContaining('node'),
    })
    await new Promise(resolve => server.close(resolve))
    expect(await processes.holderOfPort(port)).toBeUndefined()
  })
})
