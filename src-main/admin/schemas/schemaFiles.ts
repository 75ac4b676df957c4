import type { SchemaFormat } from '../../contract/formats.ts'
import { codecOf, type SchemaSource } from './codec.ts'
import type { ProtoText } from './protobuf/file.ts'
import { NoSchema } from './registryTrouble.ts'
import { SchemaProblem } from './schemaProblem.ts'

/** What lies at a path that somebody chose. */
export interface FoundFiles {
  /** Changes when one of the files does. */
  readonly stamp: string
  /** The file at the path itself; null when it is a folder. Its name as in `files`. */
  readonly chosen: string | null
  /** Schemas beside it or below it, by their paths from that folder, with `/`: the chosen one, and what it may import. */
  readonly files: readonly ProtoText[]
}

/** Files of the host's machine, which the host reads. Only schemas: `.avsc`, `.proto`, `.json`. */
export interface SchemaFiles {
  /** Rejects with `NoSchema` (`noFile`). `known`: the stamp of what is known already; undefined is answered when nothing has changed since. */
  read(path: string, known: string | undefined): Promise<FoundFiles | undefined>
}

const FORMATS: Readonly<Record<string, SchemaFormat>> = { avsc: 'avro', proto: 'protobuf', json: 'jsonSchema' }
const formatOf = (name: string): SchemaFormat | undefined => FORMATS[name.slice(name.lastIndexOf('.') + 1).toLowerCase()]

/** The schema that was chosen: the file, or of a folder the file that has the record or message. Throws `NoSchema`. */
export function sourceIn({ chosen, files }: FoundFiles, message: string | null): SchemaSource {
  if (chosen !== null) return sourceOf(chosen, files)
  const candidates = files.map(({ name }) => sourceOf(name, files))
  if (message === null && candidates.length === 1) return candidates[0]!
  const found = candidates.find(source => message !== null && namesIn(source).includes(message))
  if (found !== undefined) return found
  if (files.length === 0) throw new NoSchema('noFile', 'There are no .avsc or .proto files in this folder')
  throw new NoSchema(
    'noFile',
    message === null ? 'Which of the schemas in this folder it is has to be chosen' : `No file in this folder has ${message}`,
  )
}

/** All that could be chosen. */
export function namesOf({ chosen, files }: FoundFiles): string[] {
  const sources = (chosen === null ? files.map(({ name }) => name) : [chosen]).map(name => sourceOf(name, files))
  return [...new Set(sources.flatMap(namesIn))].sort()
}

function sourceOf(name: string, files: readonly ProtoText[]): SchemaSource {
  const format = formatOf(name)
  if (format === undefined) throw new NoSchema('noFile', 'Schemas are in files that end in .avsc, .proto or .json')
  const text = files.find(each => each.name === name)?.text ?? ''
  return { format, text, references: files.filter(each => each.name !== name && formatOf(each.name) === format) }
}

/** None of a file that cannot be read: another one in its folder may. */
function namesIn(source: SchemaSource): readonly string[] {
  try {
    return codecOf(source).names
  } catch (problem) {
    if (problem instanceof SchemaProblem) return []
    throw problem
  }
}
