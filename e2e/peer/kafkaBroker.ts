import { spawn, type ChildProcess } from 'node:child_process'
import { createWriteStream, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { NetworkError } from '../../src-main/env/env.ts'
import { nodeEnv } from '../../src-main/env/node/env.ts'
import { formatJavaProperties } from '../../src-main/protocol/files/javaProperties.ts'
import { DescribeCluster } from '../../src-main/protocol/messages/describeCluster.ts'
import { KafkaConnection } from '../../src-main/wire/client.ts'
import { eventually } from '../cluster/builtCluster.ts'
import { classpath, runKafka } from './kafka.ts'

const START_MS = 90_000

/** One broker of Apache Kafka, its own controller, over a log folder. */
export class KafkaBroker {
  readonly port: number
  readonly #process: ChildProcess
  readonly #ended: Promise<unknown>

  /** `format` makes the folder new, as Kafka's own tool does; else it is started on what is there. */
  static async start(
    work: string,
    {
      logDir,
      format,
      settings = {},
    }: { readonly logDir: string; readonly format: boolean; readonly settings?: Readonly<Record<string, string>> },
  ): Promise<KafkaBroker> {
    const [port, controllerPort] = await freePorts()
    const config = join(work, 'server.properties')
    const quorum = format
      ? { 'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}` }
      : { 'controller.quorum.voters': `1@127.0.0.1:${controllerPort}` }
    const properties = {
      'process.roles': 'broker,controller',
      'node.id': '1',
      listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
      'controller.listener.names': 'CONTROLLER',
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      'log.dirs': logDir,
      // Who registered before is not waited for any longer than it takes.
      'broker.session.timeout.ms': '2000',
      'broker.heartbeat.interval.ms': '500',
      'offsets.topic.replication.factor': '1',
      'offsets.topic.num.partitions': '2',
      'transaction.state.log.replication.factor': '1',
      'transaction.state.log.min.isr': '1',
      'transaction.state.log.num.partitions': '2',
      ...quorum,
      ...settings,
    }
    writeFileSync(config, formatJavaProperties(Object.entries(properties)))
    if (format) {
      const { status, stderr } = await runKafka(
        'kafka.tools.StorageTool',
        'format',
        '--standalone',
        '-t',
        'AQIDBAUGBwgJCgsMDQ4PEA',
        '-c',
        config,
      )
      if (status !== 0) throw new Error(`Kafka's storage tool ended with ${status}: ${stderr}`)
    }
    const broker = new KafkaBroker(port, config, join(work, 'kafka.out'))
    try {
      await broker.#untilReady()
    } catch (problem) {
      await broker.stop()
      throw problem
    }
    return broker
  }

  private constructor(port: number, config: string, output: string) {
    this.port = port
    this.#process = spawn('java', ['-Xmx1g', '-cp', classpath ?? '', 'kafka.Kafka', config], { stdio: ['ignore', 'pipe', 'pipe'] })
    const to = createWriteStream(output)
    this.#process.stdout?.pipe(to, { end: false })
    this.#process.stderr?.pipe(to, { end: false })
    this.#ended = new Promise(resolve => this.#process.once('close', resolve))
    void this.#ended.then(() => to.end())
  }

  connect(): Promise<KafkaConnection> {
    return KafkaConnection.open(
      nodeEnv(),
      { host: '127.0.0.1', port: this.port },
      { clientId: 'peer', connectTimeoutMs: 2_000, requestTimeoutMs: 30_000, negotiate: true },
    )
  }

  async #untilReady(): Promise<void> {
    await eventually(
      'Apache Kafka serves clients',
      async () => {
        if (this.#process.exitCode !== null) throw new Error(`Apache Kafka ended with ${this.#process.exitCode}`)
        let connection: KafkaConnection | undefined
        try {
          connection = await this.connect()
          return (await connection.send(DescribeCluster, { includeClusterAuthorizedOperations: false })).brokers.length === 1
        } catch (problem) {
          if (problem instanceof NetworkError) return false // not yet
          throw problem
        } finally {
          connection?.close()
        }
      },
      START_MS,
    )
  }

  /** In order, as SIGTERM asks for; gone when this resolves. */
  async stop(): Promise<void> {
    this.#process.kill('SIGTERM')
    await this.#ended
  }
}

/** Two that were free a moment ago, which is all that can be known. */
async function freePorts(): Promise<readonly [number, number]> {
  const servers = [createServer(), createServer()]
  const ports: number[] = []
  for (const server of servers) {
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    ports.push((server.address() as AddressInfo).port)
  }
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
  return [ports[0] ?? 0, ports[1] ?? 0]
}
