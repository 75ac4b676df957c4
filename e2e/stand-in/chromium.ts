import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { findChromium } from '../../resources/npm/programs.mjs'

/** What the DevTools protocol answers is taken as it comes. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Answer = any

/** One target's half of the connection: emits the protocol's events by their names. */
export interface Session extends EventEmitter {
  send(method: string, params?: object): Promise<Answer>
}

export interface Chromium {
  /** Where a driver attaches. */
  readonly url: string
  readonly version: string
  send(method: string, params?: object): Promise<Answer>
  attach(targetId: string): Promise<Session>
  close(): Promise<void>
}

const SWITCHES = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-extensions',
  '--disable-dev-shm-usage',
  '--allow-file-access-from-files', // as Electron treats file://
  '--no-startup-window',
  '--remote-debugging-port=0',
]

/** Starts a Chromium without a window and speaks the DevTools protocol with it. */
export async function launchChromium(): Promise<Chromium> {
  const executable = findChromium()
  if (executable === undefined) throw new Error('No Chromium found: install one, or set CHROMIUM to its path.')
  const profile = mkdtempSync(join(tmpdir(), 'trilog-stand-in-'))
  const browser = spawn(executable, [...SWITCHES, `--user-data-dir=${profile}`], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(browser, 'exit')
  process.once('exit', () => {
    browser.kill('SIGKILL')
    rmSync(profile, { recursive: true, force: true, maxRetries: 3 })
  })

  const url = await endpointOf(browser.stderr)
  const socket = new WebSocket(url)
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onerror = () => reject(new Error(`Chromium does not answer at ${url}`))
  })

  let lastId = 0
  const waiting = new Map<number, { method: string; resolve: (answer: Answer) => void; reject: (why: Error) => void }>()
  const sessions = new Map<string, Session>()

  const send = (method: string, params: object = {}, sessionId?: string): Promise<Answer> =>
    new Promise((resolve, reject) => {
      waiting.set(++lastId, { method, resolve, reject })
      socket.send(JSON.stringify({ id: lastId, method, params, sessionId }))
    })

  socket.onmessage = ({ data }) => {
    const message = JSON.parse(String(data))
    if (message.id === undefined) {
      sessions.get(message.sessionId)?.emit(message.method, message.params)
      return
    }
    const asked = waiting.get(message.id)
    waiting.delete(message.id)
    if (message.error) asked?.reject(new Error(`${asked.method}: ${message.error.message}`))
    else asked?.resolve(message.result)
  }
  socket.onclose = () => {
    for (const { method, reject } of waiting.values()) reject(new Error(`${method}: Chromium is gone`))
    waiting.clear()
  }

  const { product } = await send('Browser.getVersion')
  return {
    url,
    version: String(product).replace(/^.*\//, ''),
    send,
    attach: async targetId => {
      const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true })
      const session = Object.assign(new EventEmitter(), { send: (method: string, params?: object) => send(method, params, sessionId) })
      sessions.set(sessionId, session)
      return session
    },
    close: async () => {
      if (browser.exitCode === null && browser.signalCode === null) browser.kill('SIGTERM')
      await ended
    },
  }
}

/** The stream is read to its end also after the endpoint was found: a browser that cannot write to it ends. */
function endpointOf(stderr: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    const said: string[] = []
    createInterface(stderr)
      .on('line', line => {
        const found = /DevTools listening on (ws:\S+)/.exec(line)?.[1]
        if (found !== undefined) resolve(found)
        else said.push(line)
      })
      .on('close', () => reject(new Error(`Chromium did not start:\n${said.join('\n')}`)))
  })
}
