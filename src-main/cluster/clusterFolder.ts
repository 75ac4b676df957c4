import { join } from 'node:path'
import { z } from 'zod'
import { randomUuid } from '../base/uuid.ts'
import type { Disk, Random } from '../env/env.ts'
import { encodeMetaProperties } from '../protocol/files/metaProperties.ts'
import type { Profile } from '../server/config.ts'

const ClusterFile = z.object({
  version: z.literal(1),
  clusterId: z.string(),
  brokers: z.number().int().min(1),
  port: z.number().int(),
  profile: z.enum(['dev', 'kafka-defaults']),
  settings: z.record(z.string(), z.string()),
})
export type ClusterFile = z.infer<typeof ClusterFile>

/** The folder of one local cluster: `cluster.json`, `broker-<id>/` (its log dir), `broker-<id>.properties`, `logs/broker-<id>.log`. */
export class ClusterFolder {
  readonly path: string
  readonly #disk: Disk
  readonly #random: Random

  constructor(env: { readonly disk: Disk; readonly random: Random }, path: string) {
    this.#disk = env.disk
    this.#random = env.random
    this.path = path
  }

  brokerDirectory(brokerId: number): string {
    return join(this.path, `broker-${brokerId}`)
  }

  propertiesFile(brokerId: number): string {
    return join(this.path, `broker-${brokerId}.properties`)
  }

  logFile(brokerId: number): string {
    return join(this.path, 'logs', `broker-${brokerId}.log`)
  }

  /** `undefined` when there is no cluster in the folder yet. Throws when the file is not one this version wrote. */
  async read(): Promise<ClusterFile | undefined> {
    const path = join(this.path, 'cluster.json')
    if ((await this.#disk.stat(path)) === undefined) return undefined
    const parsed = ClusterFile.safeParse(parseJson((await this.#disk.readFile(path)).toString('utf8')))
    if (parsed.success) return parsed.data
    throw new Error(`${path} is not a cluster of this version: ${z.prettifyError(parsed.error)}. Choose another folder with --data`)
  }

  async write(file: ClusterFile): Promise<void> {
    await this.#disk.makeDirectory(this.path)
    await this.#disk.makeDirectory(join(this.path, 'logs'))
    await this.#disk.replaceFile(join(this.path, 'cluster.json'), Buffer.from(`${JSON.stringify(file, undefined, 2)}\n`))
  }

  newClusterId(): string {
    return randomUuid(count => this.#random.bytes(count))
  }

  /** Gives the broker an empty log dir that belongs to this cluster, as `kafka-storage format` does. Leaves a formatted one alone. */
  async format(brokerId: number, clusterId: string): Promise<void> {
    const directory = this.brokerDirectory(brokerId)
    const file = join(directory, 'meta.properties')
    if ((await this.#disk.stat(file)) !== undefined) return
    await this.#disk.makeDirectory(directory)
    const directoryId = randomUuid(count => this.#random.bytes(count))
    await this.#disk.replaceFile(file, encodeMetaProperties({ version: 1, clusterId, nodeId: brokerId, directoryId }))
  }

  /** Everything the broker has on disk is gone afterwards. The process must not run. */
  async wipe(brokerId: number): Promise<void> {
    const directory = this.brokerDirectory(brokerId)
    if ((await this.#disk.stat(directory)) === undefined) return
    const doomed = `${directory}.wiped`
    await this.#disk.remove(doomed)
    await this.#disk.rename(directory, doomed) // a crash half-way must not leave a half-empty log dir that looks like a whole one
    await this.#disk.syncDirectory(this.path)
    await this.#disk.remove(doomed)
  }

  async writeProperties(brokerId: number, text: string): Promise<void> {
    await this.#disk.replaceFile(this.propertiesFile(brokerId), Buffer.from(text))
  }

  async remove(): Promise<void> {
    await this.#disk.remove(this.path)
  }
}

export interface ClusterShape {
  readonly brokers: number
  readonly port: number
  readonly profile: Profile
  readonly settings: Readonly<Record<string, string>>
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // what it should have been is said by the schema
  }
}
