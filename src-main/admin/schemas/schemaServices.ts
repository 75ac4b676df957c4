import type { Served } from '../../contract/operations.ts'
import type { RegistryInput, SchemaAssignment, SchemaPart, schemas, SchemaTrouble, SchemaVersion } from '../../contract/schemas.ts'
import type { Clock } from '../../env/env.ts'
import type { Schemas } from '../formats/schemas.ts'
import { ClusterSchemas, loaded } from './clusterSchemas.ts'
import { codecOf } from './codec.ts'
import type { RegisteredSchema } from './registryClient.ts'
import { RegistryUnreachable, type RegistryHttp } from './registryHttp.ts'
import { NoSchema, troubleOf } from './registryTrouble.ts'
import { namesOf, type SchemaFiles } from './schemaFiles.ts'
import { settingsInMemory, withAssignment, type RegistryAccess, type SettingsKeeper } from './schemaSettings.ts'
import type { LoadedSchema } from './schemaTable.ts'
import { SchemaWriter } from './schemaWriter.ts'

export interface SchemaServices {
  readonly schemas: Served<typeof schemas>
  /** For whoever decodes the records of a cluster. */
  schemasOf(clusterId: string): Schemas
  /** Finds the schema by which a part of a topic is written: for whoever writes many. Both it and what it gives throw what `troubleOf` explains. */
  writerOf(place: SchemaPlace): Promise<(text: string) => Buffer>
}

export interface SchemaPlace {
  readonly clusterId: string
  readonly topic: string
  readonly part: SchemaPart
}

/** What the host gives. */
export interface SchemaServicesOptions {
  readonly http: RegistryHttp
  readonly files: SchemaFiles
  readonly settings: SettingsKeeper
}

/** For hosts that give nothing: what is chosen is kept as long as this object lives. */
export const noSchemaSources = (): SchemaServicesOptions => ({ http: noRegistryHttp, files: noSchemaFiles, settings: settingsInMemory() })

/** Schemas of any cluster: from its registry, and from files. */
export function schemaServices(clock: Clock, { http, files, settings }: SchemaServicesOptions): SchemaServices {
  const clusters = new Map<string, ClusterSchemas>()
  const of = (clusterId: string): ClusterSchemas => {
    const known = clusters.get(clusterId)
    if (known !== undefined) return known
    const made = new ClusterSchemas(clock, { http, files, settings: () => settings.read(clusterId) })
    clusters.set(clusterId, made)
    return made
  }
  const change = async (clusterId: string, next: ReturnType<SettingsKeeper['read']>) => {
    const kept = settings.write(clusterId, next)
    of(clusterId).forget()
    await kept
  }

  return {
    schemasOf: of,
    writerOf: async ({ clusterId, topic, part }) => {
      const writer = new SchemaWriter(await of(clusterId).toWriteWith(topic, part, null), `${topic}-${part}`)
      return text => writer.write(text).bytes
    },
    schemas: {
      settings: async ({ clusterId }) => {
        const { registry } = settings.read(clusterId)
        return { registry: registry && { url: registry.url, auth: registry.auth, user: registry.user, hasSecret: registry.secret !== '' } }
      },
      setRegistry: async ({ clusterId, registry }) => {
        const before = settings.read(clusterId)
        await change(clusterId, { ...before, registry: registry && accessOf(registry, before.registry) })
      },
      tryRegistry: ({ clusterId, registry }) =>
        outcome(async () => {
          const client = of(clusterId).clientFor(accessOf(registry, settings.read(clusterId).registry))
          return { subjects: (await client.subjects()).length }
        }),
      subjects: ({ clusterId }) => outcome(() => of(clusterId).registry().subjects()),
      versions: ({ clusterId, subject }) => outcome(() => of(clusterId).registry().versions(subject)),
      version: ({ clusterId, subject, version }) =>
        outcome(async () => versionOf(await of(clusterId).registry().version(subject, version))),
      byId: ({ clusterId, id }) => outcome(async () => versionOf(await of(clusterId).registry().schema({ id }))),
      assignments: async ({ clusterId, topic }) => {
        const { key = null, value = null } = settings.read(clusterId).topics[topic] ?? {}
        return { key, value }
      },
      assign: ({ clusterId, topic, part, assignment }) =>
        change(clusterId, withAssignment(settings.read(clusterId), topic, part, assignment)),
      look: ({ clusterId, assignment }) =>
        outcome(async () => {
          if (assignment.kind === 'subject') return versionOf(await of(clusterId).registry().latest(assignment.subject))
          return lookIntoFiles(of(clusterId), files, assignment)
        }),
      encode: ({ clusterId, topic, part, text, using }) =>
        outcome(async () => {
          const schema = await of(clusterId).toWriteWith(topic, part, using)
          const { bytes, unchecked, facts } = new SchemaWriter(schema, `${topic}-${part}`).write(text)
          return { bytes: new Uint8Array(bytes), schema: facts, unchecked: [...unchecked] }
        }),
    },
  }
}

async function outcome<Found>(
  find: () => Promise<Found>,
): Promise<{ outcome: 'found'; found: Found } | { outcome: 'failed'; trouble: SchemaTrouble }> {
  try {
    return { outcome: 'found', found: await find() }
  } catch (problem) {
    return { outcome: 'failed', trouble: troubleOf(problem) }
  }
}

/** A secret that was kept goes to the address for which it was set, and to no other. */
function accessOf({ secret, ...input }: RegistryInput, before: RegistryAccess | null): RegistryAccess {
  const isSame = before !== null && before.url === input.url && before.auth === input.auth
  return { ...input, secret: input.auth === 'none' ? '' : (secret ?? (isSame ? before.secret : '')) }
}

function versionOf(registered: RegisteredSchema): SchemaVersion {
  const place = registered.places[0]
  return shown(loaded(registered), { id: registered.id, subject: place?.subject ?? null, version: place?.version ?? null })
}

function shown({ source }: LoadedSchema, place: Pick<SchemaVersion, 'id' | 'subject' | 'version'>): SchemaVersion {
  const base = { format: source.format, text: source.text, references: [...source.references], ...place }
  try {
    return { ...base, names: [...codecOf(source).names], trouble: null }
  } catch (problem) {
    return { ...base, names: [], trouble: troubleOf(problem) }
  }
}

/** Of a folder in which nothing was chosen yet, what could be. */
async function lookIntoFiles(
  cluster: ClusterSchemas,
  files: SchemaFiles,
  assignment: SchemaAssignment & { kind: 'file' },
): Promise<SchemaVersion> {
  const nowhere = { id: null, subject: null, version: null }
  const found = (await files.read(assignment.path, undefined))!
  const names = namesOf(found)
  const isFolder = found.chosen === null
  if (isFolder && assignment.message === null && names.length > 0) {
    return { format: 'avro', text: '', references: [], ...nowhere, names, trouble: null }
  }
  const version = shown(await cluster.find(assignment), nowhere)
  // The files beside it are only what it could have imported.
  return { ...version, references: [], names: isFolder ? names : version.names }
}

/** For hosts without a way to registries. */
export const noRegistryHttp: RegistryHttp = {
  get: async () => {
    throw new RegistryUnreachable('There is no way to a registry here')
  },
}

/** For hosts without files: nothing is there. */
export const noSchemaFiles: SchemaFiles = {
  read: async path => {
    throw new NoSchema('noFile', `There is no ${path} here`)
  },
}
