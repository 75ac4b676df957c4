import type { DecodeProblem, FormatId, SchemaFacts } from '../../contract/formats.ts'
import type { RecordHeader } from '../../protocol/records/record.ts'

/** Which part of which record it is that is decoded. What is not looked at may cost nothing: a getter. */
export interface DecodeContext {
  readonly topic: string
  readonly part: 'key' | 'value'
  /** The record's key: what a value means may be written there. */
  readonly key: Buffer | null
  readonly headers: readonly RecordHeader[]
}

/** What bytes hold. */
export type DecodedContent =
  /** The bytes themselves are a text in UTF-8. */
  | { readonly kind: 'utf8' }
  | { readonly kind: 'text'; readonly text: string }
  /** What JSON could have made, and bigints for integers beyond 2^53. Bytes inside are texts of `0x…`. */
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'none' }

/** What was made of the bytes of a key or a value. */
export interface Decoded {
  readonly format: FormatId
  readonly content: DecodedContent
  /** Why there is no content; or, `cut`, why not all of it. */
  readonly problem: DecodeProblem | null
  readonly schema: SchemaFacts | null
}
