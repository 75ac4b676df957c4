import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { quoted } from '../../cluster/clusterFolder.ts'
import { nodeProcesses } from '../../env/node/processes.ts'
import { defaultDirectory, openHost, rendererFiles, type Host, type HostOptions } from '../host.ts'
import { HostStart } from '../hostStart.ts'
import { WebFace } from '../web/webFace.ts'
import type { UpCommand } from './commandLine.ts'

/** Runs the cluster and the browser face until it is told to stop. Resolves with the exit status. */
export async function up(command: UpCommand): Promise<number> {
  if (command.detach) return upDetached(command)
  const startedAt = performance.now()
  const ended = Promise.withResolvers<number>()
  ended.promise.catch(() => undefined) // a close that fails is thrown by the `finally` below, too
  let host: Host | undefined = undefined as Host | undefined
  let isToStop = false
  const stopped = Promise.withResolvers<undefined>()
  const stop = () => {
    isToStop = true
    stopped.resolve(undefined)
    host?.close().then(() => ended.resolve(0), ended.reject)
  }
  // From the beginning, because a signal that nobody listens for ends us with things half made. A second Ctrl-C changes nothing.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  if (process.connected) {
    process.once('disconnect', stop) // whoever started us with a channel is gone
    process.channel?.unref() // but the channel is no reason to stay once all is stopped
  }
  const options: HostOptions = {
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
  }
  const isWatched = command.open && !command.json
  const watched = isWatched ? await openOrSayWhy(options, stopped.promise) : { host: await openHost(options), isShown: false }
  if (watched === undefined) return 1
  host = watched.host
  try {
    if (isToStop) return 0
    if (!isWatched) await host.local.startAll()
    if (!isWatched || (await startWatched(host))) say(command, host, performance.now() - startedAt)
    if (command.open && !watched.isShown) openInBrowser(host.url)
    return await ended.promise
  } catch (error) {
    if (host.isClosing) return await ended.promise // a start that was interrupted did not fail
    throw error
  } finally {
    await host.close()
  }
}

/**
 * Who wants a browser looks there: when the cluster cannot be opened, a page says why and can try again. Undefined when it was interrupted before there
 * was a cluster.
 */
async function openOrSayWhy(
  options: HostOptions,
  stopped: Promise<undefined>,
): Promise<{ readonly host: Host; readonly isShown: boolean } | undefined> {
  const face = await WebFace.open({ port: options.webPort, files: options.files }, nodeProcesses())
  const opened = Promise.withResolvers<Host>()
  const start = new HostStart({ ...options, face }, opened.resolve)
  face.serveBy(channel => start.serve(channel))
  const isShown = (await start.open()) !== null
  if (isShown) {
    process.stderr.write(`What can be done about it: ${face.url}\nCtrl-C gives up.\n`)
    openInBrowser(face.url)
  }
  const host = await Promise.race([opened.promise, stopped])
  if (host !== undefined) return { host, isShown }
  await start.close()
  await face.close()
  return undefined
}

/** Whether all have started. A broker that does not is no reason to take away the screens, which tell why and can start it again. */
async function startWatched(host: Host): Promise<boolean> {
  try {
    await host.local.startAll()
    return true
  } catch (error) {
    if (host.isClosing) throw error
    process.stderr.write(`trilog: ${error instanceof Error ? error.message : String(error)}\nThe app shows the brokers: ${host.url}\n`)
    return false
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
