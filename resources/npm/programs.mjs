// Programs that tests use when the machine has them. Plain JavaScript for Node 20 and later.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'

const CHROMIUMS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** The system's own second: another one may come first on the PATH and know nothing of the system's packages. */
const PYTHONS = ['python3', '/usr/bin/python3']

/** The path of a Chromium: the one that CHROMIUM names, Playwright's own, or the system's; `undefined` when there is none. */
export function findChromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM
  return playwrightsOwn() ?? CHROMIUMS.map(onPath).find(path => path !== undefined)
}

/** The first Python that can import the module, `undefined` when none can.
 * @param {string} module */
export function findPython(module) {
  return PYTHONS.find(python => spawnSync(python, ['-c', `import ${module}`], { stdio: 'ignore' }).status === 0)
}

/** A program's path, looked for as a shell would.
 * @param {string} name */
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
