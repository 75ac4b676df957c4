import type { DecodeProblem, SchemaFacts, SchemaFormat } from '../../contract/formats.ts'
import type { DecodeContext } from '../formats/decoded.ts'
import type { SchemaDecoded, SchemaDecoder } from '../formats/schemas.ts'
import { codecOf, type Codec, type CodecOptions } from './codec.ts'
import { SchemaProblem } from './schemaProblem.ts'
import { isLoaded, markName, type LackingSchema, type LoadedSchema, type SchemaTable } from './schemaTable.ts'
import { framingOf, headerFramingOf, KEY_SCHEMA_HEADER, readMessageIndexes, VALUE_SCHEMA_HEADER, type Framing } from './wireFormat.ts'

/** Where the data of a record begins, and which schema its own bytes name. */
interface Marked extends Framing {
  /** Of a mark in a header: what follows it there. The data is the whole record then. */
  readonly besides: Buffer | undefined
}

/** Of a worker, which can ask nobody. */
const NOT_ASKED: LackingSchema = {
  problem: { code: 'schemaMissing', details: { what: 'It was not loaded before the search began' } },
  isUnknown: true,
}

/** Decodes with the schemas of a table, which others fill. */
export class TableDecoder implements SchemaDecoder {
  readonly #table: SchemaTable
  /** A schema is read when its first record comes; one that cannot be read is not read again. */
  readonly #codecs = new WeakMap<LoadedSchema, Codec | SchemaProblem>()

  constructor(table: SchemaTable) {
    this.#table = table
  }

  missing(bytes: Buffer, context: DecodeContext): string | undefined {
    const marked = this.#table.hasRegistry ? markedIn(bytes, context) : undefined
    if (marked !== undefined) {
      const name = markName(marked.mark)
      if (this.#table.isStale(name)) return name
      if (isLoaded(this.#table.entry(name))) return undefined
    }
    const chosen = this.#table.chosen(context.topic, context.part)
    return chosen !== undefined && this.#table.isStale(chosen) ? chosen : undefined
  }

  assigned(topic: string, part: DecodeContext['part']): boolean {
    return this.#table.chosen(topic, part) !== undefined
  }

  decode(bytes: Buffer, context: DecodeContext, wanted: SchemaFormat | null): SchemaDecoded | undefined {
    const marked = markedIn(bytes, context)
    const entry = marked && this.#table.hasRegistry ? this.#table.entry(markName(marked.mark)) : undefined
    if (marked !== undefined && isLoaded(entry)) return this.#withMark(entry, marked, context)
    const chosen = this.#table.chosen(context.topic, context.part)
    if (chosen !== undefined) return this.#withChosen(chosen, bytes, context, marked)
    if (marked === undefined || !this.#table.hasRegistry) {
      if (wanted === null) return undefined
      const id = marked !== undefined && 'id' in marked.mark ? marked.mark.id : undefined
      return failed(wanted, id === undefined ? { code: 'noSchema', details: {} } : { code: 'noRegistry', details: { id } })
    }
    const gone = entry === undefined || isLoaded(entry) ? NOT_ASKED : entry
    // Bytes that only look as if they had an id are most likely something else.
    return gone.isUnknown && wanted === null ? undefined : failed(wanted, withId(gone.problem, marked))
  }

  #withMark(entry: LoadedSchema, { data, besides }: Marked, context: DecodeContext): SchemaDecoded {
    return this.#attempt(entry, context, codec => {
      if (besides === undefined) return codec.decode(data, { isFramed: true })
      const isProtobuf = entry.source.format === 'protobuf' && besides.length > 0
      return codec.decode(data, { isFramed: false, ...(isProtobuf && { indexes: readMessageIndexes(besides).indexes }) })
    })
  }

  /** Somebody said what these records are. They may have an id in front all the same, of a registry that is not at hand. */
  #withChosen(name: string, bytes: Buffer, context: DecodeContext, marked: Marked | undefined): SchemaDecoded {
    const entry = this.#table.entry(name)
    if (!isLoaded(entry)) return failed(null, (entry ?? NOT_ASKED).problem)
    const bare: CodecOptions = { isFramed: false, message: entry.message }
    const asBare = this.#attempt(entry, context, codec => codec.decode(bytes, bare))
    if (marked === undefined || marked.besides !== undefined) return asBare
    const behindId = this.#attempt(entry, context, codec => codec.decode(marked.data, { isFramed: true, message: entry.message }))
    // Protobuf makes something of almost any bytes: where there is an id, what stands behind it is the likelier.
    return behindId.outcome === 'decoded' ? behindId : asBare
  }

  #attempt(entry: LoadedSchema, context: DecodeContext, decode: (codec: Codec) => ReturnType<Codec['decode']>): SchemaDecoded {
    const { format } = entry.source
    const codec = this.#codecFor(entry)
    if (codec instanceof SchemaProblem) {
      return { ...failed(format, { code: 'schemaMissing', details: detailsOf(entry, codec) }), schema: factsOf(entry, context, null) }
    }
    try {
      const { value, name } = decode(codec)
      return { outcome: 'decoded', format, value, schema: factsOf(entry, context, name) }
    } catch (problem) {
      if (!(problem instanceof SchemaProblem)) throw problem
      const name = codec.names.length === 1 ? codec.names[0]! : null
      return { ...failed(format, { code: 'schemaMismatch', details: detailsOf(entry, problem) }), schema: factsOf(entry, context, name) }
    }
  }

  #codecFor(entry: LoadedSchema): Codec | SchemaProblem {
    const known = this.#codecs.get(entry)
    if (known !== undefined) return known
    let codec: Codec | SchemaProblem
    try {
      codec = codecOf(entry.source)
    } catch (problem) {
      if (!(problem instanceof SchemaProblem)) throw problem
      codec = problem
    }
    this.#codecs.set(entry, codec)
    return codec
  }
}

/** The header comes first: whoever wrote one left the data as it is. */
function markedIn(bytes: Buffer, { part, headers }: DecodeContext): Marked | undefined {
  const name = part === 'key' ? KEY_SCHEMA_HEADER : VALUE_SCHEMA_HEADER
  const header = headers.findLast(({ key }) => key === name)?.value
  const inHeader = header === undefined || header === null ? undefined : headerFramingOf(header)
  if (inHeader !== undefined) return { mark: inHeader.mark, data: bytes, besides: inHeader.data }
  const inBytes = framingOf(bytes)
  return inBytes && { ...inBytes, besides: undefined }
}

/** Of the places where a schema is registered, the one of this topic, when it is among them. */
function factsOf(entry: LoadedSchema, { topic, part }: DecodeContext, name: string | null): SchemaFacts {
  const place = entry.places.find(({ subject }) => subject === `${topic}-${part}`) ?? entry.places[0]
  return {
    format: entry.source.format,
    source: entry.origin,
    name,
    id: entry.id,
    subject: place?.subject ?? null,
    version: place?.version ?? null,
  }
}

function failed(format: SchemaFormat | null, problem: DecodeProblem): SchemaDecoded & { readonly outcome: 'failed' } {
  return { outcome: 'failed', format, problem, schema: null }
}

/** The sentence that it stands in has its own full stop. */
const detailsOf = (entry: LoadedSchema, problem: SchemaProblem) => ({
  what: problem.message.replace(/\.$/, ''),
  ...(entry.id !== null && { id: entry.id }),
})

function withId(problem: DecodeProblem, { mark }: Marked): DecodeProblem {
  return { ...problem, details: { ...problem.details, ...('id' in mark ? { id: mark.id } : { guid: mark.guid }) } }
}
