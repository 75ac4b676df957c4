// What the tests would like to find on the machine, fetched where that is allowed: a Chromium, and Kafka clients that we did not write.
import { existsSync, readFileSync } from 'node:fs'
import { findChromium, findPython, onPath } from './programs.mjs'
import { run } from './child.mjs'
import { note } from './prepare.mjs'

const APT_MS = 300_000

/** A thing, the Debian packages that bring it, and the parts of the tests that want it. */
const wishes = [
  {
    name: 'a Chromium (set CHROMIUM to its path)',
    packages: ['chromium', 'fonts-dejavu-core'],
    parts: ['e2e'],
    isThere: () => findChromium() !== undefined,
  },
  { name: 'kcat', packages: ['kcat'], parts: ['process'], isThere: () => onPath('kcat') !== undefined },
  {
    name: "Python's confluent_kafka",
    packages: ['python3-confluent-kafka'],
    parts: ['process'],
    isThere: () => findPython('confluent_kafka') !== undefined,
  },
  { name: "Python's kafka", packages: ['python3-kafka'], parts: ['process'], isThere: () => findPython('kafka') !== undefined },
  {
    name: "what Python's kafka needs for snappy, lz4 and zstd",
    packages: ['python3-snappy', 'python3-lz4', 'python3-zstandard'],
    parts: ['process'],
    isThere: () => findPython('kafka, snappy, lz4.frame, zstandard') !== undefined,
  },
]

/** Says in one line what is missing and cannot be had; the tests that need it are skipped then. Never fails. */
export async function equip(parts) {
  const missing = () => wishes.filter(wish => wish.parts.some(part => parts.includes(part)) && !wish.isThere())
  const lacking = missing()
  if (lacking.length === 0) return
  if (mayInstall()) {
    note(`Installing ${lacking.flatMap(wish => wish.packages).join(' ')} (apt-get) …`)
    await apt(lacking.flatMap(wish => wish.packages))
  }
  const names = missing().map(wish => wish.name)
  if (names.length > 0) note(`Missing on this machine, so the tests that need it are skipped: ${names.join(', ')}`)
}

/** Elsewhere Debian's package names would not fit (Ubuntu's chromium, for one, is not a browser but a pointer to another store). */
function mayInstall() {
  return (
    process.getuid?.() === 0 &&
    onPath('apt-get') !== undefined &&
    existsSync('/etc/os-release') &&
    /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'))
  )
}

async function apt(packages) {
  const options = { quiet: true, timeoutMs: APT_MS, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }
  const install = names => run('apt-get', ['install', '-y', '--no-install-recommends', ...names], options)
  await run('apt-get', ['update'], options)
  // One package that is not to be had must not keep the others away.
  if ((await install(packages)) !== 0) for (const name of packages) await install([name])
}
