import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { quoted } from '../../cluster/clusterFolder.ts'
import { defaultDirectory, openHost, rendererFiles, type Host } from '../host.ts'
import type { UpCommand } from './commandLine.ts'

/** Runs the cluster and the browser face until it is told to stop. Resolves with the exit status. */
export async function up(command: UpCommand): Promise<number> {
  if (command.detach) return upDetached(command)
  const startedAt = performance.now()
  const ended = Promise.withResolvers<number>()
  ended.promise.catch(() => undefined) // a close that fails is thrown by the `finally` below, too
  let host: Host | undefined = undefined as Host | undefined
  let isToStop = false
  const stop = () => {
    isToStop = true
    host?.close().then(() => ended.resolve(0), ended.reject)
  }
  // From the beginning, because a signal that nobody listens for ends us with things half made. A second Ctrl-C changes nothing.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  if (process.connected) {
    process.once('disconnect', stop) // whoever started us with a channel is gone
    process.channel?.unref() // but the channel is no reason to stay once all is stopped
  }
  host = await openHost({
    kind: 'web',
    webPort: command.webPort,
    files: rendererFiles(),
    directory: command.directory,
    brokers: command.brokers,
    logDirs: command.logDirs,
    port: command.port,
    profile: command.profile,
    settings: command.settings,
    restartDied: command.restartDied,
    onShutdown: () => ended.resolve(0),
  })
  try {
    if (isToStop) return 0
    await host.local.startAll()
    say(command, host, performance.now() - startedAt)
    if (command.open) openInBrowser(host.url)
    return await ended.promise
  } catch (error) {
    if (host.isClosing) return await ended.promise // a start that was interrupted did not fail
    throw error
  } finally {
    await host.close()
  }
}

function say(command: UpCommand, host: Host, readyMs: number) {
  const { local, url } = host
  const brokers = local.brokerIds.map(id => ({ id, pid: local.pidOf(id), port: local.portOf(id), dir: local.folder.brokerDirectory(id) }))
  if (command.json) {
    const ready = {
      bootstrap: local.bootstrapServers,
      url,
      data: command.directory,
      pid: process.pid,
      brokers,
      readyMs: Math.round(readyMs),
    }
    process.stdout.write(`${JSON.stringify(ready)}\n`)
    return
  }
  process.stdout.write(
    `${brokers.length} brokers are ready after ${(readyMs / 1000).toFixed(1)} s, data in ${command.directory}\n` +
      `  Bootstrap servers  ${local.bootstrapServers}\n` +
      `  App                ${url}\n` +
      'Ctrl-C stops everything.\n',
  )
}

/** The same command in a process of its own, which stays when this one has told what it said. */
async function upDetached(command: UpCommand): Promise<number> {
  const args = process.argv.slice(2).filter(arg => arg !== '--detach' && arg !== '--json')
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', ...args, '--json'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // Until it stays on its own, it is ours to stop.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill('SIGTERM'))
  const complaints: string[] = []
  createInterface({ input: child.stderr }).on('line', line => complaints.push(line))
  const firstLine = new Promise<string | undefined>(resolve => {
    createInterface({ input: child.stdout }).once('line', resolve)
    child.once('close', () => resolve(undefined))
  })
  const line = await firstLine
  if (line === undefined) {
    process.stderr.write(`${complaints.join('\n')}\n`)
    return 1
  }
  if (command.json) process.stdout.write(`${line}\n`)
  else {
    const ready = JSON.parse(line) as { bootstrap: string; url: string; brokers: unknown[]; readyMs: number }
    process.stdout.write(
      `${ready.brokers.length} brokers are ready after ${(ready.readyMs / 1000).toFixed(1)} s and stay, data in ${command.directory}\n` +
        `  Bootstrap servers  ${ready.bootstrap}\n` +
        `  App                ${ready.url}\n` +
        `Stop them with \`${downOf(command.directory)}\`.\n`,
    )
  }
  child.stdout.destroy()
  child.stderr.destroy()
  child.unref()
  return 0
}

/** The command that ends what was started, as it is to be typed. */
const downOf = (directory: string) => (directory === defaultDirectory() ? 'trilog down' : `trilog down --data ${quoted(directory)}`)

/** Best effort: the address was printed, and on a machine without a browser that is what one needs. */
function openInBrowser(url: string) {
  const [program, ...args] =
    process.platform === 'darwin' ? ['open', url] : process.platform === 'win32' ? ['cmd', '/c', 'start', '', url] : ['xdg-open', url]
  const child = spawn(program ?? 'xdg-open', args, { stdio: 'ignore', detached: true })
  child.on('error', () => undefined)
  child.unref()
}
