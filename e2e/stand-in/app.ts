import { EventEmitter } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { launchChromium } from './chromium.ts'
import type { Chromium } from './chromium.ts'

interface Package {
  readonly folder: string
  readonly name: string
  readonly productName?: string
  readonly version: string
}

/** An event whose listeners may prevent what follows. */
export function preventable() {
  return {
    defaultPrevented: false,
    preventDefault() {
      this.defaultPrevented = true
    },
  }
}

class App extends EventEmitter {
  readonly isPackaged = false
  readonly commandLine = { appendSwitch: () => undefined, hasSwitch: () => false, getSwitchValue: () => '' }
  /** Windows close themselves on quitting; set by them, so that this file need not know them. */
  closeWindows: () => void = () => undefined

  #chromium: Chromium | undefined
  #ready: Promise<void> | undefined
  #isReady = false
  #isQuitting = false
  readonly #package = enclosingPackage()
  #name = this.#package.productName ?? this.#package.name
  readonly #paths = new Map<string, string>()

  /** Called by the entry, once: the app is ready when its Chromium is, and, with a driver, when that has attached. */
  start(driverIsAttached: Promise<void> | undefined) {
    this.#ready = (async () => {
      this.#chromium = await launchChromium()
      process.stderr.write(`\nDevTools listening on ${this.#chromium.url}\n`)
      await driverIsAttached
      this.#isReady = true
      this.emit('ready', {}, {})
    })()
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => this.quit())
    this.#ready.catch((failure: unknown) => {
      console.error(failure)
      process.exit(1)
    })
  }

  get chromium(): Chromium {
    if (this.#chromium === undefined) throw new Error('The app is not ready')
    return this.#chromium
  }

  get name() {
    return this.#name
  }
  set name(name: string) {
    this.#name = name
  }

  whenReady = () => this.#ready
  isReady = () => this.#isReady
  getName = () => this.#name
  setName = (name: string) => (this.#name = name)
  getVersion = () => this.#package.version
  getAppPath = () => this.#package.folder
  getLocale = () => 'en-US'
  getPreferredSystemLanguages = () => ['en-US']
  setPath = (name: string, path: string) => this.#paths.set(name, path)
  getPath(name: string): string {
    const config = process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config')
    const known: Record<string, string> = {
      home: homedir(),
      temp: tmpdir(),
      appData: config,
      userData: join(config, this.#name),
      sessionData: join(config, this.#name),
      logs: join(config, this.#name, 'logs'),
      downloads: join(homedir(), 'Downloads'),
      exe: process.execPath,
    }
    const path = this.#paths.get(name) ?? known[name]
    if (path === undefined) throw new Error(`Failed to get '${name}' path`)
    return path
  }

  setAppUserModelId = () => undefined
  setAboutPanelOptions = () => undefined
  enableSandbox = () => undefined
  focus = () => undefined
  relaunch = () => undefined
  requestSingleInstanceLock = () => true
  hasSingleInstanceLock = () => true
  releaseSingleInstanceLock = () => undefined

  quit() {
    if (this.#isQuitting) return
    const before = preventable()
    this.emit('before-quit', before)
    if (before.defaultPrevented) return
    this.#isQuitting = true
    this.closeWindows()
    const will = preventable()
    this.emit('will-quit', will)
    if (will.defaultPrevented) {
      this.#isQuitting = false
      return
    }
    this.emit('quit', {}, 0)
    this.exit(0)
  }

  exit(code = 0) {
    void Promise.resolve(this.#chromium?.close()).finally(() => process.exit(code))
  }
}

function enclosingPackage(): Package {
  for (let folder = dirname(resolve(process.argv[1] ?? '.')); ; folder = dirname(folder)) {
    const file = join(folder, 'package.json')
    if (existsSync(file)) return { folder, ...(JSON.parse(readFileSync(file, 'utf8')) as Omit<Package, 'folder'>) }
    if (folder === dirname(folder)) return { folder: process.cwd(), name: 'app', version: '0.0.0' }
  }
}

export const app = new App()
