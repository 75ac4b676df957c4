import { app, dialog, Menu, type BrowserWindow } from 'electron'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseCommandLine, UsageError, upOptionsAmong, type UpCommand } from '../cli/commandLine.ts'
import { defaultDirectory, rendererFiles, type Host } from '../host.ts'
import { HostStart } from '../hostStart.ts'
import { openWindow, stateOf } from './window.ts'
import { readWindowState, writeWindowState } from './windowState.ts'

let starting: HostStart | undefined
let window: BrowserWindow | undefined
let isQuitting = false
/** Of how the window was left. */
let saving: Promise<void> | undefined

const stateFile = () => join(app.getPath('userData'), 'window.json')

/** Where `npm run dev` serves the screens as they are being written. Never in a packaged app, which shows its own files and nothing else. */
const devServer = app.isPackaged ? undefined : process.env.ELECTRON_RENDERER_URL

function readCommand(): UpCommand {
  const command = parseCommandLine(['up', ...upOptionsAmong(process.argv.slice(1))], defaultDirectory())
  if (command.command !== 'up') throw new UsageError(`This is how to bring up a cluster, not to ${command.command}`)
  return command
}

async function start(): Promise<void> {
  const command = readCommand()
  starting = new HostStart(
    {
      kind: 'desktop',
      webPort: command.webPort,
      files: devServer === undefined ? rendererFiles() : undefined,
      directory: command.directory,
      brokers: command.brokers,
      logDirs: command.logDirs,
      port: command.port,
      profile: command.profile,
      settings: command.settings,
      restartDied: command.restartDied,
      askForPath,
      onShutdown: () => app.quit(),
    },
    startBrokers,
  )
  await starting.open()
  if (isQuitting) return
  window = openWindow(starting, {
    page: devServer ?? pathToFileURL(join(rendererFiles(), 'index.html')).href,
    preload: join(import.meta.dirname, '..', 'preload', 'preload.cjs'),
    state: await readWindowState(stateFile()),
  })
  window.on('close', saveWindowState)
  window.on('closed', () => (window = undefined))
}

/** What a broker says that did not start, the screens show, which can start it again. */
function startBrokers(host: Host) {
  host.local.startAll().catch((error: unknown) => {
    if (!host.isClosing) console.error(`A broker did not start: ${describe(error)}`)
  })
}

/** In front of the app's own window, where there is one. */
async function askForPath(name: string): Promise<string | undefined> {
  const asked =
    window === undefined ? await dialog.showSaveDialog({ defaultPath: name }) : await dialog.showSaveDialog(window, { defaultPath: name })
  return asked.canceled ? undefined : asked.filePath
}

function refuse(why: string) {
  dialog.showErrorBox('Trilog could not start', why)
  app.quit()
}

/** Quitting waits until the brokers have stopped in order. */
function quitInOrder(event: { preventDefault(): void }) {
  if (isQuitting) return
  isQuitting = true
  if (starting === undefined) return
  event.preventDefault()
  saveWindowState()
  void Promise.allSettled([starting.close(), saving]).then(ends => {
    for (const end of ends) if (end.status === 'rejected') console.error(`Not ended in order: ${describe(end.reason)}`)
    app.quit()
  })
}

function saveWindowState() {
  if (window === undefined || window.isDestroyed()) return
  saving = writeWindowState(stateFile(), stateOf(window))
  saving.catch(() => undefined) // told when quitting has waited for it
}

function showWindow() {
  if (window === undefined) return
  if (window.isMinimized()) window.restore()
  window.show()
  window.focus()
}

const describe = (error: unknown) => (error instanceof Error ? error.message : String(error))

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => app.quit())
if (process.connected) process.once('disconnect', () => app.quit())

// One app for one person: a second start would find the folder held and the ports in use, so it shows the first one's window instead.
if (app.requestSingleInstanceLock()) {
  app.on('second-instance', showWindow)
  app.on('before-quit', quitInOrder)
  app.on('window-all-closed', () => app.quit())
  Menu.setApplicationMenu(
    process.platform === 'darwin' ? Menu.buildFromTemplate([{ role: 'appMenu' }, { role: 'editMenu' }, { role: 'windowMenu' }]) : null,
  )
  app
    .whenReady()
    .then(start)
    .catch((error: unknown) => refuse(describe(error)))
} else app.quit()
