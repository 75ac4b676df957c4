/**
 * A small stand-in for the `electron` module of a main process, for machines where Electron's binary is not to be had: the built main and
 * preload run unchanged, and windows are targets of a headless Chromium. Playwright's Electron driver launches it like the binary.
 *
 * What it does not show: the preload runs in the page's own world (the bridge copies and freezes, nothing isolates); there is no sandbox and no
 * native menu, dialog, tray or keyring; `ready-to-show` is the document's end of parsing. That real Electron starts is for real Electron to show.
 */
import { app } from './app.ts'
import { ipcMain } from './ipcMain.ts'
import * as system from './system.ts'
import { BrowserWindow, webContents } from './window.ts'

export { app, BrowserWindow, ipcMain, webContents }
export * from './system.ts'
export default { app, BrowserWindow, ipcMain, webContents, ...system }
