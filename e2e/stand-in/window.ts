import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { app, preventable } from './app.ts'
import type { Session } from './chromium.ts'
import { ipcMain } from './ipcMain.ts'
import { inPage } from './page.ts'
import type { ToMain, ToPage } from './page.ts'
import { structuredCopy } from './structuredCopy.ts'

interface WindowOptions {
  readonly width?: number
  readonly height?: number
  readonly show?: boolean
  readonly title?: string
  readonly webPreferences?: { readonly preload?: string }
}

interface Bounds {
  x: number
  y: number
  width: number
  height: number
}

const { toText, fromText } = structuredCopy()
const windows = new Map<number, BrowserWindow>()
let lastId = 0

class WebContents extends EventEmitter {
  readonly id: number
  readonly window: BrowserWindow
  session: Session | undefined
  url = ''
  #openHandler: ((details: { url: string }) => { action: 'allow' | 'deny' }) | undefined

  constructor(window: BrowserWindow) {
    super()
    this.window = window
    this.id = window.id
  }

  get mainFrame() {
    return { url: this.url, parent: null, top: null, routingId: 1, processId: 1 }
  }

  send(channel: string, ...args: unknown[]) {
    this.#deliver({ type: 'event', channel, args: structuredClone(args) })
  }
  async executeJavaScript(expression: string): Promise<unknown> {
    const { result } = await this.#live().send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
      userGesture: true,
    })
    return result.value
  }
  async capturePage() {
    const { data } = await this.#live().send('Page.captureScreenshot', { format: 'png' })
    return { toPNG: () => Buffer.from(data, 'base64') }
  }
  setWindowOpenHandler(handler: (details: { url: string }) => { action: 'allow' | 'deny' }) {
    this.#openHandler = handler
  }
  getURL = () => this.url
  getTitle = () => this.window.getTitle()
  isDestroyed = () => this.window.isDestroyed()
  isDevToolsOpened = () => false
  openDevTools = () => undefined
  toggleDevTools = () => undefined
  setZoomFactor = () => undefined
  setZoomLevel = () => undefined
  reload = () => void this.#live().send('Page.reload')
  close = () => this.window.close()

  /** What the page posted. */
  async receive(text: string) {
    const message = fromText(text) as ToMain
    const event = {
      sender: this,
      senderFrame: this.mainFrame,
      frameId: 1,
      processId: 1,
      reply: (channel: string, ...args: unknown[]) => this.send(channel, ...args),
    }
    switch (message.type) {
      case 'send':
        ipcMain.emit(message.channel, event, ...message.args)
        return
      case 'open':
        if (this.#openHandler?.({ url: message.url }).action !== 'deny') process.stderr.write(`[window] not opened: ${message.url}\n`)
        return
      case 'navigate': {
        const navigation = { ...preventable(), url: message.url }
        this.emit('will-navigate', navigation, message.url)
        if (!navigation.defaultPrevented) await this.window.loadURL(message.url)
        return
      }
      case 'invoke':
        this.#deliver(await this.#answer(message, event))
    }
  }

  async #answer({ id, channel, args }: Extract<ToMain, { type: 'invoke' }>, event: object): Promise<ToPage> {
    try {
      return { type: 'reply', id, value: structuredClone(await ipcMain.handlerOf(channel)(event, ...args)) }
    } catch (failure) {
      return { type: 'refusal', id, reason: String(failure) }
    }
  }

  #deliver(message: ToPage) {
    if (this.isDestroyed() || this.session === undefined) return
    const expression = `globalThis.__standInDeliver?.(${JSON.stringify(toText(message))})`
    this.session.send('Runtime.evaluate', { expression }).catch((failure: unknown) => {
      if (!this.isDestroyed()) process.stderr.write(`[ipc] ${String(failure)}\n`)
    })
  }

  #live(): Session {
    if (this.session === undefined) throw new Error('The window has no page yet')
    return this.session
  }
}

export class BrowserWindow extends EventEmitter {
  readonly id = ++lastId
  readonly webContents: WebContents
  targetId: string | undefined
  readonly #opened: Promise<void>
  #isVisible: boolean
  #isDestroyed = false
  #isLoading = false
  #title: string
  readonly #bounds: Bounds

