import type { DecodeProblem, SchemaFacts, SchemaFormat } from '../../contract/formats.ts'
import type { DecodeContext } from './decoded.ts'

/** What a schema made of the bytes. `value` as in `DecodedContent`. */
export type SchemaDecoded =
  | { readonly outcome: 'decoded'; readonly format: SchemaFormat; readonly value: unknown; readonly schema: SchemaFacts }
  | {
      readonly outcome: 'failed'
      readonly format: SchemaFormat | null
      readonly problem: DecodeProblem
      readonly schema: SchemaFacts | null
    }

/** Decodes with the schemas it knows. Never waits, and never throws for what the bytes are. */
export interface SchemaDecoder {
  /**
   * The name of a schema that has to be loaded before these bytes can be decoded; undefined when it is here already, when it is known that it cannot
   * be had, or when nothing says that the bytes have a schema.
   */
  missing(bytes: Buffer, context: DecodeContext): string | undefined
  /** Whether somebody said that this part of the topic has a schema: then its bytes need not say so. */
  assigned(topic: string, part: 'key' | 'value'): boolean
  /**
   * `wanted` is what a person chose for this part. With null, only bytes that say by themselves that they have a schema, or of whose topic somebody
   * said so, are decoded; undefined for all others, and for those of a schema that nobody knows of.
   */
  decode(bytes: Buffer, context: DecodeContext, wanted: SchemaFormat | null): SchemaDecoded | undefined
}

/** Plain data out of which a worker makes a decoder: whatever can be sent to a thread. */
export type SchemaSnapshot = Readonly<Record<string, unknown>>

/** The schemas of one cluster. */
export interface Schemas {
  readonly decoder: SchemaDecoder
  /** Resolves once these are loaded, or known not to be had; `decoder` says then why. Never rejects. Has a deadline. */
  load(topic: string, names: ReadonlySet<string>): Promise<void>
  /** All that is known, or can be had now, about the schemas of a topic; null when there are none. */
  snapshot(topic: string): Promise<SchemaSnapshot | null>
}

/** The decoder inside a worker. */
export type OpenSnapshot = (snapshot: SchemaSnapshot) => SchemaDecoder
