import type { RegistryAuth, SchemaAssignment, SchemaPart } from '../../contract/schemas.ts'

/** A cluster's registry, with its secret: never leaves the host. */
export interface RegistryAccess {
  readonly url: string
  readonly auth: RegistryAuth
  readonly user: string
  readonly secret: string
}

export type TopicSchemas = Readonly<Partial<Record<SchemaPart, SchemaAssignment>>>

/** What was chosen about the schemas of one cluster. */
export interface ClusterSettings {
  readonly registry: RegistryAccess | null
  readonly topics: Readonly<Record<string, TopicSchemas>>
}

export const NO_SETTINGS: ClusterSettings = { registry: null, topics: {} }

/** Where that is kept over restarts, readable by its owner only. */
export interface SettingsKeeper {
  read(clusterId: string): ClusterSettings
  /** In force at once; resolves when it is kept. */
  write(clusterId: string, settings: ClusterSettings): Promise<void>
}

/** Kept as long as this object lives. */
export function settingsInMemory(): SettingsKeeper {
  const kept = new Map<string, ClusterSettings>()
  return {
    read: clusterId => kept.get(clusterId) ?? NO_SETTINGS,
    write: async (clusterId, settings) => void kept.set(clusterId, settings),
  }
}

/** The value of the header that says who asks. */
export function authorizationOf({ auth, user, secret }: Pick<RegistryAccess, 'auth' | 'user' | 'secret'>): string | null {
  if (auth === 'none') return null
  return auth === 'bearer' ? `Bearer ${secret}` : `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`
}

export function withAssignment(
  settings: ClusterSettings,
  topic: string,
  part: SchemaPart,
  assignment: SchemaAssignment | null,
): ClusterSettings {
  const { [part]: _, ...others } = settings.topics[topic] ?? {}
  const ofTopic: TopicSchemas = assignment === null ? others : { ...others, [part]: assignment }
  const { [topic]: __, ...rest } = settings.topics
  return { ...settings, topics: Object.keys(ofTopic).length === 0 ? rest : { ...rest, [topic]: ofTopic } }
}
