import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { NO_SETTINGS, type ClusterSettings, type SettingsKeeper } from '../../admin/schemas/schemaSettings.ts'
import { RegistryAuth, SchemaAssignment } from '../../contract/schemas.ts'

const OfTopic = z.object({ key: SchemaAssignment.optional(), value: SchemaAssignment.optional() })
const Kept = z.object({
  clusters: z.record(
    z.string(),
    z.object({
      registry: z.object({ url: z.string(), auth: RegistryAuth, user: z.string(), secret: z.string() }).nullable(),
      topics: z.record(z.string(), OfTopic),
    }),
  ),
})

/** Registries and their secrets, and which schemas were chosen: in a file that only its owner can read. */
export class SchemaSettingsFile implements SettingsKeeper {
  readonly #path: string
  #clusters: Readonly<Record<string, ClusterSettings>>
  #writing: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
    this.#clusters = keptIn(path)
  }

  read(clusterId: string): ClusterSettings {
    return Object.hasOwn(this.#clusters, clusterId) ? this.#clusters[clusterId]! : NO_SETTINGS
  }

  write(clusterId: string, settings: ClusterSettings): Promise<void> {
    this.#clusters = { ...this.#clusters, [clusterId]: settings }
    const written = this.#writing.then(() => this.#replace())
    this.#writing = written.catch(() => undefined) // told to whoever asked for it; the next one may succeed
    return written
  }

  async #replace(): Promise<void> {
    const fresh = `${this.#path}.${randomBytes(4).toString('hex')}`
    try {
      await writeFile(fresh, `${JSON.stringify({ clusters: this.#clusters })}\n`, { mode: 0o600, flag: 'wx' })
      await rename(fresh, this.#path)
    } finally {
      await rm(fresh, { force: true })
    }
  }
}

/** None of a file that is not there, or makes no sense: what was chosen can be chosen again. */
function keptIn(path: string): Readonly<Record<string, ClusterSettings>> {
  try {
    return (Kept.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data?.clusters ?? {}) as Readonly<Record<string, ClusterSettings>>
  } catch (problem) {
    if (problem instanceof SyntaxError || (problem as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw problem
  }
}
