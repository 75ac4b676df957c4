import type { SchemaVersion } from '../../../../src-main/contract/schemas.ts'
import { formatJson } from '../../../composables/formatJson.ts'

/** A schema's text as people read it: JSON in lines, `.proto` as it was written. */
export function prettySchema({ format, text }: Pick<SchemaVersion, 'format' | 'text'>): string {
  return format === 'protobuf' ? text.trim() : formatJson(text)
}

export const languageOf = (format: SchemaVersion['format']): 'json' | 'proto' => (format === 'protobuf' ? 'proto' : 'json')
