/** What a config belongs to, as numbered on the wire. */
export const configResourceType = { TOPIC: 2, BROKER: 4, BROKER_LOGGER: 8, CLIENT_METRICS: 16, GROUP: 32 } as const
export type ConfigResourceType = (typeof configResourceType)[keyof typeof configResourceType]

/** The broker resource whose values hold for every broker that has none of its own. */
export const CLUSTER_DEFAULT = ''

/** The key of a resource in `MetadataImage.configs`. */
export function configKey(type: number, name: string): string {
  return `${type}:${name}`
}

/** The resource of a key: the other way round. */
export function configResourceOf(key: string): { readonly type: number; readonly name: string } {
  const colon = key.indexOf(':')
  return { type: Number(key.slice(0, colon)), name: key.slice(colon + 1) }
}