  constructor(options: WindowOptions = {}) {
    super()
    if (!app.isReady()) throw new Error('Cannot create BrowserWindow before app is ready')
    this.#isVisible = options.show !== false
    this.#title = options.title ?? app.name
    this.#bounds = { x: 0, y: 0, width: options.width ?? 800, height: options.height ?? 600 }
    this.webContents = new WebContents(this)
    windows.set(this.id, this)
    app.emit('web-contents-created', {}, this.webContents)
    this.#opened = this.#open(options.webPreferences?.preload)
    this.#opened.catch((failure: unknown) => {
      if (!this.#isDestroyed) console.error(failure)
    })
  }

  async #open(preload: string | undefined) {
    const { width, height } = this.#bounds
    const { targetId } = await app.chromium.send('Target.createTarget', { url: 'about:blank', width, height })
    this.targetId = targetId
    const session = (this.webContents.session = await app.chromium.attach(targetId))
    session.on('Runtime.bindingCalled', ({ name, payload }) => {
      if (name === '__standInPost') void this.webContents.receive(payload)
    })
    session.on('Page.domContentEventFired', () => {
      if (!this.#isLoading) return
      this.webContents.emit('dom-ready')
      this.emit('ready-to-show')
    })
    session.on('Page.loadEventFired', () => {
      if (!this.#isLoading) return
      this.#isLoading = false
      this.webContents.emit('did-finish-load')
    })
    session.on('Inspector.detached', () => this.destroy())
    session.on('Inspector.targetCrashed', () => this.webContents.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 1 }))
    session.on('Runtime.exceptionThrown', ({ exceptionDetails }) => {
      process.stderr.write(`[renderer] ${exceptionDetails.exception?.description ?? exceptionDetails.text}\n`)
    })
    await Promise.all([
      session.send('Page.enable'),
      session.send('Runtime.enable'),
      session.send('Runtime.addBinding', { name: '__standInPost' }),
      session.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 0, mobile: false }),
      session.send('Page.addScriptToEvaluateOnNewDocument', { source: pageScript(preload) }),
    ])
  }

  async loadURL(url: string) {
    await this.#opened
    this.#isLoading = true
    this.webContents.url = url
    const finished = new Promise(resolve => this.webContents.once('did-finish-load', resolve))
    const { errorText } = await this.webContents.session!.send('Page.navigate', { url })
    if (errorText) throw new Error(`${errorText} (${url})`)
    await finished
  }

  loadFile(file: string, { hash, search }: { hash?: string; search?: string } = {}) {
    const url = pathToFileURL(resolve(app.getAppPath(), file))
    if (hash) url.hash = hash
    if (search) url.search = search
    return this.loadURL(url.href)
  }

  show = () => {
    this.#isVisible = true
    this.emit('show')
  }
  hide = () => {
    this.#isVisible = false
    this.emit('hide')
  }
  focus = () => this.emit('focus')
  isVisible = () => this.#isVisible
  isDestroyed = () => this.#isDestroyed
  isMinimized = () => false
  isMaximized = () => false
  isFullScreen = () => false
  isFocused = () => true
  restore = () => undefined
  minimize = () => undefined
  maximize = () => undefined
  unmaximize = () => undefined
  setMenu = () => undefined
  setMenuBarVisibility = () => undefined
  setBackgroundColor = () => undefined
  setTitleBarOverlay = () => undefined
  setTitle = (title: string) => (this.#title = title)
  getTitle = () => this.#title
  getBounds = () => ({ ...this.#bounds })
  getNormalBounds = () => ({ ...this.#bounds })
  setBounds = (bounds: Partial<Bounds>) => Object.assign(this.#bounds, bounds)
  getSize = () => [this.#bounds.width, this.#bounds.height]

  close() {
    const closing = preventable()
    this.emit('close', closing)
    if (!closing.defaultPrevented) this.destroy()
  }

  destroy() {
    if (this.#isDestroyed) return
    this.#isDestroyed = true
    windows.delete(this.id)
    if (this.targetId !== undefined) {
      // On quitting, Chromium may be gone before it answers.
      void app.chromium.send('Target.closeTarget', { targetId: this.targetId }).catch(() => undefined)
    }
    this.webContents.emit('destroyed')
    this.emit('closed')
    if (windows.size > 0) return
    if (app.listenerCount('window-all-closed') > 0) app.emit('window-all-closed')
    else app.quit()
  }

  static getAllWindows = () => [...windows.values()]
  static getFocusedWindow = () => [...windows.values()].at(-1) ?? null
  static fromWebContents = (contents: WebContents | undefined) => contents?.window ?? null
  static fromId = (id: number) => windows.get(id) ?? null
}

app.closeWindows = () => {
  for (const window of BrowserWindow.getAllWindows()) window.destroy()
}

export const webContents = {
  fromDevToolsTargetId: (targetId: string) => BrowserWindow.getAllWindows().find(window => window.targetId === targetId)?.webContents,
  fromId: (id: number) => windows.get(id)?.webContents,
  getAllWebContents: () => BrowserWindow.getAllWindows().map(window => window.webContents),
}

/** Source text to run in every page of a window, before the page's own scripts. */
function pageScript(preload: string | undefined): string {
  const setup = {
    copySource: String(structuredCopy),
    preloadSource: preload === undefined ? '' : readFileSync(preload, 'utf8'),
    process: {
      platform: process.platform,
      versions: { electron: process.versions.electron, node: process.versions.node, chrome: app.chromium.version },
      type: 'renderer',
      sandboxed: true,
    },
  }
  return `if (location.href !== 'about:blank') (${String(inPage)})(${JSON.stringify(setup)})`
}
