// What Electron gives an app of the system around it. Nothing here touches that system: a test sets the next answer and reads the calls.
import { EventEmitter } from 'node:events'

type Methods = Record<string, (...args: never[]) => unknown>

/** The methods, each recording that it was called: `electronApp.evaluate(({ dialog }) => dialog.calls)`. */
function recorded<M extends Methods>(methods: M): M & { calls: [name: string, ...args: unknown[]][] } {
  const calls: [string, ...unknown[]][] = []
  const wrapped = Object.entries(methods).map(([name, method]) => [
    name,
    (...args: never[]) => {
      calls.push([name, ...args])
      return method(...args)
    },
  ])
  return { ...(Object.fromEntries(wrapped) as M), calls }
}

/** What the person at the screen will answer: set `dialog.next` in a test. */
export const dialog = Object.assign(
  recorded({
    showOpenDialog: async () => dialog.next ?? { canceled: true, filePaths: [] },
    showSaveDialog: async () => dialog.next ?? { canceled: true, filePath: '' },
    showMessageBox: async () => dialog.next ?? { response: 0, checkboxChecked: false },
    showErrorBox: (title: string, content: string) => process.stderr.write(`[dialog] ${title}: ${content}\n`),
  }),
  { next: undefined as object | undefined },
)

export const shell = recorded({
  openExternal: async (_url: string) => undefined,
  openPath: async (_path: string) => '',
  showItemInFolder: (_path: string) => undefined,
})

let clipboardText = ''
export const clipboard = {
  readText: async () => clipboardText,
  writeText: async (text: string) => {
    clipboardText = text
  },
  clear: () => {
    clipboardText = ''
  },
  has: async (mimetype: string) => mimetype === 'text/plain' && clipboardText !== '',
}

/** Hides nothing, and says so as Electron does on a Linux without a keyring: `basic_text`. */
const MARK = 'stand-in:'
export const safeStorage = {
  isAsyncEncryptionAvailable: async () => true,
  getSelectedStorageBackend: () => 'basic_text',
  setUsePlainTextEncryption: () => undefined,
  encryptStringAsync: async (plainText: string) => Buffer.from(MARK + Buffer.from(plainText).toString('base64')),
  decryptStringAsync: async (encrypted: Buffer) => {
    const text = encrypted.toString()
    if (!text.startsWith(MARK)) throw new Error('Error while decrypting the ciphertext provided to safeStorage.decryptStringAsync.')
    return { result: Buffer.from(text.slice(MARK.length), 'base64').toString(), shouldReEncrypt: false }
  },
}

export const nativeTheme = Object.assign(new EventEmitter(), { themeSource: 'system', shouldUseDarkColors: false })
export const nativeImage = { createFromPath: (path: string) => ({ path, isEmpty: () => false }) }

export class Menu {
  static #ofApp: Menu | null = null
  items: unknown[] = []
  append = (item: unknown) => this.items.push(item)
  popup = () => undefined
  static buildFromTemplate = (items: unknown[]) => Object.assign(new Menu(), { items })
  static setApplicationMenu = (menu: Menu | null) => (Menu.#ofApp = menu)
  static getApplicationMenu = () => Menu.#ofApp
}

export class MenuItem {
  constructor(options: object) {
    Object.assign(this, options)
  }
}

export class Notification extends EventEmitter {
  static readonly shown: Notification[] = []
  static isSupported = () => true
  constructor(options: object) {
    super()
    Object.assign(this, options)
  }
  show() {
    Notification.shown.push(this)
    this.emit('show')
  }
  close = () => undefined
}

const display = {
  id: 1,
  scaleFactor: 1,
  bounds: { x: 0, y: 0, width: 1920, height: 1080 },
  workArea: { x: 0, y: 0, width: 1920, height: 1080 },
  workAreaSize: { width: 1920, height: 1080 },
}
export const screen = Object.assign(new EventEmitter(), {
  getPrimaryDisplay: () => display,
  getAllDisplays: () => [display],
  getDisplayMatching: () => display,
})

const nowhere = { onHeadersReceived: () => undefined, onBeforeRequest: () => undefined, onBeforeSendHeaders: () => undefined }
export const session = {
  defaultSession: {
    setPermissionRequestHandler: () => undefined,
    setPermissionCheckHandler: () => undefined,
    setDevicePermissionHandler: () => undefined,
    setSpellCheckerEnabled: () => undefined,
    webRequest: nowhere,
  },
}
export const powerMonitor = new EventEmitter()
