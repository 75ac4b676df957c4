// Which Chromium the end-to-end tests and the Electron stand-in use. Plain JavaScript for Node 20 and later.
import { accessSync, constants, existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** The path of a Chromium: the one that CHROMIUM names, Playwright's own, or the system's; `undefined` when there is none. */
export function findChromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM
  return playwrightsOwn() ?? NAMES.map(onPath).find(path => path !== undefined)
}

/** A program's path, looked for as a shell would. */
export function onPath(name) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map(folder => join(folder, name))
    .find(isExecutable)
}

function playwrightsOwn() {
  try {
    const path = createRequire(import.meta.url)('playwright-core').chromium.executablePath()
    return existsSync(path) ? path : undefined
  } catch {
    return undefined // not installed yet, or no build of it for this platform
  }
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
