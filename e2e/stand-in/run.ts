// electron [--no-sandbox] [--inspect=0] [--remote-debugging-port=0] <folder of the app | its main file> [arguments of the app]
import { readFileSync, statSync } from 'node:fs'
import inspector from 'node:inspector'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

declare global {
  var __playwright_run: (() => void) | undefined
}

const args = process.argv.slice(2)
const appAt = args.findIndex(arg => !arg.startsWith('-'))
const flags = appAt < 0 ? args : args.slice(0, appAt)
const given = resolve(appAt < 0 ? '.' : args[appAt]!)
const entry = statSync(given).isDirectory() ? join(given, mainOf(given)) : given
process.argv = [process.argv[0]!, entry, ...(appAt < 0 ? [] : args.slice(appAt + 1))]

// Playwright evaluates require('electron') in this process.
globalThis.require ??= createRequire(import.meta.url)

/** A driver attaches first, and says when the app may be ready. */
let driverIsAttached: Promise<void> | undefined
if (flags.some(flag => flag.startsWith('--inspect'))) {
  inspector.open(0)
  driverIsAttached = new Promise(attached => {
    globalThis.__playwright_run = attached
  })
}

const { app } = await import('./app.ts') // looks for the app's package beside process.argv[1]
app.start(driverIsAttached)
await import(pathToFileURL(entry).href)

function mainOf(folder: string): string {
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { main: string }).main
}
