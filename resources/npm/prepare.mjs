// What every `npm` command here needs first: the dependencies, the build, and the Node that the lockfile pins.
// Plain JavaScript for Node 20 and later: it runs before anything is installed.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './child.mjs'

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')

/** The first Node with all that the sources use: synchronous zstd, type stripping, `registerHooks`. */
const OLDEST_NODE = [24, 6]

/** What a build must have made, and what it is made from. */
const OUTPUTS = [
  'out/main/desktop.js',
  'out/main/cli.js',
  'out/main/broker.js',
  'out/main/startCluster.js',
  'out/preload/preload.cjs',
  'out/renderer/index.html',
]
const SOURCES = ['src-main', 'src-renderer', 'electron.vite.config.ts', 'package-lock.json']

/** Runs `npm ci` when node_modules is missing or is not what the lockfile says. */
export async function install() {
  if (isInstalled()) return
  note('Installing dependencies (npm ci) …')
  const status = await npm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'])
  if (status !== 0) throw new Failure('npm ci failed; see above.')
}

/** Builds when something in `out` is missing or older than a source. */
export async function build({ force = false } = {}) {
  if (!force && isBuilt()) return
  note('Building …')
  const status = await run(await pinnedNode(), [tool('electron-vite', 'bin/electron-vite.js'), 'build', '--logLevel', 'warn'], {
    cwd: root,
    env: await environment(),
  })
  if (status !== 0) throw new Failure('The build failed; see above.')
}

/** The Node binary that everything runs on, whatever Node started npm. */
export async function pinnedNode() {
  const pinned = join(root, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (existsSync(pinned)) return pinned
  if (isRecent(process.versions.node)) return process.execPath
  // Without its install script (npm ci --ignore-scripts) the package has no binary; the script can be run later.
  if (existsSync(join(root, 'node_modules/node/package.json'))) {
    note('Fetching the pinned Node (npm rebuild node) …')
    await npm(['rebuild', 'node', '--loglevel=error'])
    if (existsSync(pinned)) return pinned
  }
  throw new Failure(
    `Trilog runs on Node ${OLDEST_NODE.join('.')} or newer, and this is ${process.versions.node}. The lockfile brings one along, but its ` +
      'install script did not run or there is none for this platform: allow install scripts and run `npm ci`, or start npm with a newer Node.',
  )
}

/** The environment of every child: `node` and the installed tools come first in its PATH. */
export async function environment(extra = {}) {
  const path = [dirname(await pinnedNode()), join(root, 'node_modules/.bin'), process.env.PATH ?? ''].join(delimiter)
  return { ...process.env, ...extra, PATH: path }
}

/** A file of an installed package, by its path inside the package. */
export const tool = (name, path) => join(root, 'node_modules', name, path)

/** Something the user can mend: its message is all there is to say, a stack would not help. */
export class Failure extends Error {}

/** Runs a script's body and turns its outcome into the exit status. */
export async function main(body) {
  try {
    process.exitCode = await body(process.argv.slice(2))
  } catch (failure) {
    console.error(failure instanceof Failure ? `\n${failure.message}` : failure)
    process.exitCode = 1
  }
}

/** Progress goes to stderr: stdout belongs to results. */
export const note = text => console.error(text)

function isInstalled() {
  const [wanted, found] = [join(root, 'package-lock.json'), join(root, 'node_modules/.package-lock.json')]
  if (!existsSync(found)) return false
  if (statSync(found).mtimeMs >= statSync(wanted).mtimeMs) return true
  // Newer, but perhaps only touched by a checkout: what counts is whether the same packages are there.
  const [lock, installed] = [wanted, found].map(path => JSON.parse(readFileSync(path, 'utf8')).packages)
  return Object.entries(lock).every(([path, { version, integrity, optional }]) => {
    if (path === '') return true
    const have = installed[path]
    return have === undefined ? optional === true : have.version === version && have.integrity === integrity
  })
}

function isBuilt() {
  const outputs = OUTPUTS.map(path => join(root, path))
  if (!outputs.every(path => existsSync(path))) return false
  const oldestOutput = Math.min(...outputs.map(path => statSync(path).mtimeMs))
  return SOURCES.every(path => newestIn(join(root, path)) <= oldestOutput)
}

/** Folders count too: theirs is the only time that tells of a deleted file. */
function newestIn(path) {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return 0
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(stat.mtimeMs, ...readdirSync(path).map(name => newestIn(join(path, name))))
}

function isRecent(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])
}

/** npm as it was started, so that no other npm on the PATH takes over. */
function npm(args) {
  const cli = process.env.npm_execpath
  if (cli?.endsWith('npm-cli.js')) return run(process.execPath, [cli, ...args], { cwd: root })
  return run('npm', args, { cwd: root, shell: process.platform === 'win32' })
}
