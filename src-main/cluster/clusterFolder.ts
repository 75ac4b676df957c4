import { join } from 'node:path'
import { z } from 'zod'
import { randomUuid, ZERO_UUID } from '../base/uuid.ts'
import { DiskError, type Disk, type DiskLock, type Random } from '../env/env.ts'
import { decodeMetaProperties, encodeMetaProperties } from '../protocol/files/metaProperties.ts'
import { encodeQuorumState, QUORUM_STATE_FILE } from '../protocol/files/quorumState.ts'

const ClusterFile = z.object({
  version: z.literal(1),
  clusterId: z.string(),
  /** True until every broker's disk was made ready for the first time. */
  isNew: z.boolean().default(false),
  brokers: z.number().int().min(1),
  /** Log folders of each broker. */
  logDirs: z.number().int().min(1).default(1),
  port: z.number().int(),
  profile: z.enum(['dev', 'kafka-defaults']),
  settings: z.record(z.string(), z.string()),
})
export type ClusterFile = z.infer<typeof ClusterFile>

const NOTHING_PROMISED = { leaderId: -1, leaderEpoch: 0, votedId: -1, votedDirectoryId: ZERO_UUID }

/**
 * The folder of one local cluster: `cluster.json`, `broker-<id>/` (its log dir), `broker-<id>-disk-<k>/` (its other log dirs, from 2 on, where it has
 * more), `broker-<id>.properties`, `logs/broker-<id>.log`, `lag.db` (what the host notes down of consumer groups), and `.lock` while somebody holds it.
 * What ends in `.wiped` a crash left of a wipe; it is nobody's.
 */
export class ClusterFolder {
  readonly path: string
  readonly #disk: Disk
  readonly #random: Random

  constructor(env: { readonly disk: Disk; readonly random: Random }, path: string) {
    this.#disk = env.disk
    this.#random = env.random
    this.path = path
  }

  /** The broker's first log dir, which has the metadata log. */
  brokerDirectory(brokerId: number): string {
    return join(this.path, `broker-${brokerId}`)
  }

  /** All log dirs of a broker that has so many. */
  brokerDirectories(brokerId: number, logDirs: number): string[] {
    const first = this.brokerDirectory(brokerId)
    return Array.from({ length: logDirs }, (_, index) => (index === 0 ? first : `${first}-disk-${index + 1}`))
  }

  propertiesFile(brokerId: number): string {
    return join(this.path, `broker-${brokerId}.properties`)
  }

  logFile(brokerId: number): string {
    return join(this.path, 'logs', `broker-${brokerId}.log`)
  }

  /** Makes the folder where there is none, and holds it. Throws when another cluster holds it (names its pid), or when it cannot be written. */
  async hold(): Promise<DiskLock> {
    try {
      await this.#disk.makeDirectory(this.path)
      return await this.#disk.lock(join(this.path, '.lock'))
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      if (error.code === 'ELOCKED') {
        throw new Error(
          `Another cluster holds ${this.path}: ${error.message}. Stop it with \`trilog down --data ${quoted(this.path)}\`, or choose another folder with --data`,
          { cause: error },
        )
      }
      throw new Error(`${this.path} cannot be a cluster's folder: ${error.message}. Choose another with --data`, { cause: error })
    }
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

  /**
   * Gives the broker an empty log dir that belongs to this cluster, as `kafka-storage format` does. Leaves a formatted one alone; throws when it is
   * another cluster's. Further log dirs are the broker's to format: it knows from the first one whose they are.
   *
   * `isNewVoter`: the cluster is new, so that this voter has promised nothing to anybody, which its `quorum-state` tells. A disk without that file may be
   * one that was destroyed, and its voter has to learn from the others first what it may have forgotten.
   */
  async format(brokerId: number, clusterId: string, { isNewVoter = false } = {}): Promise<void> {
    const directory = this.brokerDirectory(brokerId)
    const file = join(directory, 'meta.properties')
    for (const name of await this.#namesOf(brokerId)) if (name.endsWith('.wiped')) await this.#disk.remove(join(this.path, name))
    if ((await this.#disk.stat(file)) !== undefined) {
      const found = decodeMetaProperties(await this.#disk.readFile(file))
      if (found.clusterId === clusterId && found.nodeId === brokerId) return
      throw new Error(
        `${directory} belongs to broker ${found.nodeId} of cluster ${found.clusterId}, not to broker ${brokerId} of cluster ${clusterId}. ` +
          'It was left as it is: move it away, or choose another folder with --data',
      )
    }
    await this.#disk.makeDirectory(directory)
    if (isNewVoter) {
      const metadataLog = join(directory, '__cluster_metadata-0')
      await this.#disk.makeDirectory(metadataLog)
      await this.#disk.replaceFile(join(metadataLog, QUORUM_STATE_FILE), encodeQuorumState(NOTHING_PROMISED))
    }
    const directoryId = randomUuid(count => this.#random.bytes(count))
    await this.#disk.replaceFile(file, encodeMetaProperties({ version: 1, clusterId, nodeId: brokerId, directoryId }))
  }

  /** Everything the broker has on disk is gone afterwards. The process must not run. */
  async wipe(brokerId: number): Promise<void> {
    const names = await this.#namesOf(brokerId)
    const directories = names.filter(name => !name.endsWith('.wiped')).map(name => join(this.path, name))
    for (const directory of directories) {
      await this.#disk.remove(`${directory}.wiped`)
      await this.#disk.rename(directory, `${directory}.wiped`) // a crash half-way must not leave a half-empty log dir that looks like a whole one
    }
    await this.#disk.syncDirectory(this.path)
    for (const directory of directories) await this.#disk.remove(`${directory}.wiped`)
  }

  /** Of the broker's log dirs, and of what was left of them. */
  async #namesOf(brokerId: number): Promise<string[]> {
    if ((await this.#disk.stat(this.path)) === undefined) return []
    const entries = await this.#disk.list(this.path)
    return entries.map(each => each.name).filter(name => new RegExp(`^broker-${brokerId}(-disk-\\d+)?(\\.wiped)?$`).test(name))
  }

  async writeProperties(brokerId: number, text: string): Promise<void> {
    await this.#disk.replaceFile(this.propertiesFile(brokerId), Buffer.from(text))
  }

  /**
   * Removes the cluster: what it made, and the folder when nothing else is in it. Other people's files in it stay, and a folder without a cluster stays
   * as it is: a slip in `--data` must not cost anybody anything. Returns whether there was a cluster. To be called while the folder is held.
   */
  async remove(): Promise<boolean> {
    if ((await this.#disk.stat(join(this.path, 'cluster.json'))) === undefined) return false
    const all = await this.#disk.list(this.path)
    // The file that says what this is goes last, so that after a crash the rest can be removed by asking again.
    const own = all
      .map(entry => entry.name)
      .filter(name =>
        /^(broker-\d+(\.properties|(-disk-\d+)?(\.wiped)?)|logs|(host|guard)\.json(\.[\da-f]+)?|lag\.db(-wal|-shm|\.unusable-\d+(-wal|-shm)?)?)$/.test(
          name,
        ),
      )
    for (const name of [...own, 'cluster.json']) await this.#disk.remove(join(this.path, name))
    const left = await this.#disk.list(this.path)
    if (left.every(entry => entry.name === '.lock')) await this.#disk.remove(this.path)
    return true
  }
}

/** As a shell takes it. */
/** A path as a word of a command line. */
export const quoted = (path: string) => (/[^\w./\\:-]/.test(path) ? `"${path}"` : path)

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // what it should have been is said by the schema
  }
}
