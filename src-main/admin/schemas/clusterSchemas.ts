import { Lru } from '../../base/lru.ts'
import type { SchemaAssignment, SchemaPart } from '../../contract/schemas.ts'
import type { Clock } from '../../env/env.ts'
import type { SchemaDecoder, Schemas, SchemaSnapshot } from '../formats/schemas.ts'
import { RegistryClient, type RegisteredSchema } from './registryClient.ts'
import type { RegistryHttp } from './registryHttp.ts'
import { NoSchema, troubleOf } from './registryTrouble.ts'
import { SchemaProblem } from './schemaProblem.ts'
import { sourceIn, type FoundFiles, type SchemaFiles } from './schemaFiles.ts'
import { authorizationOf, type ClusterSettings, type RegistryAccess } from './schemaSettings.ts'
import { chosenName, isLoaded, markName, markOfName, type LoadedSchema, type SchemaEntry, type SchemaTable } from './schemaTable.ts'
import { TableDecoder } from './tableDecoder.ts'

const MAX_ENTRIES = 2_000
/** Whoever waits for a page of records waits no longer for its schemas; they may still come for the next. */
const LOAD_MS = 6_000
/** After so long, files are looked at again, and so is a registry that failed or did not have something. */
const FILE_MS = 2_000
const FAILED_MS = 10_000
const SUBJECT_MS = 30_000
/** Of each of a topic's subjects, the newest versions go to who searches the whole topic. */
const SNAPSHOT_VERSIONS = 50

interface Held {
  readonly entry: SchemaEntry
  readonly until: number
  /** Of files: what they were like when they were read. */
  readonly stamp?: string
}

/** The schemas of one cluster: what is known of them, and how to get at the others. */
export class ClusterSchemas implements Schemas, SchemaTable {
  readonly decoder: SchemaDecoder
  readonly #clock: Clock
  readonly #http: RegistryHttp
  readonly #files: SchemaFiles
  readonly #settings: () => ClusterSettings
  readonly #held = new Lru<string, Held>(MAX_ENTRIES)
  readonly #loading = new Map<string, Promise<void>>()
  #client: { readonly access: RegistryAccess; readonly client: RegistryClient } | undefined

  constructor(
    clock: Clock,
    options: { readonly http: RegistryHttp; readonly files: SchemaFiles; readonly settings: () => ClusterSettings },
  ) {
    this.#clock = clock
    this.#http = options.http
    this.#files = options.files
    this.#settings = options.settings
    this.decoder = new TableDecoder(this)
  }

  get hasRegistry(): boolean {
    return this.#settings().registry !== null
  }

  entry(name: string): SchemaEntry | undefined {
    return this.#held.get(name)?.entry
  }

  chosen(topic: string, part: SchemaPart): string | undefined {
    return this.#settings().topics[topic]?.[part] === undefined ? undefined : chosenName(topic, part)
  }

  isStale(name: string): boolean {
    const held = this.#held.get(name)
    return held === undefined || this.#clock.elapsed() >= held.until
  }

