import type { SchemaFacts } from '../../contract/formats.ts'
import { codecOf, type Codec } from './codec.ts'
import { parseExactJson, type PlainValue } from './plainValue.ts'
import { SchemaProblem } from './schemaProblem.ts'
import type { LoadedSchema } from './schemaTable.ts'
import { framed } from './wireFormat.ts'

/** What a value became. */
export interface Written {
  readonly bytes: Buffer
  readonly facts: SchemaFacts
  /** Rules of a JSON Schema that nobody looked at. */
  readonly unchecked: readonly string[]
}

/** Writes values with one schema, as the serializers do: with one of a registry behind its id, with one of a file bare. */
export class SchemaWriter {
  readonly #schema: LoadedSchema
  readonly #subject: string
  readonly #codec: Codec

  /** `subject`: of the places where the schema is registered, the one to be told of. Throws a `SchemaProblem` when the schema cannot be read. */
  constructor(schema: LoadedSchema, subject: string) {
    this.#schema = schema
    this.#subject = subject
    this.#codec = codecOf(schema.source)
  }

  /** `text` is JSON; throws a `SchemaProblem` at the field that does not fit. */
  write(text: string): Written {
    const { id, source, message, places, origin } = this.#schema
    const { data, name, unchecked } = this.#codec.encode(parsed(text), { isFramed: id !== null, message })
    const place = places.find(({ subject }) => subject === this.#subject) ?? places[0]
    return {
      bytes: id === null ? data : framed(id, [data]),
      facts: { format: source.format, source: origin, name, id, subject: place?.subject ?? null, version: place?.version ?? null },
      unchecked,
    }
  }
}

function parsed(text: string): PlainValue {
  try {
    return parseExactJson(text)
  } catch (problem) {
    if (!(problem instanceof SyntaxError)) throw problem
    throw new SchemaProblem('value', `This is not JSON (${problem.message})`)
  }
}
