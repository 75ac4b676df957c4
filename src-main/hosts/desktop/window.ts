import { BrowserWindow, dialog, ipcMain, screen, shell } from 'electron'
import { IPC_CHANNEL, servePages, type NEW_PAGE } from '../../bridge/electronChannel.ts'
import type { Frame } from '../../contract/channel.ts'
import type { HostStart } from '../hostStart.ts'
import { isOwnPage } from './ownPage.ts'
import { isOnScreen, type WindowState } from './windowState.ts'

const USUAL_SIZE = { width: 1440, height: 900 }
/** A screen that crashes again this soon is not helped by loading it once more. */
const CRASHES_APART_MS = 10_000

export interface WindowOptions {
  /** The app's one page: a file's URL, or that of a development server. */
  readonly page: string
  readonly preload: string
  /** How it was left the last time. */
  readonly state: WindowState | undefined
}

/** The app's window, whose page asks the host, or whoever says why there is none, and nobody else. */
export function openWindow(start: HostStart, { page, preload, state }: WindowOptions): BrowserWindow {
  const isStillThere =
    state !== undefined &&
    isOnScreen(
      state.bounds,
      screen.getAllDisplays().map(display => display.workArea),
    )
  const window = new BrowserWindow({
    ...(isStillThere ? state.bounds : USUAL_SIZE),
    minWidth: 960,
    minHeight: 600,
    show: false,
    title: 'Trilog',
    webPreferences: { preload, contextIsolation: true, sandbox: true, nodeIntegration: false, webSecurity: true },
  })
  if (isStillThere && state.isMaximized) window.maximize()
  keepToOwnPage(window, page)
  servePage(window, page, start)
  reloadWhenCrashed(window, start)
  window.once('ready-to-show', () => window.show())
  window.loadURL(page).catch((error: unknown) => {
    if (!window.isDestroyed()) dialog.showErrorBox('Trilog cannot show its screens', `${String(error)}${inBrowser(start)}`)
  })
  return window
}

export function stateOf(window: BrowserWindow): WindowState {
  return { bounds: window.getNormalBounds(), isMaximized: window.isMaximized() }
}

/** The app is one page: whatever wants to leave it is a link to the world outside, or an attack. */
function keepToOwnPage({ webContents }: BrowserWindow, page: string) {
  webContents.on('will-navigate', (event, url) => {
    if (!isOwnPage(url, page)) event.preventDefault()
  })
  webContents.setWindowOpenHandler(({ url }) => {
    if (/^https:\/\//.test(url)) void shell.openExternal(url)
    return { action: 'deny' }
  })
}

function servePage({ webContents }: BrowserWindow, page: string, start: HostStart) {
  servePages(
    {
      send: (channel, frame) => {
        if (!webContents.isDestroyed()) webContents.send(channel, frame)
      },
      onMessage: listen => {
        ipcMain.on(IPC_CHANNEL, (event, message: Frame | typeof NEW_PAGE) => {
          if (event.sender === webContents && isOwnPage(event.senderFrame?.url ?? '', page)) listen(message)
        })
      },
      onGone: listen => {
        webContents.on('destroyed', listen)
        webContents.on('render-process-gone', listen)
      },
    },
    channel => start.serve(channel),
  )
}

/** The brokers are not touched by it, and a new page asks for everything anew. */
function reloadWhenCrashed(window: BrowserWindow, start: HostStart) {
  let crashedAt = -Infinity
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason === 'clean-exit' || window.isDestroyed()) return
    const isAgain = performance.now() - crashedAt < CRASHES_APART_MS
    crashedAt = performance.now()
    if (isAgain) dialog.showErrorBox("Trilog's screen ended twice", `The reason is: ${reason}.${inBrowser(start)}`)
    else window.webContents.reload()
  })
}

/** Where the brokers can be seen without this window. */
const inBrowser = ({ host }: HostStart) => (host === undefined ? '' : `\n\nThe brokers run, and this shows them in a browser: ${host.url}`)
