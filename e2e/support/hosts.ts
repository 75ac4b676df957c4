import type { Page } from '@playwright/test'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { chromium, _electron } from 'playwright-core'
import { findChromium } from '../../resources/npm/programs.mjs'
import { alive, Cluster, clusterIn } from './cluster.ts'
import type { Broker } from './cluster.ts'
import { electron, root } from './paths.ts'

/** A running host, whichever it is: three brokers and the screens. */
export interface Host {
  readonly cluster: Cluster
  /** A screen as a person finds it on starting the app: nothing remembered from the test before. */
  freshPage(): Promise<Page>
  /** Closes what `freshPage` opened, where it can be opened again. */
  closePage(page: Page): Promise<void>
  /** Ends the host as a person would; resolves when all its processes have gone. */
  stop(): Promise<void>
}

interface Playwright {
  readonly chromium: typeof chromium
  readonly _electron: typeof _electron
}

const UP_MS = 30_000
const DOWN_MS = 15_000
const SCREEN = { width: 1440, height: 900 }

/** `trilog up`, and its address in a browser. */
export async function webHost({ chromium }: Playwright): Promise<Host> {
  const folders = temporaryFolders()
  const host = spawn(process.execPath, ['out/main/cli.js', 'up', '--json', '--port', '0', '--data', folders.data], {
    cwd: root,
    env: folders.env,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const ended = once(host, 'exit')
  const up = await firstLine(host.stdout!, ended)
  const { url, ...cluster } = JSON.parse(up) as { url: string; bootstrap: string; data: string; brokers: Broker[] }

  const executablePath = findChromium()
  const browser = await chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-quic'],
  })
  const running = new Cluster(cluster)
  return {
    cluster: running,
    freshPage: async () => {
      const context = await browser.newContext({ viewport: SCREEN, locale: 'en-US', colorScheme: 'dark' })
      const page = await context.newPage()
      await page.goto(url)
      return page
    },
    closePage: page => page.context().close(),
    stop: async () => {
      await browser.close()
      const pids = await running.pids()
      host.kill('SIGTERM')
      await within(DOWN_MS, ended, 'trilog up does not end')
      await expectNoSurvivors(pids)
      folders.remove()
    },
  }
}

/** The desktop app, on Electron or on its stand-in. */
export async function desktopHost({ _electron }: Playwright): Promise<Host> {
  const folders = temporaryFolders()
  const app = await _electron.launch({
    executablePath: electron().executablePath,
    args: [root, '--port', '0', '--data', folders.data],
    cwd: root,
    env: folders.env,
    colorScheme: 'dark',
  })
  const window = await app.firstWindow()
  const cluster = await clusterIn(folders.data, { withinMs: UP_MS })
  return {
    cluster,
    freshPage: async () => {
      await window.evaluate(() => {
        localStorage.clear()
        location.hash = ''
      })
      await window.reload()
      return window
    },
    closePage: async () => undefined,
    stop: async () => {
      const pids = await cluster.pids()
      await within(DOWN_MS, app.close(), 'the desktop app does not end')
      await expectNoSurvivors(pids)
      folders.remove()
    },
  }
}

function temporaryFolders() {
  const folder = mkdtempSync(join(tmpdir(), 'trilog-e2e-'))
  const inherited = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return {
    data: join(folder, 'data'),
    // The app's own settings, away from those of whoever runs the tests.
    env: { ...Object.fromEntries(inherited), XDG_CONFIG_HOME: join(folder, 'config'), XDG_DATA_HOME: join(folder, 'share') },
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }),
  }
}

async function firstLine(stdout: NodeJS.ReadableStream, ended: Promise<unknown[]>): Promise<string> {
  const line = once(createInterface(stdout), 'line').then(([text]) => String(text))
  const early = ended.then(([code, signal]) => Promise.reject(new Error(`trilog up ended with ${String(code ?? signal)} before it was up`)))
  return within(UP_MS, Promise.race([line, early]), 'trilog up says nothing')
}

/** A broker that outlives its host would hold ports and disks until someone notices. */
async function expectNoSurvivors(pids: readonly number[]) {
  for (const deadline = Date.now() + DOWN_MS; Date.now() < deadline; await sleep(100)) {
    if (alive(pids).length === 0) return
  }
  const survivors = alive(pids)
  for (const pid of survivors) process.kill(pid, 'SIGKILL')
  throw new Error(`Brokers outlived their host: pids ${survivors.join(', ')}`)
}

async function within<T>(ms: number, promise: Promise<T>, otherwise: string): Promise<T> {
  const given = new AbortController()
  const late = sleep(ms, undefined, { signal: given.signal }).then(() => Promise.reject(new Error(`${otherwise} (waited ${ms} ms)`)))
  try {
    return await Promise.race([promise, late])
  } finally {
    given.abort()
    late.catch(() => undefined)
  }
}
