import { app, BrowserWindow, dialog, ipcMain, Menu, shell, type WebContents } from 'electron'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { electronChannel, IPC_CHANNEL } from '../../bridge/electronChannel.ts'
import type { Frame } from '../../contract/channel.ts'
import { parseCommandLine, USAGE, UsageError, type UpCommand } from '../cli/commandLine.ts'
import { defaultDirectory, openHost, rendererFiles, type Host } from '../host.ts'

let host: Host | undefined
let isQuitting = false

/** Electron passes its own switches too; ours come after the app's path, and those of Chromium and the inspector are not ours. */
function ownArguments(): string[] {
  const args = process.argv.slice(app.isPackaged ? 1 : 2)
  return args.filter(
    arg => !/^--(inspect|remote-debugging|no-sandbox|disable|enable|user-data-dir|headless|lang|force|ozone|gtk)/.test(arg),
  )
}

function readCommand(): UpCommand {
  const command = parseCommandLine(['up', ...ownArguments()], defaultDirectory())
  if (command.command !== 'up') throw new UsageError(USAGE)
  return command
}

async function start(): Promise<void> {
  const command = readCommand()
  host = await openHost({
    kind: 'desktop',
    webPort: command.webPort,
    directory: command.directory,
    brokers: command.brokers,
    port: command.port,
    profile: command.profile,
    settings: command.settings,
    restartDied: command.restartDied,
    onShutdown: () => app.quit(),
  })
  openWindow(host)
  await host.local.startAll()
}

function openWindow(served: Host): void {
  const window = new BrowserWindow({
    width: 1440,
    height: 900,
    minWidth: 960,
    minHeight: 600,
    show: false,
    title: 'Trilog',
    webPreferences: {
      preload: join(rendererFiles(), '..', 'preload', 'preload.cjs'),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
    },
  })
  const page = pathToFileURL(join(rendererFiles(), 'index.html')).href
  const { webContents } = window
  // The app is one page: whatever wants to leave it is a link to the world outside, or an attack.
  webContents.on('will-navigate', (event, url) => {
    if (url.split('#')[0] !== page) event.preventDefault()
  })
  webContents.setWindowOpenHandler(({ url }) => {
    if (/^https:\/\//.test(url)) void shell.openExternal(url)
    return { action: 'deny' }
  })
  let listener: ((frame: Frame) => void) | undefined
  ipcMain.on(IPC_CHANNEL, (event, frame: Frame) => {
    if (event.sender === webContents && event.senderFrame?.url.split('#')[0] === page) listener?.(frame)
  })
  served.serve(
    electronChannel({
      send: (channel, frame) => {
        if (!webContents.isDestroyed()) webContents.send(channel, frame)
      },
      onMessage: listen => (listener = listen),
      onGone: listen => onGone(webContents, listen),
    }),
  )
  window.once('ready-to-show', () => window.show())
  void window.loadURL(page)
}

function onGone(webContents: WebContents, listen: () => void) {
  webContents.on('destroyed', listen)
  webContents.on('render-process-gone', listen)
}

/** Quitting waits until the brokers have stopped in order. */
function quitInOrder(event: { preventDefault(): void }) {
  if (isQuitting || host === undefined) return
  event.preventDefault()
  isQuitting = true
  void host.close().finally(() => app.quit())
}

app.on('before-quit', quitInOrder)
app.on('window-all-closed', () => app.quit())
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => app.quit())
if (process.channel !== undefined) process.once('disconnect', () => app.quit())

Menu.setApplicationMenu(
  process.platform === 'darwin' ? Menu.buildFromTemplate([{ role: 'appMenu' }, { role: 'editMenu' }, { role: 'windowMenu' }]) : null,
)

app
  .whenReady()
  .then(start)
  .catch((error: unknown) => {
    dialog.showErrorBox('Trilog could not start', error instanceof Error ? error.message : String(error))
    app.quit()
  })