  async load(topic: string, names: ReadonlySet<string>): Promise<void> {
    const all = Promise.all([...names].map(name => this.#load(topic, name)))
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const timer = this.#clock.after(LOAD_MS, resolve)
    await Promise.race([all, late])
    timer.cancel()
    for (const name of names) {
      if (this.entry(name) === undefined)
        this.#hold(
          name,
          { problem: problemOf(new NoSchema('unreachable', `It did not come within ${LOAD_MS / 1_000} s`)), isUnknown: false },
          FAILED_MS,
        )
    }
  }

  async snapshot(topic: string): Promise<SchemaSnapshot | null> {
    const parts = (['key', 'value'] as const).filter(part => this.chosen(topic, part) !== undefined)
    const names = parts.map(part => chosenName(topic, part))
    const ofTopic = await Promise.all((['key', 'value'] as const).map(part => this.#registered(`${topic}-${part}`)))
    for (const each of ofTopic.flat()) if (each.id !== null) this.#hold(markName({ id: each.id }), loaded(each), Infinity)
    await this.load(topic, new Set(names))
    const entries = [...this.#held.keys()].map(name => [name, this.entry(name)!] as const)
    const ofOthers = (name: string) => name.startsWith('chosen ') && !names.includes(name)
    const kept = entries.filter(([name, entry]) => isLoaded(entry) && !ofOthers(name))
    if (kept.length === 0) return null
    return { hasRegistry: this.hasRegistry, topic, chosen: parts, entries: kept }
  }

  /** The way to the registry as it is set now; throws `NoSchema` when none is. */
  registry(): RegistryClient {
    const { registry: access } = this.#settings()
    if (access === null) throw new NoSchema('noRegistry', 'No schema registry is set for this cluster')
    if (this.#client === undefined || this.#client.access !== access) {
      this.#client = { access, client: this.clientFor(access) }
    }
    return this.#client.client
  }

  clientFor(access: RegistryAccess): RegistryClient {
    return new RegistryClient(this.#clock, this.#http, { url: access.url, authorization: authorizationOf(access) })
  }

  /** The settings have changed: what was known may be of another registry. */
  forget(): void {
    this.#held.clear()
  }

  /** Whatever an assignment leads to now. Rejects with `NoSchema` or a `SchemaProblem`. */
  async find(assignment: SchemaAssignment): Promise<LoadedSchema> {
    if (assignment.kind === 'subject') return loaded(await this.registry().latest(assignment.subject), assignment.message)
    return fromFiles((await this.#files.read(assignment.path, undefined))!, assignment.message)
  }

  /** What data is written with: what `using` says, what was chosen for the topic, or the latest version of the topic's subject. Rejects as `find`. */
  toWriteWith(topic: string, part: SchemaPart, using: SchemaAssignment | null): Promise<LoadedSchema> {
    const chosen = using ?? this.#settings().topics[topic]?.[part]
    return this.find(chosen ?? { kind: 'subject', subject: `${topic}-${part}`, message: null })
  }

  /** Never rejects: what went wrong is in the entry. */
  #load(topic: string, name: string): Promise<void> {
    const running = this.#loading.get(name)
    if (running !== undefined) return running
    const load = async () => {
      try {
        let settings: ClusterSettings
        let held: Held
        do {
          settings = this.#settings()
          held = await this.#fetchOrProblem(topic, name)
        } while (this.#settings() !== settings) // what was found for settings that are no more is not kept
        this.#held.set(name, held)
      } finally {
        this.#loading.delete(name)
      }
    }
    const loading = load()
    this.#loading.set(name, loading)
    return loading
  }

  async #fetchOrProblem(topic: string, name: string): Promise<Held> {
    try {
      return await this.#fetch(topic, name)
    } catch (problem) {
      const isUnknown = problem instanceof NoSchema && problem.code === 'notFound'
      return { entry: { problem: problemOf(problem), isUnknown }, until: this.#clock.elapsed() + FAILED_MS }
    }
  }

  async #fetch(topic: string, name: string): Promise<Held> {
    const mark = markOfName(name)
    if (mark !== undefined) return { entry: loaded(await this.registry().schema(mark)), until: Infinity }
    const part = name === chosenName(topic, 'key') ? 'key' : 'value'
    const assignment = this.#settings().topics[topic]?.[part]
    if (assignment === undefined) throw new NoSchema('notFound', 'Nothing was chosen for these records')
    if (assignment.kind === 'subject') return { entry: await this.find(assignment), until: this.#clock.elapsed() + SUBJECT_MS }
    const held = this.#held.get(name)
    const known = isLoaded(held?.entry) && held.entry.message === assignment.message ? held : undefined
    const files = await this.#files.read(assignment.path, known?.stamp)
    const until = this.#clock.elapsed() + FILE_MS
    if (files === undefined) return { ...known!, until }
    return { entry: fromFiles(files, assignment.message), until, stamp: files.stamp }
  }

  /** None of a subject that is not there; none when the registry cannot be asked. */
  async #registered(subject: string): Promise<readonly RegisteredSchema[]> {
    try {
      const registry = this.registry()
      const versions = await registry.versions(subject)
      return await Promise.all(versions.slice(-SNAPSHOT_VERSIONS).map(version => registry.version(subject, version)))
    } catch (problem) {
      if (problem instanceof NoSchema) return []
      throw problem
    }
  }

  #hold(name: string, entry: SchemaEntry, forMs: number): void {
    this.#held.set(name, { entry, until: this.#clock.elapsed() + forMs })
  }
}

/** As it comes from a registry, with what is in it of use to who decodes. */
export function loaded({ source, id, places }: RegisteredSchema, message: string | null = null): LoadedSchema {
  return { source, origin: 'registry', id, places, message }
}

function fromFiles(files: FoundFiles, message: string | null): LoadedSchema {
  return { source: sourceIn(files, message), origin: 'file', id: null, places: [], message }
}

function problemOf(problem: unknown) {
  if (!(problem instanceof NoSchema || problem instanceof SchemaProblem)) throw problem
  return { code: 'schemaMissing', details: { what: troubleOf(problem).what } } as const
}
