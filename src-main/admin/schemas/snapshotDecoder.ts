import type { OpenSnapshot, SchemaSnapshot } from '../formats/schemas.ts'
import { chosenName, type SchemaEntry, type SchemaTable } from './schemaTable.ts'
import { TableDecoder } from './tableDecoder.ts'

interface Taken extends SchemaSnapshot {
  readonly hasRegistry: boolean
  readonly topic: string
  readonly chosen: readonly string[]
  readonly entries: readonly (readonly [string, SchemaEntry])[]
}

/** The decoder inside a worker: it knows what `ClusterSchemas.snapshot` knew, and asks nobody. */
export const openSchemaSnapshot: OpenSnapshot = snapshot => {
  const { hasRegistry, topic, chosen, entries } = snapshot as Taken
  const byName = new Map(entries)
  const table: SchemaTable = {
    hasRegistry,
    entry: name => byName.get(name),
    chosen: (of, part) => (of === topic && chosen.includes(part) ? chosenName(topic, part) : undefined),
    isStale: () => false,
  }
  return new TableDecoder(table)
}
