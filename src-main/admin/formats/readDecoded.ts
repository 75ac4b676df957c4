import type { Decoded } from './decoded.ts'
import { jsonText } from './jsonAble.ts'
import { parseJson } from '../recordPath.ts'
import { cutText, isJson } from './detect.ts'
import { problemOf } from './bounds.ts'
import { looksLikeXml, parseXml, xmlText, xmlValue } from './xml.ts'

/** What was decoded as text: structured values as JSON. Of texts that are the bytes themselves, at most `limit` bytes. Null where there is none. */
export function textOfDecoded({ content }: Decoded, bytes: Buffer, limit = Infinity): string | null {
  switch (content.kind) {
    case 'utf8':
      return cutText(bytes, limit)
    case 'text':
      return content.text
    case 'value':
      return typeof content.value === 'string' ? content.value : jsonText(content.value)
    case 'none':
      return null
  }
}

/** What paths lead into. `undefined` where there is no structure: of a text that is no JSON, of bytes that were not decoded. */
export function valueOfDecoded({ format, content }: Decoded, bytes: Buffer, parts: number): unknown {
  if (content.kind === 'value') return content.value
  if (content.kind === 'none') return undefined
  const text = content.kind === 'text' ? content.text : bytes.toString('utf8')
  return format === 'xml' || (format !== 'json' && looksLikeXml(text)) ? xmlOrNothing(text, parts) : parseJson(text)
}

/** In the text of an XML document, of which it may be the beginning. Null for all other text. */
export function structureOf(
  { format, content }: Decoded,
  text: string,
  how: { readonly parts: number; readonly isPart: boolean },
): { json: string; lines: string } | null {
  if (format !== 'xml' || content.kind === 'value') return null
  try {
    const document = parseXml(text, how)
    return { json: jsonText(xmlValue(document)), lines: xmlText(document) }
  } catch (problem) {
    problemOf(problem)
    return null
  }
}

function xmlOrNothing(text: string, parts: number): unknown {
  try {
    return xmlValue(parseXml(text, { parts }))
  } catch (problem) {
    problemOf(problem)
    return undefined
  }
}

/** Whether it unfolds: an object or an array. */
export function isTree({ format, content }: Decoded, text: string | null): boolean {
  if (content.kind === 'value') return typeof content.value === 'object' && content.value !== null
  if (content.kind === 'utf8') return format === 'json' && text !== null && /^\s*[{[]/.test(text)
  return content.kind === 'text' && isJson(content.text)
}
