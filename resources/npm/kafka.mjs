// Apache Kafka's own programs, to hold ours against: from where KAFKA_HOME points, or by way of Maven. Nothing of it is part of this repository.
// Plain JavaScript for Node 20 and later.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { run } from './child.mjs'
import { onPath } from './programs.mjs'

export const KAFKA_VERSION = '4.3.1'

/** The broker, the tools, and a logger that says nothing: what is compared is what the tools print. */
const ARTIFACTS = [
  ['org.apache.kafka', 'kafka_2.13', KAFKA_VERSION],
  ['org.apache.kafka', 'kafka-tools', KAFKA_VERSION],
  ['org.slf4j', 'slf4j-nop', '1.7.36'],
]
const RESOLVE_MS = 600_000

/**
 * A class path with Apache Kafka's broker and tools; `undefined` when there is none and none can be had: no Java, no KAFKA_HOME, no Maven, or no way out
 * for it. What Maven brought is kept for the next time.
 * @returns {Promise<string | undefined>}
 */
export async function kafkaClasspath() {
  if (onPath('java') === undefined) return undefined
  const home = process.env.KAFKA_HOME
  if (home) return jarsIn(join(home, 'libs'))
  const folder = join(cacheFolder(), `kafka-${KAFKA_VERSION}`)
  return jarsIn(folder) ?? ((await resolved(folder)) ? jarsIn(folder) : undefined)
}

function jarsIn(folder) {
  const jars = existsSync(folder) ? readdirSync(folder).filter(name => name.endsWith('.jar')) : []
  return jars.length === 0 ? undefined : jars.map(name => join(folder, name)).join(delimiter)
}

/** All or nothing: a folder that was begun by somebody who was interrupted has another name. */
async function resolved(folder) {
  if (onPath('mvn') === undefined) return false
  mkdirSync(cacheFolder(), { recursive: true })
  const work = mkdtempSync(`${folder}.`)
  try {
    writeFileSync(join(work, 'pom.xml'), pom())
    const args = ['-q', '-B', '-f', join(work, 'pom.xml'), 'dependency:copy-dependencies', '-DincludeScope=runtime']
    const status = await run('mvn', [...args, `-DoutputDirectory=${join(work, 'libs')}`], { quiet: true, timeoutMs: RESOLVE_MS })
    if (status !== 0 || jarsIn(join(work, 'libs')) === undefined) return false
    if (!existsSync(folder)) renameSync(join(work, 'libs'), folder)
    return true
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function pom() {
  const dependencies = ARTIFACTS.map(
    ([group, artifact, version]) =>
      `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`,
  )
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>trilog</groupId><artifactId>peer</artifactId><version>1</version>
<dependencies>${dependencies.join('')}</dependencies></project>`
}

function cacheFolder() {
  if (process.platform === 'win32' && process.env.LOCALAPPDATA) return join(process.env.LOCALAPPDATA, 'trilog', 'cache')
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'trilog')
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'trilog')
}
