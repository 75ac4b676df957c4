import type { DecodeProblem } from '../../contract/formats.ts'
import type { DecodeContext } from '../formats/decoded.ts'
import type { SchemaSource } from './codec.ts'
import type { SchemaMark } from './wireFormat.ts'

/** One schema that was asked for: it, or why it is not there. */
export type SchemaEntry =
  | {
      readonly source: SchemaSource
      readonly origin: 'registry' | 'file'
      readonly id: number | null
      readonly places: readonly { readonly subject: string; readonly version: number }[]
      /** Of several messages in it, which one bare data is; null is the first. */
      readonly message: string | null
    }
  /** `isUnknown`: the registry does not have it, so that the bytes may be something else. */
  | { readonly problem: DecodeProblem; readonly isUnknown: boolean }

export type LoadedSchema = Extract<SchemaEntry, { readonly source: SchemaSource }>

export type LackingSchema = Exclude<SchemaEntry, LoadedSchema>

export const isLoaded = (entry: SchemaEntry | undefined): entry is LoadedSchema => entry !== undefined && 'source' in entry

/** All that a decoder knows. */
export interface SchemaTable {
  readonly hasRegistry: boolean
  /** `undefined` when it was not asked for yet. */
  entry(name: string): SchemaEntry | undefined
  /** The name of the entry that somebody chose for these records; `undefined` when nobody did. */
  chosen(topic: string, part: DecodeContext['part']): string | undefined
  /** Whether it is to be asked for (again). */
  isStale(name: string): boolean
}

export const markName = (mark: SchemaMark): string => ('id' in mark ? `id ${mark.id}` : `guid ${mark.guid}`)

/** The reverse of `markName`; `undefined` when the name is of another kind. */
export function markOfName(name: string): SchemaMark | undefined {
  const [, kind, value = ''] = /^(id|guid) (.+)$/.exec(name) ?? []
  if (kind === undefined) return undefined
  return kind === 'id' ? { id: Number(value) } : { guid: value }
}

/** How the schema that was chosen for records is called. */
export const chosenName = (topic: string, part: DecodeContext['part']): string => `chosen ${part} ${topic}`
