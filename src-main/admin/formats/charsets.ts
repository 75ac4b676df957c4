import type { Charset } from '../../contract/formats.ts'

const UTF16_UNIT_BYTES = 2

/**
 * The text of bytes in a charset, `undefined` where they are none. Of more than `maxBytes` it is the beginning, and a character that is torn there is
 * left out.
 */
export function decodeCharset(charset: Charset, bytes: Buffer, maxBytes: number): string | undefined {
  const isCut = bytes.length > maxBytes
  const read = isCut ? bytes.subarray(0, maxBytes) : bytes
  // To the decoders of the web this is another name of windows-1252.
  if (charset === 'iso-8859-1') return read.toString('latin1')
  if (!isCut && charset.startsWith('utf-16') && bytes.length % UTF16_UNIT_BYTES !== 0) return undefined
  try {
    return new TextDecoder(charset, { fatal: true }).decode(read, { stream: isCut })
  } catch (problem) {
    if (problem instanceof TypeError) return undefined
    throw problem
  }
}

/** By its byte order mark. */
export function markedCharset(bytes: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  if (bytes.length < UTF16_UNIT_BYTES) return undefined
  const mark = bytes.readUInt16BE()
  return mark === 0xfffe ? 'utf-16le' : mark === 0xfeff ? 'utf-16be' : undefined
}

/** Whether nobody would write such a character into a text. */
export const hasControls = (text: string): boolean => /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(text)
