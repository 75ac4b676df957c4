import { dirname, resolve } from 'node:path'
import { faultyNetwork } from '../env/faults/faultyNetwork.ts'
import { LinkFaults } from '../env/faults/linkFaults.ts'
import { nodeEnv } from '../env/node/env.ts'
import { brokerLinks, faultsByLink } from './brokerLinks.ts'
import type { FromBroker, ToBroker } from './control.ts'
import { readServerConfig } from './config.ts'
import { describeError, jsonLogger } from './jsonLogger.ts'
import { Server } from './server.ts'
import { tellOf } from './telling.ts'

// A reader of our lines that is gone must not end us before we have stopped in order.
process.stdout.on('error', () => undefined)
process.stderr.on('error', () => undefined)

const env = nodeEnv()
const logger = jsonLogger(
  () => env.clock.now(),
  process.env.TRILOG_LOG === 'debug' ? 'debug' : 'info',
  line => process.stdout.write(line),
)
const linkFaults = new LinkFaults()
let untaken = 0
const tell = (message: FromBroker) => {
  if (!process.connected) return // the supervisor's end, told by `disconnect`
  untaken += 1
  process.send?.(message, () => (untaken -= 1))
}

/** Longer than a supervisor waits before it kills. A broker whose supervisor is gone must not hold its ports and its folder for ever. */
const STOP_WITHIN_MS = 40_000
/** Messages that the supervisor may have left unread before it is spared the figures. */
const UNTAKEN_MESSAGES = 100

/** How long a broker waits at a time for the image to show what the controller told it. */
const IMAGE_MS = 1_000

let server: Server | undefined
let stopping: Promise<void> | undefined

/** Stops once, in order, and ends the process. */
function stop(exitCode: number, options: { handOver: boolean }): Promise<void> {
  return (stopping ??= (async () => {
    env.clock.after(STOP_WITHIN_MS, () => {
      logger.error('the broker did not stop in time')
      process.exit(1)
    })
    try {
      await server?.stop(options)
    } catch (error) {
      logger.error('the broker did not stop in order', { error })
      exitCode = 1
    }
    process.exit(exitCode)
  })())
}

/** Nothing is trusted after this: the next start recovers, as after a crash. */
function die(cause: unknown): never {
  const message = cause instanceof Error ? describeError(cause) : String(cause)
  logger.error('the broker ends', { cause })
  tell({ type: 'failed', message })
  process.exit(1)
}

process.on('uncaughtException', die)
process.on('unhandledRejection', die)
process.on('SIGTERM', () => void stop(0, { handOver: true }))
process.on('SIGINT', () => void stop(0, { handOver: true }))
process.on('message', (message: ToBroker) => {
  switch (message.type) {
    case 'stop':
      void stop(0, message)
      break
    case 'faults':
      linkFaults.replaceAll(faultsByLink(message.links))
      break
  }
})
// The supervisor is gone: the others are stopping too, so nobody is left to hand leaderships to.
process.on('disconnect', () => void stop(0, { handOver: false }))

try {
  const [file] = process.argv.slice(2)
  if (file === undefined) throw new Error('Usage: broker FILE.properties')
  const config = readServerConfig((await env.disk.readFile(file)).toString('utf8'), dirname(resolve(file)))
  const network = faultyNetwork(env.network, { ...env, ...brokerLinks(config), faults: linkFaults })
  server = await Server.start({ ...env, network }, { config, logger, listeners: { failed: die } })
  tellOf(server, env.clock, {
    tell,
    isBehind: () => untaken > UNTAKEN_MESSAGES,
    usage: () => ({ memoryBytes: process.memoryUsage.rss(), cpuMs: process.cpuUsage().user / 1000 + process.cpuUsage().system / 1000 }),
  })
  await untilUnfenced(server)
  await server.serveClients()
  tell({ type: 'listening' })
  tell({ type: 'ready', brokerEpoch: server.lifecycle.brokerEpoch })
  logger.info('ready', { clients: `${config.client.host}:${config.client.port}`, brokerEpoch: server.lifecycle.brokerEpoch })
} catch (error) {
  if (stopping === undefined) die(error)
  await stopping
}

/** By the controller's word, and in this broker's own image too: from that it tells its first client who is there. */
async function untilUnfenced({ lifecycle, metadata, nodeId }: Server): Promise<void> {
  if (lifecycle.standing !== 'unfenced') {
    await new Promise<void>(resolve => lifecycle.onStanding(standing => standing === 'unfenced' && resolve()))
  }
  const isInImage = ({ brokers }: typeof metadata.image) => {
    const self = brokers.get(nodeId)
    return self?.brokerEpoch === lifecycle.brokerEpoch && !self.fenced
  }
  while (!(await metadata.reaches(isInImage, IMAGE_MS)));
}
