// npm start: installs and builds what is missing, starts the cluster and opens the app. Arguments go to the host: npm start -- --port 29092
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { build, environment, install, main, note, pinnedNode, root, tool } from './prepare.mjs'
import { run } from './child.mjs'

/** A binary of 100 MB on an ordinary line. Where there is no way out at all, the attempt fails within seconds. */
const DOWNLOAD_MS = 120_000
/** A desktop app that ends by itself this early did not start. */
const STARTED_MS = 5000

const FACES = ['--desktop', '--browser']

await main(async args => {
  const wanted = FACES.find(face => args.includes(face))
  const hostArgs = args.filter(arg => !FACES.includes(arg))
  await install()
  await build()

  if (wanted !== '--browser' && hasDisplay()) {
    const electron = await electronBinary({ again: wanted === '--desktop' })
    if (electron !== undefined) {
      const startedAt = Date.now()
      const status = await run(electron, ['.', ...hostArgs], { alone: true, cwd: root, env: await environment() })
      if (status === 0 || status === 130 || status === 143 || Date.now() - startedAt > STARTED_MS) return status
      note(`Electron ended with status ${status} at once; opening the browser face instead.`)
    }
  }
  return run(await pinnedNode(), [join(root, 'out/main/cli.js'), 'up', '--open', ...hostArgs], {
    alone: true,
    cwd: root,
    env: await environment(),
  })
})

/** Chromium's sandbox does not work for root, and the app is not run without it. */
function hasDisplay() {
  if (process.getuid?.() === 0) return false
  return process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)
}

/** Electron's npm package fetches its binary on first use. A refusal is remembered until the next install, so that no later start waits for it. */
async function electronBinary({ again }) {
  const installer = tool('electron', 'install.js')
  if (!existsSync(installer)) return undefined
  const present = installedElectron()
  if (present !== undefined) return present

  const refusal = join(root, 'node_modules/.cache/trilog/electron-refused')
  if (existsSync(refusal) && !again) return undefined
  note('Fetching Electron, this once; where it cannot be had, the app opens in the browser …')
  const status = await run(await pinnedNode(), [installer], { quiet: true, timeoutMs: DOWNLOAD_MS, env: await environment() })
  const fetched = status === 0 ? installedElectron() : undefined
  if (fetched === undefined) {
    mkdirSync(dirname(refusal), { recursive: true })
    writeFileSync(refusal, 'Electron could not be downloaded. Try again with: npm start -- --desktop\n')
    note('Electron could not be had. (npm start -- --desktop tries again.)')
  }
  return fetched
}

function installedElectron() {
  const pathFile = tool('electron', 'path.txt')
  if (!existsSync(pathFile)) return undefined
  const binary = tool('electron', join('dist', readFileSync(pathFile, 'utf8')))
  return existsSync(binary) ? binary : undefined
}
