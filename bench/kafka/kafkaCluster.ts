import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatJavaProperties } from '../../src-main/protocol/files/javaProperties.ts'
import type { ClusterOptions, MeasuredCluster, TimedStart } from '../cluster.ts'
import { guard, spawnGuarded } from '../guard.ts'
import { untilServed } from '../topics.ts'
import { jvmFlags, propertiesOf, type KafkaNode } from './settings.ts'

const CLUSTER_ID = 'AQIDBAUGBwgJCgsMDQ4PEA'
const READY_WITHIN_MS = 300_000
/** Below what systems give to outgoing connections: a broker that is started again has to find its port free. */
const PORTS = { from: 20_000, to: 32_000 }

/** Three nodes of Apache Kafka in a folder of their own, each broker and controller. */
export class KafkaCluster implements MeasuredCluster {
  readonly #classpath: string
  readonly #folder: string
  readonly #nodes: readonly KafkaNode[]
  readonly #running = new Map<number, ReturnType<typeof spawnGuarded>>()
  readonly #callOff: () => void

  /** Formats empty folders with Kafka's own tool, then starts all nodes at once; timed from there until every broker knows all as serving. */
  static async start(
    classpath: string,
    { brokers = 3, settings = {} }: ClusterOptions = {},
  ): Promise<TimedStart & { cluster: KafkaCluster }> {
    const folder = await mkdtemp(join(tmpdir(), 'kafka-bench-'))
    const ports = await freePorts(brokers * 2)
    const nodes = Array.from({ length: brokers }, (_, index) => ({
      nodeId: index + 1,
      port: ports[index]!,
      controllerPort: ports[brokers + index]!,
      folder: join(folder, String(index + 1)),
    }))
    for (const node of nodes) {
      mkdirSync(node.folder)
      writeFileSync(configOf(node), formatJavaProperties(Object.entries(propertiesOf(node, nodes, settings))))
    }
    const cluster = new KafkaCluster(classpath, folder, nodes)
    try {
      const formatAt = performance.now()
      await Promise.all(nodes.map(node => cluster.#format(node)))
      const startAt = performance.now()
      for (const node of nodes) cluster.#spawn(node)
      await cluster.#untilServed(cluster.brokerIds)
      return { formatMs: startAt - formatAt, readyMs: performance.now() - startAt, cluster }
    } catch (problem) {
      await cluster.stop()
      throw problem
    }
  }

  private constructor(classpath: string, folder: string, nodes: readonly KafkaNode[]) {
    this.#classpath = classpath
    this.#folder = folder
    this.#nodes = nodes
    this.#callOff = guard('folder', folder).callOff
  }

  get brokerIds(): readonly number[] {
    return this.#nodes.map(each => each.nodeId)
  }

  get bootstrapServers(): string {
    return this.#nodes.map(each => `127.0.0.1:${each.port}`).join(',')
  }

  portOf(brokerId: number): number {
    return this.#node(brokerId).port
  }

  pidOf(brokerId: number): number | null {
    return this.#running.get(brokerId)?.pid ?? null
  }

  async kill(brokerId: number): Promise<void> {
    const running = this.#running.get(brokerId)
    running?.child.kill('SIGKILL')
    await running?.ended
  }

  async start(brokerId: number): Promise<void> {
    if (!this.#running.has(brokerId)) this.#spawn(this.#node(brokerId))
    await this.#untilServed([brokerId])
  }

  /** At once: the folders go as well. */
  async stop(): Promise<void> {
    await Promise.all(this.brokerIds.map(id => this.kill(id)))
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    this.#callOff()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  #node(brokerId: number): KafkaNode {
    const node = this.#nodes.find(each => each.nodeId === brokerId)
    if (node === undefined) throw new RangeError(`there is no broker ${brokerId}`)
    return node
  }

  async #format(node: KafkaNode): Promise<void> {
    const { child, ended } = this.#java(node, ['-Xmx256M'], 'kafka.tools.StorageTool', ['format', '-t', CLUSTER_ID, '-c', configOf(node)])
    await ended
    if (child.exitCode !== 0) throw new Error(`Kafka's storage tool ended with ${child.exitCode}: ${lastWordsOf(node)}`)
  }

  #spawn(node: KafkaNode): void {
    const running = this.#java(node, jvmFlags, 'kafka.Kafka', [configOf(node)])
    this.#running.set(node.nodeId, running)
    void running.ended.then(() => this.#running.delete(node.nodeId))
  }

  #java(node: KafkaNode, flags: readonly string[], mainClass: string, args: readonly string[]) {
    const log = openSync(join(node.folder, 'output'), 'a')
    try {
      return spawnGuarded('java', [...flags, '-cp', this.#classpath, mainClass, ...args], ['ignore', log, log])
    } finally {
      closeSync(log)
    }
  }

  async #untilServed(brokerIds: readonly number[]): Promise<void> {
    const dead = () => brokerIds.find(id => !this.#running.has(id))
    await untilServed(this, brokerIds, READY_WITHIN_MS, () => {
      const id = dead()
      if (id !== undefined) throw new Error(`Apache Kafka's broker ${id} has ended: ${lastWordsOf(this.#node(id))}`)
    })
  }
}

const configOf = (node: KafkaNode) => join(node.folder, 'server.properties')

const lastWordsOf = (node: KafkaNode) => readFileSync(join(node.folder, 'output'), 'utf8').slice(-2_000)

/** So many that are free now, which is all that can be known. */
async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = []
  for (let port = PORTS.from + (process.pid % 1_000) * 10; ports.length < count; port = port >= PORTS.to ? PORTS.from : port + 1) {
    if (await isFree(port)) ports.push(port)
  }
  return ports
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const free = await new Promise<boolean>(resolve => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => resolve(true))
  })
  await new Promise(resolve => server.close(resolve))
  return free
}
