import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { contract } from '../contract/contract.ts'
import { askOver } from '../contract/asker.ts'
import type { Channel, Frame } from '../contract/channel.ts'
import type { Host, HostOptions } from './host.ts'
import { HostStart } from './hostStart.ts'

let folder: string
let taken: Server
let start: HostStart
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trilog-start-'))
  taken = createServer()
  await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  await start.close()
  await free()
  await rm(folder, { recursive: true })
})

const free = () => new Promise<void>(resolve => void taken.close(() => resolve()))

function starting(port: number, opened: (host: Host) => void = () => undefined): HostStart {
  const options: HostOptions = {
    kind: 'web',
    webPort: 0,
    files: undefined,
    directory: join(folder, 'data'),
    brokers: 3,
    port,
    profile: undefined,
    settings: {},
    restartDied: false,
    onShutdown: () => undefined,
  }
  return (start = new HostStart(options, opened))
}

/** A page, as a transport would connect it. */
function page() {
  const listeners: { host?: (frame: Frame) => void; page?: (frame: Frame) => void } = {}
  const end = (of: 'host' | 'page', to: 'host' | 'page'): Channel => ({
    post: frame => queueMicrotask(() => listeners[to]?.(frame)),
    onFrame: listen => (listeners[of] = listen),
    onClose: () => undefined,
    close: () => undefined,
  })
  const bridge = askOver(contract, end('page', 'host'))
  start.serve(end('host', 'page'))
  return bridge
}

it('says who has the port and where there is room, and starts there or where it was to', async () => {
  const { port } = taken.address() as AddressInfo
  const opened: Host[] = []
  const failure = await starting(port - 1, host => opened.push(host)).open()
  expect(failure).toMatchObject({
    message: expect.stringContaining(`Port ${port} is in use by`),
    directory: join(folder, 'data'),
    port: { port, brokerId: 2, holder: process.platform === 'linux' ? { pid: process.pid } : null },
  })
  expect(failure?.lines.map(({ isCause }) => isCause)).toEqual([false, true, false])
  const { first, last } = failure!.port!.instead!
  expect([(first - port + 1) % 100, last - first]).toEqual([0, 2])

  const bridge = page()
  expect(await bridge.app.startFailure({})).toEqual(failure)
  await expect(bridge.topics.list({ clusterId: 'local' })).rejects.toMatchObject({ code: 'UNKNOWN_OPERATION' })
  expect(await bridge.app.startAgain({ port: null })).toMatchObject({ port: { port }, lines: { length: 6 } })
  expect(opened).toHaveLength(0)

  expect(await bridge.app.startAgain({ port: first })).toBe(null)
  expect(opened.map(host => host.local.portOf(1))).toEqual([first])
  expect(await page().app.startFailure({})).toBe(null)
  expect(await page().app.info({})).toMatchObject({ clusters: [{ clusterId: 'local' }] })
})

it('says what else is wrong, and looks again when it is asked to', async () => {
  await writeFile(join(folder, 'data'), 'not a folder')
  expect(await starting(0).open()).toMatchObject({ message: expect.stringContaining("cannot be a cluster's folder"), port: null })
  await rm(join(folder, 'data'))
  expect(await page().app.startAgain({ port: null })).toBe(null)
  expect(start.host).toBeDefined()
})
