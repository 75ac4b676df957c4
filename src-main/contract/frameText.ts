import type { Frame } from './channel.ts'

/** A frame as text, for transports that carry text only. Bytes become `{ "$bytes": base64 }`, `undefined` is left out. */
export function frameToText(frame: Frame): string {
  return JSON.stringify(frame, (_key, value: unknown) => (value instanceof Uint8Array ? { $bytes: toBase64(value) } : value))
}

/** The frame of a text. Throws `SyntaxError` when the text is none. */
export function frameFromText(text: string): Frame {
  const frame: unknown = JSON.parse(text, (_key, value: unknown) => (isBytes(value) ? fromBase64(value.$bytes) : value))
  if (!isFrame(frame)) throw new SyntaxError('not a frame of the bridge')
  return frame
}

const TYPES: ReadonlySet<unknown> = new Set<Frame['type']>(['ask', 'stop', 'more', 'answer', 'item', 'end', 'fail'])

function isFrame(value: unknown): value is Frame {
  return (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    Number.isSafeInteger(value.id) &&
    'type' in value &&
    TYPES.has(value.type)
  )
}

function isBytes(value: unknown): value is { $bytes: string } {
  return typeof value === 'object' && value !== null && '$bytes' in value && typeof value.$bytes === 'string'
}

// `Buffer` is not there in a browser, `Uint8Array.fromBase64` not yet in every Node this runs on.
const CHUNK = 0x8000

function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (let at = 0; at < bytes.length; at += CHUNK) binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK))
  return btoa(binary)
}

function fromBase64(text: string): Uint8Array {
  const binary = atob(text)
  const bytes = new Uint8Array(binary.length)
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index)
  return bytes
}
